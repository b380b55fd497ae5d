"""What a running server holds: the graph in force, and the few counters that every request touches.

A request takes the graph once, at its start; a reload swaps one reference, and old requests keep what they began with.
"""

from dataclasses import dataclass

from aiohttp import web

from llmgw.adapters.journal import Logger
from llmgw.config.model import Logs, ServerSection
from llmgw.gateway import Gateway
from llmgw.graph.model import Graph
from llmgw.ports import Clock
from llmgw.server.door import Door


@dataclass(slots=True)
class Running:
    """The mutable heart of the process; `server/run.py` makes it, `server/reload.py` swaps its graph."""

    graph: Graph
    gateway: Gateway
    door: Door
    settings: ServerSection
    logs: Logs
    clock: Clock
    logger: Logger
    started_at_s: float  # Unix time
    in_flight: int = 0
    draining: bool = False


RUNNING = web.AppKey("running", Running)
