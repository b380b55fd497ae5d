"""How much room a provider says that a credential has: by its answers, and until its limits are full again.

`x-ratelimit-remaining-*` beside `x-ratelimit-limit-*` (OpenAI, Azure, Groq and others), `anthropic-ratelimit-*`. The
reset is a duration, seconds, or a moment.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from llmgw.wire.retry_after import from_duration

RESET_S = 60.0  # where the provider does not say: limits are by the minute
RESET_S_MAX = 24 * 3600.0  # what is later is no duration, but a moment in some unit
_OPENAI = "x-ratelimit-{what}-{kind}"
_ANTHROPIC = "anthropic-ratelimit-{kind}-{what}"
_KINDS = (
    *((kind, _OPENAI) for kind in ("requests", "tokens")),
    *((kind, _ANTHROPIC) for kind in ("requests", "tokens", "input-tokens", "output-tokens")),
)


class Room(NamedTuple):
    """Which part of a limit is left, from 0 to 1, and for how long that says anything."""

    left: float
    reset_s: float


def room(headers: Mapping[str, str], now_s: float) -> dict[str, Room]:
    """By what is limited; empty where nothing is told. Lower-case names; `now_s` is Unix time."""
    found: dict[str, Room] = {}
    for kind, form in _KINDS:
        remaining = _number(headers.get(form.format(what="remaining", kind=kind), ""))
        limit = _number(headers.get(form.format(what="limit", kind=kind), ""))
        if remaining is not None and limit:
            reset_s = _reset_s(headers.get(form.format(what="reset", kind=kind), ""), now_s)
            found[kind] = Room(min(remaining / limit, 1.0), reset_s)
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _reset_s(text: str, now_s: float) -> float:
    wait_s = from_duration(text)
    if wait_s is None:
        wait_s = _number(text)
    if wait_s is None:
        wait_s = _until_s(text, now_s)
    return RESET_S if wait_s is None or wait_s > RESET_S_MAX else wait_s


def _until_s(text: str, now_s: float) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now_s, 0.0)
