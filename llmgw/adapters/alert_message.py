"""What an alert says, as JSON: fields for programs, and one sentence for people.

The sentence is `text`, which is what Slack and its kin take from an incoming webhook. Values of buckets are the
callers' own, so nothing in it may be taken for a mention or a link.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from llmgw.graph.price import NANOUSD_PER_USD
from llmgw.graph.rules import Calendar
from llmgw.policy.claims import Crossed

_VALUE_CHARS_MAX = 100
_NANOUSD_PER_CENT = NANOUSD_PER_USD // 100
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ENCODER = msgspec.json.Encoder(decimal_format="number")  # amounts as they are: no float on the way


def alert_body(crossed: Crossed) -> bytes:
    """The whole body."""
    return _ENCODER.encode(_fields(crossed))


def _fields(crossed: Crossed) -> dict[str, Any]:
    scope = crossed.rule.scope
    return {
        "text": _text(crossed),
        "budget": scope.name,
        "bucket": {name: _text_of(value) for name, value in zip(scope.each, crossed.values, strict=True)},
        "used": _used(crossed),
        "limit_usd": _usd(crossed.limit_nanousd),
        "spent_usd": _usd(crossed.spent_nanousd),
        "at": crossed.at,
        "window_started": _began(crossed).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "enforce": "hard" if crossed.rule.is_hard else "shadow",
    }


def _text(crossed: Crossed) -> str:
    """As in: Budget team-month (key.team search): 80 % is used, $9,600.00 of $12,000.00 since 2026-08-01 00:00 UTC."""
    scope = crossed.rule.scope
    values = ", ".join(f"{name} {_shown(value)}" for name, value in zip(scope.each, crossed.values, strict=True))
    whose = f"{_shown(scope.name)} ({values})" if values else _shown(scope.name)
    amounts = f"{_cents(crossed.spent_nanousd)} of {_cents(crossed.limit_nanousd)}"
    return f"Budget {whose}: {int(_used(crossed) * 100)} % is used, {amounts} {_window(crossed)}.{_then(crossed)}"


def _window(crossed: Crossed) -> str:
    if isinstance(crossed.rule.window, Calendar):
        return f"since {_began(crossed):%Y-%m-%d %H:%M} UTC"
    return f"in the last {crossed.rule.window.seconds / 3600:g} hours"


def _then(crossed: Crossed) -> str:
    """What follows, once nothing is left."""
    rule = crossed.rule
    if crossed.spent_nanousd < crossed.limit_nanousd:
        return ""
    if not rule.is_hard:
        return " It is only watched: nothing is refused."
    return " Requests are refused." if rule.on_exceeded is None else f" Requests go to {_shown(rule.on_exceeded.name)}."


def _used(crossed: Crossed) -> float:
    """A fraction that is 1 only when all of it is."""
    return crossed.spent_nanousd * 10_000 // crossed.limit_nanousd / 10_000 if crossed.limit_nanousd else 1.0


def _usd(nanousd: int) -> Decimal:
    return Decimal(nanousd).scaleb(-9)


def _cents(nanousd: int) -> str:
    """To the cent, and below one as much as it takes to be told from nothing."""
    return (
        f"${_usd(nanousd):,.2f}" if nanousd >= _NANOUSD_PER_CENT or not nanousd else f"${_usd(nanousd).normalize():f}"
    )


def _began(crossed: Crossed) -> datetime:
    return datetime.fromtimestamp(crossed.slot // 1000, UTC)


def _text_of(value: str) -> str:
    """Bytes of a header that are no text come as half characters, which JSON does not know."""
    return value.encode("utf-8", "replace").decode()


def _shown(value: str) -> str:
    """A text of somebody else: on one line, not too long, and nothing but text."""
    short = value if len(value) <= _VALUE_CHARS_MAX else f"{value[: _VALUE_CHARS_MAX - 1]}…"
    return "".join(char if char.isprintable() else "?" for char in short).translate(_MARKUP) or "(none)"
