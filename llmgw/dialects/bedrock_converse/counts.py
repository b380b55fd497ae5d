"""Usage in Converse's words: input, what was read from the cache and what was put there stand beside each other."""

from typing import Any

from llmgw.chat.usage import Usage


def read_usage(told: Any) -> Usage | None:
    """None: nothing has been told. Nova, when it is invoked, has another word for what was cached."""
    if not isinstance(told, dict) or not ("inputTokens" in told or "outputTokens" in told):
        return None
    read = _count(told, "cacheReadInputTokens") or _count(told, "cacheReadInputTokenCount")
    written = _count(told, "cacheWriteInputTokens") or _count(told, "cacheWriteInputTokenCount")
    return Usage(
        input_tokens=_count(told, "inputTokens") + read + written,
        output_tokens=_count(told, "outputTokens"),
        cached_input_tokens=read,
        cache_write_input_tokens=written,
        cache_write_1h_input_tokens=_for_an_hour(told),
    )


def _for_an_hour(told: dict[str, Any]) -> int:
    details = told.get("cacheDetails")
    listed = [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    return sum(_count(one, "inputTokens") for one in listed if one.get("ttl") == "1h")


def _count(told: dict[str, Any], name: str) -> int:
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
