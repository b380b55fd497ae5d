"""What only the garbage collector would free."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_in_cycles() -> Iterator[list[str]]:
    """The types of ours of what is let go meanwhile and freed by nothing but the collector."""
    left: list[str] = []
    gc.unfreeze()  # what another test has set aside
    gc.collect()
    gc.disable()
    try:
        yield left
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left += [type(each).__name__ for each in gc.garbage if type(each).__module__.startswith("llmgw")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
