"""Which price a model has: what the file says, else what the table says; also for the names behind a star.

What a model says itself wins, then what `prices` says of its target, then what it is `like`, then the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from llmgw.config import model as file
from llmgw.graph.globs import overlap
from llmgw.graph.patterns import STAR, by_precedence, closest
from llmgw.graph.price import FREE, Price, of_file, of_row
from llmgw.providers.prices import listed

REMEMBERED_MAX = 1024  # names behind one star: callers may ask for any
OF_THE_TABLE = "the table: "  # and the row
OF_PRICES = "prices."  # and the entry


@dataclass(frozen=True, slots=True)
class Label:
    """By what a model is looked up: its name in `prices`, and seller and model in the table.

    `price` is what the file says of the model itself, `said_at` where. Names may hold a star.
    """

    name: str
    seller: str  # none: the table knows nothing of its prices
    price: Price | None = None
    said_at: str = ""

    def concrete(self, star: str) -> "Label":
        return replace(self, name=self.name.replace(STAR, star)) if STAR in self.name else self


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known of a model, and where its price is from."""

    price: Price | None = None
    source: str = ""
    context_window: int | None = None


class Offers:
    """What is known of a model, or of whatever its star stands for. Remembers what it has found."""

    __slots__ = ("_labels", "_local", "_prices", "is_lasting", "of")

    def __init__(self, corrections: "Corrections", labels: tuple[Label, ...], *, local: bool = False) -> None:
        """`labels`: its own, and that of what it is like. `local`: free, if nothing else is known."""
        self._prices = corrections
        self._labels = labels
        self._local = local
        self.is_lasting = not any(STAR in label.name for label in labels)
        self.of: Callable[[str], Offer] = lru_cache(REMEMBERED_MAX)(self._of)

    def without_output(self) -> str:
        """The price, if there is one for some name, that says nothing of what the model writes: where it is from."""
        for label in self._labels:
            if label.price is not None:
                return "" if label.price.has_output else label.said_at
            if name := self._prices.without_output(label.name):
                return f"{OF_PRICES}{name}"
        return ""

    def _of(self, star: str) -> Offer:
        labels = [label.concrete(star) for label in self._labels]
        rows = [row for label in reversed(labels) if (row := listed(label.seller, label.name)) is not None]
        window = next((row.context_window for row in rows if row.context_window), None)
        for label in labels:
            if label.price is not None:
                return Offer(label.price, label.said_at, window)
            if name := self._prices.closest(label.name):
                return Offer(self._prices.of(name), f"{OF_PRICES}{name}", window)
        if rows:
            return Offer(of_row(rows[0]), f"{OF_THE_TABLE}{rows[0].name}", window)
        return Offer(FREE, "local", window) if self._local else Offer(context_window=window)


class Corrections:
    """What the file says under `prices`."""

    def __init__(self, entries: Mapping[str, file.Price | str]) -> None:
        self._prices = {name: said(entry) for name, entry in entries.items()}
        self._patterns = by_precedence(name for name in entries if STAR in name)

    def closest(self, name: str) -> str | None:
        """The entry that `provider/model` belongs to."""
        if name in self._prices:
            return name
        pattern = closest(self._patterns, name)
        return pattern[0] if pattern else None

    def without_output(self, name: str) -> str | None:
        """An entry that says nothing of it, and that the name, or one that its star may stand for, may belong to."""
        return next((at for at, price in self._prices.items() if not price.has_output and overlap(at, name)), None)

    def of(self, name: str) -> Price:
        return self._prices[name]


def said(entry: file.Price | str) -> Price:
    """What the file says; its only word is `free`."""
    return of_file(entry) if isinstance(entry, file.Price) else FREE
