"""What a call used, in tokens by class, whoever counted them."""

import msgspec


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
