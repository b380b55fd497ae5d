"""Usage as the Responses API counts: cached and written tokens within the input, thoughts within the output."""

from typing import Any

from llmgw.chat.openai_words import count
from llmgw.chat.usage import Usage, service_tier


def read_usage(told: Any, tier: Any = None) -> Usage | None:
    """`tier`: what the response says beside it of the service tier.

    Where more is cached than was given, the two stand beside each other.
    """
    if not isinstance(told, dict) or not ("input_tokens" in told or "output_tokens" in told):
        return None
    details, said = told.get("input_tokens_details"), told.get("output_tokens_details")
    given, cached = count(told, "input_tokens"), count(details, "cached_tokens")
    whole = given if cached <= given else given + cached
    return Usage(
        input_tokens=whole,
        output_tokens=count(told, "output_tokens"),
        cached_input_tokens=cached,
        reasoning_tokens=count(said, "reasoning_tokens"),
        cache_write_input_tokens=min(count(details, "cache_write_tokens"), whole - cached),
        audio_input_tokens=count(details, "audio_tokens"),
        audio_output_tokens=count(said, "audio_tokens"),
        image_input_tokens=count(details, "image_tokens"),
        image_output_tokens=count(said, "image_tokens"),
        service_tier=service_tier(tier),
    )


def write_usage(usage: Usage | None) -> dict[str, object] | None:
    """The SDKs want all of them."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_input_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
