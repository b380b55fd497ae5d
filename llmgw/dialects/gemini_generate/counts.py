"""Usage in Google's words: what was thought stands beside the answer, what was cached inside the prompt.

Every chunk of a stream tells all so far, but for what it leaves out: the last word of each holds.
"""

from typing import Any, TypeGuard

from llmgw.chat.usage import Usage

_NAMES = (
    "promptTokenCount",
    "toolUsePromptTokenCount",  # what Google's own tools have read: beside the prompt
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
)


class Counts:
    """The counts of one answer so far."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def take(self, told: Any) -> Usage | None:
        """All that is known now; None if nothing new has been told."""
        if not isinstance(told, dict):
            return None
        news = {name: told.get(name) for name in _NAMES}
        counts = {name: count for name, count in news.items() if _is_count(count)}
        self._counts.update(counts)
        return self._usage() if counts else None

    def _usage(self) -> Usage:
        prompt, tools, said, thought, cached = (self._counts.get(name, 0) for name in _NAMES)
        return Usage(
            input_tokens=prompt + tools,
            output_tokens=said + thought,
            cached_input_tokens=cached,
            reasoning_tokens=thought,
        )


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def write_usage(usage: Usage) -> dict[str, int]:
    """What was put into a cache is a part of the prompt, and has no name here."""
    beside = {"thoughtsTokenCount": usage.reasoning_tokens, "cachedContentTokenCount": usage.cached_input_tokens}
    return {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": max(usage.output_tokens - usage.reasoning_tokens, 0),
        **{name: count for name, count in beside.items() if count},
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
