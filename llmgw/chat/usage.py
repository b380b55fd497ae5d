"""What a call used, in tokens by class, whoever counted them."""

from typing import Any

import msgspec

TOKENS_MAX = 2**53  # beyond it a number is not exact for all who read JSON, and none is true


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one answer.

    `cached_input_tokens` is that part of `input_tokens` which the provider read from its cache,
    `cache_write_input_tokens` that part which it put there, and `reasoning_tokens` that part of `output_tokens`
    which was thought: dialects in which they stand beside each other add them up when reading.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_input_tokens: int = 0


def tokens(value: Any) -> int:
    """A number of tokens, as a provider tells it; 0 for whatever is none."""
    is_any = isinstance(value, int | float) and 0 < value < float("inf")
    return int(min(value, TOKENS_MAX)) if is_any else 0
