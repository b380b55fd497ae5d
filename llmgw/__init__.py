"""llmgw: a YAML file becomes a graph; a call walks it once.

The rules of the house:

1. A request walks one straight path, forward only; it fits on one screen (`gateway.py`).
2. What can be decided at load is decided at load. A request follows references, never names.
3. The core is values: no clock, no dice, no socket, no logger below the gateway. They come in through ports.
4. One wire format, one file, both directions. Dialects know the hub, never each other.
5. The commit point is visible. Before the client has seen a byte we may try again; after it we may only end well.
6. State has an address. The graph is immutable; what changes lives in stores keyed by stable ids and outlives it.
7. Everything has a limit: body, event, attempts, queue, time. Limits are constants with units in their names.
8. Nothing runs at import. Importing any module has no effect but names.

Imports point one way: cli → server → adapters | gateway → ports → routing → graph → config → providers →
dialects → chat → wire → errors.
"""

__version__ = "0.1.0"
