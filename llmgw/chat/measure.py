"""How many input tokens a request can be at the most, without a tokenizer.

A token of text is at least one byte of UTF-8 in every tokenizer in use, so bytes bound tokens from above. Media
are bounded by a table. The number is a bound; `chat.estimate` has how many it is about.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from llmgw.errors import InvalidRequestError

# What a provider's chat template may add around a message: role, separators, names.
MESSAGE_TOKENS_MAX = 16
# An image at the highest detail: gpt-4o-mini charges 2,833 and 5,667 for each of up to 8 tiles (OpenAI, "Vision").
IMAGE_TOKENS_MAX = 48_169
IMAGE_TOKENS_USUAL = 1600
NUMBER_TOKENS_MAX = 8

_IMAGE_TYPES = ("image_url", "input_image", "image")
_OF_MODELS = ("assistant", "model")
_DATA = ("inlineData", "inline_data", "fileData", "file_data")


# Fields of a body of which the model sees nothing. All others may become part of the prompt: tools, schemas of the
# answer, a predicted answer, and whatever a provider thinks of next.
_SETTINGS = """
model stream stream_options n seed stop user metadata store service_tier safety_identifier prompt_cache_key
max_tokens max_completion_tokens max_output_tokens temperature top_p top_k min_p frequency_penalty presence_penalty
logit_bias logprobs top_logprobs
"""
NOT_PROMPT = frozenset(_SETTINGS.split())


def input_tokens_max(messages: Any, beside: int = 0) -> int:
    """The bound for decoded `messages` (any JSON) and `beside` them as many bytes of other fields."""
    count = len(messages) if isinstance(messages, list) else 1
    return sum(map(_tokens_max, _leaves(messages))) + count * MESSAGE_TOKENS_MAX + beside


def bytes_beside(fields: Mapping[str, msgspec.Raw], turns_field: str = "messages") -> int:
    """How much of a body may reach the model beside its messages, in encoded bytes: nothing is decoded for it."""
    return sum(len(raw) for name, raw in fields.items() if name not in NOT_PROMPT and name != turns_field)


def texts_of(*names: str) -> re.Pattern[bytes]:
    """What finds the texts of these names in JSON: its one group is the text, as it is written there."""
    return re.compile(rb'"(?:%b)"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)"' % "|".join(names).encode(), re.DOTALL)


def has_images(messages: Any) -> bool:
    """Whether any part of any message is an image."""
    return any(isinstance(leaf, dict) for leaf in _leaves(messages))


def turns(raw: msgspec.Raw | None, name: str = "messages") -> list[Any]:
    """The messages of the field of that name; a plain text is what the user says. Raises as `decoded` does."""
    value = None if raw is None else decoded(raw, name)
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    return value if isinstance(value, list) else []


def decoded(raw: msgspec.Raw, name: str) -> Any:
    """Raises InvalidRequestError: a request is read no deeper than needed, until here."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"{name}: {error}", param=name) from None


def earlier(turns: list[Any]) -> list[Any]:
    """The turns that were sent before: all up to the model's last one."""
    answered = [at for at, turn in enumerate(turns) if isinstance(turn, dict) and turn.get("role") in _OF_MODELS]
    return turns[: answered[-1] + 1] if answered else []


def _leaves(value: Any) -> Iterator[Any]:
    """Every text, number and image, however deep: a list of what waits, so that no depth is too much."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict) and not _is_image(item):
            waiting.extend(item.values())
        else:
            yield item


def _is_image(item: dict[str, Any]) -> bool:
    """A part that is one, by its type or, in Google's words, by that of its data."""
    if item.get("type") in _IMAGE_TYPES:
        return True
    data = next((item[name] for name in _DATA if name in item), None)
    media_type = (data.get("mimeType") or data.get("mime_type")) if isinstance(data, dict) else None
    return isinstance(media_type, str) and media_type.startswith("image/")


def _tokens_max(leaf: Any) -> int:
    if isinstance(leaf, str):
        return len(leaf.encode("utf-8", "surrogatepass"))
    if isinstance(leaf, dict):
        return IMAGE_TOKENS_MAX
    return 0 if leaf is None else NUMBER_TOKENS_MAX
