"""Arguments of a call that come in pieces, each with its place: `{"jsonPath": "$.to[0].name", "stringValue": "An"}`.

A text goes on where one stands already. Places are numbered one by one and names are names, so nothing grows but by
what was said.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from llmgw.dialects.gemini_generate.wire import PartialArg
from llmgw.errors import UpstreamProtocolError

DEPTH_MAX = 64
HELD_BYTES_MAX = 16 * 1024 * 1024  # about, of one call
WHOLE_MAX = 2.0**53  # beyond it a float is not exact
_PIECE_BYTES, _PLACE_BYTES = 64, 256  # what keeping one takes, beside its text
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,9})\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")


class _Text:
    """A text under way: its pieces are joined once, at the end."""

    __slots__ = ("pieces",)

    def __init__(self, piece: str) -> None:
        self.pieces = [piece]


class PartialArgs:
    """The arguments of one call so far."""

    def __init__(self) -> None:
        self._root: dict[str | int, Any] = {}
        self._held_bytes = 0

    def take(self, told: Iterable[PartialArg]) -> None:
        """Raises UpstreamProtocolError for a place that cannot be, and if there is no end of them."""
        for piece in told:
            self._put(_steps(piece.json_path), piece)

    def json(self) -> str:
        return msgspec.json.encode(_whole(self._root)).decode()

    def _put(self, steps: list[str | int], piece: PartialArg) -> None:
        """Lists are maps by number until they are whole."""
        at = self._root
        self._count(_PIECE_BYTES + len(piece.string_value or ""))
        for step in steps[:-1]:
            self._count(0 if step in at else _PLACE_BYTES + len(str(step)))
            inner = at.setdefault(step, {})
            if not isinstance(inner, dict):
                raise UpstreamProtocolError(f"an argument lies inside another: {piece.json_path[:100]}")
            at = inner
        self._count(0 if steps[-1] in at else _PLACE_BYTES + len(str(steps[-1])))
        held = at.get(steps[-1])
        if piece.string_value is None:
            at[steps[-1]] = piece.bool_value if piece.number_value is None else _number(piece.number_value)
        elif isinstance(held, _Text):
            held.pieces.append(piece.string_value)
        else:
            at[steps[-1]] = _Text(piece.string_value)

    def _count(self, size_bytes: int) -> None:
        self._held_bytes += size_bytes
        if self._held_bytes > HELD_BYTES_MAX:
            raise UpstreamProtocolError(f"the arguments of a call are over {HELD_BYTES_MAX} bytes")


def _steps(path: str) -> list[str | int]:
    """Raises UpstreamProtocolError."""
    found = list(_matches(path))
    if not found or len(found) > DEPTH_MAX:
        raise UpstreamProtocolError(f"an argument has no place: {path[:100]!r}")
    return found


def _matches(path: str) -> Iterator[str | int]:
    place = 1 if path.startswith("$") else len(path)
    while match := _STEP.match(path, place):
        place = match.end()
        name, number, single, double = match.groups()
        yield int(number) if number else next(text for text in (name, single, double) if text is not None)


def _whole(value: Any) -> Any:
    if isinstance(value, _Text):
        return "".join(value.pieces)
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_whole(value[key]) for key in sorted(value)]
    return {str(key): _whole(inner) for key, inner in value.items()}


def _number(value: float) -> float:
    """Google has one kind of number; JSON's readers have two."""
    return int(value) if value.is_integer() and abs(value) <= WHOLE_MAX else value
