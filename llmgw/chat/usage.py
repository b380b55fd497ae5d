"""What a call used, in tokens by class, whoever counted them."""

from typing import Any

import msgspec

TOKENS_MAX = 2**53  # beyond it a number is not exact for all who read JSON, and none is true
# What providers call the service that everybody gets who asks for nothing.
_USUAL = frozenset({"", "auto", "default", "on_demand", "provisioned", "standard", "standard_only"})


class Usage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Tokens of one answer.

    `input_tokens` and `output_tokens` are all of them, the other classes are parts of these two: dialects in which
    they stand beside each other add them up when reading. What was read from the provider's cache and what was put
    there (`cache_write_1h_input_tokens` is a part of the latter) have nothing in common.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_input_tokens: int = 0
    cache_write_1h_input_tokens: int = 0  # to stay for an hour
    audio_input_tokens: int = 0
    cached_audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    image_input_tokens: int = 0
    image_output_tokens: int = 0
    service_tier: str = ""  # the one that answered, if it was not the usual one


def service_tier(told: object) -> str:
    """The name of a service tier that may have prices of its own; empty for the usual one."""
    name = told.lower() if isinstance(told, str) else ""
    return "" if name in _USUAL else name[:50]


def tokens(value: Any) -> int:
    """A number of tokens, as a provider tells it; 0 for whatever is none."""
    is_any = value and isinstance(value, int | float) and 0 < value < float("inf")  # most are 0 or absent
    return int(min(value, TOKENS_MAX)) if is_any else 0
