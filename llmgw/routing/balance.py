"""The order in which members of a pool are tried.

By weight, drawn without replacement: the draw is also the fallback order (Efraimidis and Spirakis, Weighted random
sampling with a reservoir, 2006: each member gets an exponential key with its weight as rate; the smallest is first).
"""

from collections.abc import Callable, Sequence
from math import log


def by_weight(weights: Sequence[float], draw: Callable[[], float]) -> list[int]:
    """Indexes in the order drawn. A weight of 0 is drained: it is not in the list."""
    keys = [(-log(1.0 - draw()) / weight, index) for index, weight in enumerate(weights) if weight > 0]
    return [index for _, index in sorted(keys)]
