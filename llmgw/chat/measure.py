"""How many input tokens a request can be at the most, without a tokenizer.

A token of text is at least one byte of UTF-8 in every tokenizer in use, so bytes bound tokens from above. Media
are bounded by a table. The number is a bound, not an estimate: English text has about a quarter of it.
"""

from typing import Any

import msgspec

# What a provider's chat template may add around a message: role, separators, names.
MESSAGE_TOKENS_MAX = 16
# An image at the highest detail: gpt-4o-mini charges 2,833 and 5,667 for each of up to 8 tiles (OpenAI, "Vision").
IMAGE_TOKENS_MAX = 48_169
DEPTH_MAX = 64

_IMAGE_TYPES = frozenset({"image_url", "input_image", "image"})


def input_tokens_max(messages: Any, tools: bytes = b"") -> int:
    """The bound for decoded `messages` (any JSON) and the encoded tool definitions."""
    count = len(messages) if isinstance(messages, list) else 1
    return _tokens_max(messages, DEPTH_MAX) + count * MESSAGE_TOKENS_MAX + len(tools)


def has_images(messages: Any) -> bool:
    """Whether any part of any message is an image."""
    return _any_image(messages, DEPTH_MAX)


def decode(raw: msgspec.Raw | None) -> Any:
    """The value of one field, or None."""
    return None if raw is None else msgspec.json.decode(raw)


def _tokens_max(value: Any, depth: int) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if depth == 0:
        return len(msgspec.json.encode(value))
    if isinstance(value, list):
        return sum(_tokens_max(item, depth - 1) for item in value)
    if isinstance(value, dict):
        if value.get("type") in _IMAGE_TYPES:
            return IMAGE_TOKENS_MAX
        return sum(_tokens_max(item, depth - 1) for item in value.values())
    return 0 if value is None else 8


def _any_image(value: Any, depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(value, list):
        return any(_any_image(item, depth - 1) for item in value)
    if isinstance(value, dict):
        return value.get("type") in _IMAGE_TYPES or any(_any_image(v, depth - 1) for v in value.values())
    return False
