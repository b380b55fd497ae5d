"""What only the garbage collector would free."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# What there is of each call. Whole gateways may be left by whatever ran before in this process.
OF_CALLS = frozenset(
    {
        *("Call", "ChatRequest", "Transcript", "AttemptRecord", "Asking", "Account", "Admission", "Bill", "Attempt"),
        *("HttpClient", "ForwardingRelay", "TranslatingRelay", "Preparing", "Prepared", "Itinerary", "AttemptPlan"),
        *("Visit", "Flight", "Reader", "Decision"),
    }
)


@contextmanager
def left_in_cycles() -> Iterator[list[str]]:
    """The types of what there is of a call, and is freed by nothing but the collector."""
    left: list[str] = []
    gc.unfreeze()  # what another test has set aside
    gc.collect()
    gc.disable()
    try:
        yield left
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        ours = (type(each).__name__ for each in gc.garbage if type(each).__module__.startswith("llmgw"))
        left += [name for name in ours if name in OF_CALLS]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
