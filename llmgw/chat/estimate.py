"""About how many input tokens a request has, without a tokenizer: bytes by their kind, each kind with its weight.

Nothing is decoded, and no byte is looked at in Python: the encoded fields are translated, cut and counted at C speed,
long prompts by a sample. It is no bound (`chat.bounds` has that): conditions and limits take it, money does not. The
weights were fitted to one half of the recorded traffic; the tests measure the error on the other half.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from llmgw.chat.measure import IMAGE_TOKENS_USUAL
from llmgw.chat.request import ChatRequest

MEDIA_BYTES_PER_TOKEN = 32  # about: a page of a document, a second of sound
SAMPLE_BYTES = 8192  # of a longer prompt so much is looked at, evenly spread

# Fields beside the turns that a model reads as text, and those that it reads as a description of tools or a form.
_TEXT_FIELDS = frozenset(
    ("system", "instructions", "systemInstruction", "system_instruction", "preamble", "documents", "suffix")
)
_TOOL_FIELDS = frozenset(("tools", "functions", "toolConfig"))
_FORM_FIELDS = frozenset(("response_format", "text", "output_config", "output_format", "format"))
_EMPTY_BYTES = 4  # `[]`, `{}`, `null`, `""`

_TOKENS_PER_TOOL_BYTE = 0.18
_TOKENS_PER_FORM_BYTE = 0.19

# Small letters, JSON's marks and the further bytes of a character are left out, and what is left is mapped to kinds:
# what is missing in the end are the letters. Most words are a token with the space before them; a brace opens a turn
# or a part; of other scripts a character is counted by its first byte.
_OTHER, _CAPITAL, _BRACE, _TWO, _THREE, _FOUR = b".A{234"
_LETTER_WEIGHT, _OTHER_WEIGHT = 0.06, 0.64
_LETTER_TOKENS_MIN = 0.15  # where nothing stands between letters, words have ends all the same
_CAPITAL_MORE, _BRACE_MORE = 0.45 - _OTHER_WEIGHT, 0.96 - _OTHER_WEIGHT
# As many bytes as follow the first weigh nothing, though they are left out.
_TWO_MORE, _THREE_MORE, _FOUR_MORE = (
    weight - _OTHER_WEIGHT - further * _LETTER_WEIGHT for further, weight in ((1, 0.5), (2, 1.0), (3, 2.0))
)
_LEFT_OUT = bytes(range(ord("a"), ord("z") + 1)) + b'"}[]:,' + bytes(range(0x80, 0xC0))

# What models are not shown again: thoughts of earlier turns, and what proves them.
_UNREAD = re.compile(
    rb'"(?:thought_?[sS]ignature|signature|encrypted_content|reasoning_content|redacted_?[cC]ontent)"'
    rb'\s*:\s*"[^"\\]*(?:\\.[^"\\]*)*"',
    re.DOTALL,
)
_IMAGE = re.compile(rb'"type"\s*:\s*"(?:image_url|input_image|image)"')
_GEMINI_IMAGE = re.compile(rb'"mime_?[tT]ype"\s*:\s*"image/')
_RUN = re.compile(rb'"[A-Za-z0-9+/_=:;,.-]{256,}"')  # base64, perhaps as a `data:` address
_ESCAPED = b"\\u"
_LONG_BYTES = 256  # a proof of thoughts, or what is no text, has more
# By the field of the turns what is in all that have more than text, what finds pictures there, and what is in those
# that have a model's thoughts (the first is all that there is without parts): Google's, and what all others have.
_MARKS = {"contents": (b'ata"', _GEMINI_IMAGE, (b'ignature"',))}
_USUAL_MARKS = b'"type"', _IMAGE, (b'"reasoning', b'ignature"', b'encrypted_content"')
_json = msgspec.json.Decoder()


class _Family(NamedTuple):
    """What models of one make add to any prompt, and to one with tools; `factor`: how finely they cut text."""

    own_tokens: int
    tool_tokens: int
    factor: float = 1.0


_OTHERS = _Family(5, 60)
_FAMILIES = {
    "claude": _Family(5, 490, 1.15),
    "gpt-oss": _Family(60, 57),
    "gemini": _Family(0, 0),
    "gemma": _Family(0, 0),
    "gpt-": _Family(3, 10),
    "codex": _Family(3, 10),
    "davinci": _Family(3, 10),
    "babbage": _Family(3, 10),
    "command-": _Family(56, 950),
    "grok": _Family(155, 118),
    "llama": _Family(27, 207),
    "qwen": _Family(8, 101),
    "deepseek": _Family(3, 212),
    "stral": _Family(3, 30),
    "nova": _Family(5, 275),
}
_MAKE = re.compile("|".join(_FAMILIES))


def _table() -> bytes:
    """Byte to kind."""
    kinds = bytearray([_OTHER] * 0xC0 + [_TWO] * 0x20 + [_THREE] * 0x10 + [_FOUR] * 0x10)
    kinds[ord("{")] = _BRACE
    kinds[ord("A") : ord("Z") + 1] = bytes([_CAPITAL]) * 26
    return bytes(kinds)


_TABLE = _table()


def input_tokens(request: ChatRequest) -> int:
    """Of a request as it came: the name that was asked for may tell whose model it is."""
    return of_fields(request.fields, request.turns_field, request.model)


def of_messages(messages: list[Any], model: str) -> int:
    """Of a conversation that nobody sent."""
    return of_fields({"messages": msgspec.Raw(msgspec.json.encode(messages))}, "messages", model)


def of_fields(fields: Mapping[str, msgspec.Raw], turns_field: str, model: str) -> int:
    """Of a body's fields, for a model of that name; 0 if there is nothing to be answered."""
    text, tools, form = b"", 0, 0
    for name, raw in fields.items():
        if name == turns_field or name in _TEXT_FIELDS:
            text += bytes(raw) if len(raw) > _EMPTY_BYTES else b""
        elif name in _TOOL_FIELDS:
            tools += len(raw) if len(raw) > _EMPTY_BYTES else 0
        elif name in _FORM_FIELDS and b"chema" in bytes(raw):  # the same fields may say that there is none
            form += len(raw)
    if not text and not tools:
        return 0
    family = _family(model)
    tokens, media_tokens = _of_json(text, *_MARKS.get(turns_field, _USUAL_MARKS))
    tokens += tools * _TOKENS_PER_TOOL_BYTE + form * _TOKENS_PER_FORM_BYTE
    own_tokens = family.own_tokens + (family.tool_tokens if tools else 0)
    return int(own_tokens + tokens * family.factor + media_tokens)


