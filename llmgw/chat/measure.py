"""How many input tokens a request can be at the most, without a tokenizer.

A token of text is at least one byte of UTF-8 in every tokenizer in use, so bytes bound tokens from above. Media
are bounded by a table. The number is a bound, not an estimate: English text has about a quarter of it.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.errors import InvalidRequestError

# What a provider's chat template may add around a message: role, separators, names.
MESSAGE_TOKENS_MAX = 16
# An image at the highest detail: gpt-4o-mini charges 2,833 and 5,667 for each of up to 8 tiles (OpenAI, "Vision").
IMAGE_TOKENS_MAX = 48_169
NUMBER_TOKENS_MAX = 8

_IMAGE_TYPES = ("image_url", "input_image", "image")


def input_tokens_max(messages: Any, tools: bytes = b"") -> int:
    """The bound for decoded `messages` (any JSON) and the encoded tool definitions."""
    count = len(messages) if isinstance(messages, list) else 1
    return sum(map(_tokens_max, _leaves(messages))) + count * MESSAGE_TOKENS_MAX + len(tools)


def has_images(messages: Any) -> bool:
    """Whether any part of any message is an image."""
    return any(isinstance(leaf, dict) for leaf in _leaves(messages))


def decode(raw: msgspec.Raw | None) -> Any:
    """The messages, or None. Raises InvalidRequestError: a request is read no deeper than needed, until here."""
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"messages: {error}", param="messages") from None


def _leaves(value: Any) -> Iterator[Any]:
    """Every text, number and image, however deep: a list of what waits, so that no depth is too much."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict) and item.get("type") not in _IMAGE_TYPES:
            waiting.extend(item.values())
        else:
            yield item


def _tokens_max(leaf: Any) -> int:
    if isinstance(leaf, str):
        return len(leaf.encode("utf-8", "surrogatepass"))
    if isinstance(leaf, dict):
        return IMAGE_TOKENS_MAX
    return 0 if leaf is None else NUMBER_TOKENS_MAX
