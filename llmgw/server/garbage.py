"""The garbage collector, told what it need not look at.

Libraries, schema, catalogue and graph stay for good, and calls leave nothing in cycles: yet it would look at all of
them time and again, for tens of milliseconds in which no call gets on.
"""

import gc

# A call holds a few hundred objects: with the usual 700 a handful of calls at once would set it off all the time.
YOUNG_OBJECTS_MAX = 5_000


def set_aside() -> None:
    """Whatever there is now stays: to be called after a load. What the one before has left behind is freed."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX)