def _of_json(text: bytes, mark: bytes, image: re.Pattern[bytes], thoughts: tuple[bytes, ...]) -> tuple[float, int]:
    """Of what is written, and of pictures, sounds and documents in it: see `_MARKS`."""
    if text.find(_ESCAPED, 0, SAMPLE_BYTES) >= 0:  # who writes so writes so everywhere
        text = _unescaped(text)
    has_parts, is_long = mark in text, len(text) > _LONG_BYTES
    if is_long and any(thought in text for thought in (thoughts if has_parts else thoughts[:1])):
        text = _UNREAD.sub(b"", text)
    if not has_parts:
        return of_text(text), 0
    images, runs = len(image.findall(text)), _RUN.findall(text) if is_long else []
    if not runs:
        return of_text(text), images * IMAGE_TOKENS_USUAL
    media_bytes = sum(map(len, runs)) * max(len(runs) - images, 0) // len(runs)
    return of_text(_RUN.sub(b"", text)), images * IMAGE_TOKENS_USUAL + media_bytes // MEDIA_BYTES_PER_TOKEN


def of_text(text: bytes) -> float:
    """Of text in UTF-8, or of JSON."""
    size = len(text)
    # Odd: the texts of programs repeat after even numbers of bytes.
    sample = text if size <= SAMPLE_BYTES else text[:: (size // SAMPLE_BYTES) | 1]
    kinds = sample.translate(_TABLE, _LEFT_OUT)
    others, letters = len(kinds), len(sample) - len(kinds)
    tokens = max(others * _OTHER_WEIGHT + letters * _LETTER_WEIGHT, letters * _LETTER_TOKENS_MIN)
    tokens += kinds.count(_CAPITAL) * _CAPITAL_MORE + kinds.count(_BRACE) * _BRACE_MORE
    if not sample.isascii():
        tokens += kinds.count(_TWO) * _TWO_MORE + kinds.count(_THREE) * _THREE_MORE + kinds.count(_FOUR) * _FOUR_MORE
    return tokens if sample is text else tokens * size / len(sample)


def _unescaped(text: bytes) -> bytes:
    """A character that is told by its number takes as many bytes as six letters."""
    try:
        return msgspec.json.encode(_json.decode(text))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text  # an estimate is made of anything


@lru_cache(maxsize=1024)
def _family(model: str) -> _Family:
    """By the model's name, wherever it runs."""
    found = _MAKE.search(model.lower())
    return _FAMILIES[found[0]] if found else _OTHERS
