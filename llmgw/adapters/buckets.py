"""The buckets of one rule, bounded in number: callers choose some of the values by which they are told apart.

Whenever one comes a few others are looked at, and those go in which nothing would be forgotten. So a table is not much
larger than what is in use, nothing ever walks through all of it while requests wait, and if it is full of buckets in
use, another one is refused.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

LOOKED_AT = 4  # for each bucket that comes: more go than come

Values = tuple[str, ...]


class Bucket(Protocol):
    def is_idle(self, now: int, /) -> bool:
        """Whether nothing would be forgotten with it."""
        ...


Kind = TypeVar("Kind", bound=Bucket)


class Buckets(Generic[Kind]):
    """By the values of the rule's `each`."""

    __slots__ = ("_by_values", "_most", "find")

    def __init__(self, most: int) -> None:
        self._by_values: OrderedDict[Values, Kind] = OrderedDict()
        self._most = most
        self.find: Callable[[Values], Kind | None] = self._by_values.get

    def open(self, values: Values, make: Callable[[Values], Kind], now: int) -> Kind | None:
        """One for values that have none yet; None: there is no room for it."""
        self._sweep(now)
        return None if len(self._by_values) >= self._most else self.add(values, make)

    def add(self, values: Values, make: Callable[[Values], Kind]) -> Kind:
        """The same, whether or not there is room."""
        bucket = self._by_values[values] = make(values)
        return bucket

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._by_values.values())

    def _sweep(self, now: int) -> None:
        """The ones in front; whoever stays goes to the end, so that all have their turn."""
        for _ in range(min(LOOKED_AT, len(self._by_values))):
            values = next(iter(self._by_values))
            if self._by_values[values].is_idle(now):
                del self._by_values[values]
            else:
                self._by_values.move_to_end(values)
