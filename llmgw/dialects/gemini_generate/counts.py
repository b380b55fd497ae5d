"""Usage in Google's words: what was thought stands beside the answer, what was cached inside the prompt.

Every chunk of a stream tells all so far, but for what it leaves out: the last word of each holds.
"""

from typing import Any, TypeGuard

from llmgw.chat.usage import Usage, service_tier

_NAMES = (
    "promptTokenCount",
    "toolUsePromptTokenCount",  # what Google's own tools have read: beside the prompt
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
)


# By modality, what of the prompt, of the cache and of the answer it was: where it is told, that is told of all.
_DETAILS = {
    ("promptTokensDetails", "AUDIO"): "audio_input_tokens",
    ("promptTokensDetails", "IMAGE"): "image_input_tokens",
    ("cacheTokensDetails", "AUDIO"): "cached_audio_input_tokens",
    ("candidatesTokensDetails", "AUDIO"): "audio_output_tokens",
    ("candidatesTokensDetails", "IMAGE"): "image_output_tokens",
}


class Counts:
    """The counts of one answer so far."""

    __slots__ = ("_counts", "_details", "_tier")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._details: dict[str, int] = {}
        self._tier = ""

    def take(self, told: Any) -> Usage | None:
        """All that is known now; None if nothing new has been told."""
        if not isinstance(told, dict):
            return None
        news = {name: told.get(name) for name in _NAMES}
        counts = {name: count for name, count in news.items() if _is_count(count)}
        self._counts.update(counts)
        self._details.update(_modalities(told))
        self._tier = service_tier(told.get("serviceTier")) or self._tier
        return self._usage() if counts else None

    def _usage(self) -> Usage:
        prompt, tools, said, thought, cached = (self._counts.get(name, 0) for name in _NAMES)
        return Usage(
            input_tokens=prompt + tools,
            output_tokens=said + thought,
            cached_input_tokens=cached,
            reasoning_tokens=thought,
            service_tier=self._tier,
            **self._details,
        )


def _modalities(told: dict[str, Any]) -> dict[str, int]:
    """What was heard and seen, said and drawn."""
    found: dict[str, int] = {}
    for (part, modality), name in _DETAILS.items():
        listed = told.get(part)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("modality") == modality and _is_count(one.get("tokenCount")):
                found[name] = one["tokenCount"]
    return found


def _write_details(usage: Usage) -> dict[str, list[dict[str, object]]]:
    details: dict[str, list[dict[str, object]]] = {}
    for (part, modality), name in _DETAILS.items():
        if count := getattr(usage, name):
            details.setdefault(part, []).append({"modality": modality, "tokenCount": count})
    return details


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def write_usage(usage: Usage) -> dict[str, Any]:
    """What was put into a cache is a part of the prompt, and has no name here."""
    beside = {"thoughtsTokenCount": usage.reasoning_tokens, "cachedContentTokenCount": usage.cached_input_tokens}
    return {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": max(usage.output_tokens - usage.reasoning_tokens, 0),
        **{name: count for name, count in beside.items() if count},
        **_write_details(usage),
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
