"""Usage in Anthropic's words: input, what was read from the cache and what was put there stand beside each other.

A stream tells them twice, at its start and at its end, and either may leave some out: the last word of each holds.
"""

from typing import Any, TypeGuard

from llmgw.chat.usage import Usage, service_tier

_INPUTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class Counts:
    """The counts of one answer so far."""

    __slots__ = ("_counts", "_tier")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._tier = ""

    def take(self, told: Any) -> Usage | None:
        """All that is known now; None if nothing has been told yet, or nothing new."""
        if not isinstance(told, dict):
            return None
        inner = {
            "thinking_tokens": _inner(told, "output_tokens_details", "thinking_tokens"),
            "ephemeral_1h_input_tokens": _inner(told, "cache_creation", "ephemeral_1h_input_tokens"),
        }
        news = {name: told.get(name) for name in (*_INPUTS, "output_tokens")} | inner
        self._tier = service_tier(told.get("speed")) or service_tier(told.get("service_tier")) or self._tier
        counts = {name: count for name, count in news.items() if _is_count(count)}
        self._counts.update(counts)
        return self._usage() if counts else None

    def _usage(self) -> Usage:
        counts = self._counts
        return Usage(
            input_tokens=sum(counts.get(name, 0) for name in _INPUTS),
            output_tokens=counts.get("output_tokens", 0),
            cached_input_tokens=counts.get("cache_read_input_tokens", 0),
            reasoning_tokens=counts.get("thinking_tokens", 0),
            cache_write_input_tokens=counts.get("cache_creation_input_tokens", 0),
            cache_write_1h_input_tokens=counts.get("ephemeral_1h_input_tokens", 0),
            service_tier=self._tier,
        )


def _inner(told: dict[str, Any], name: str, count: str) -> object:
    details = told.get(name)
    return details.get(count) if isinstance(details, dict) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def write_usage(usage: Usage | None) -> dict[str, Any]:
    """The SDKs want all of them, also where nobody counted."""
    usage = usage or Usage()
    beside = usage.cached_input_tokens + usage.cache_write_input_tokens
    told: dict[str, Any] = {
        "input_tokens": max(usage.input_tokens - beside, 0),
        "cache_creation_input_tokens": usage.cache_write_input_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
    }
    if hour := usage.cache_write_1h_input_tokens:
        rest = max(usage.cache_write_input_tokens - hour, 0)
        told["cache_creation"] = {"ephemeral_5m_input_tokens": rest, "ephemeral_1h_input_tokens": hour}
    if usage.reasoning_tokens:
        told["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return told
