"""Thoughts, for which Chat Completions has no word: those that its speakers have found.

DeepSeek says `reasoning_content`, Groq and Ollama `reasoning`, OpenRouter both `reasoning` and `reasoning_details`,
where alone signatures have a place. A signature counts only where its format says whose it is.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from llmgw.chat.conversation import Reasoning
from llmgw.chat.signatures import ANTHROPIC

FORMAT = "anthropic-claude-v1"


def read_reasoning(told: Any) -> Iterator[Reasoning]:
    """Of a message or a delta: the details if they say something, else the plain text."""
    text = _text(told.reasoning_content) or _text(told.reasoning)
    details = [thought for detail in _merged(_dicts(told.reasoning_details)) for thought in _thoughts(detail)]
    if text and not any(thought.text for thought in details):
        details = _with_text(details, text)
    yield from details


def write_reasoning(thoughts: list[Reasoning]) -> dict[str, object]:
    """The fields of a message, as OpenRouter has them."""
    if not thoughts:
        return {}
    details = [write_detail(thought, index) for index, thought in enumerate(thoughts)]
    text = "\n\n".join(thought.text for thought in thoughts if thought.text)
    return {"reasoning_content": text, "reasoning_details": details}


def write_detail(thought: Reasoning, index: int) -> dict[str, object]:
    """One of `reasoning_details`, or a piece of it: those of the same index belong together."""
    if thought.redacted:
        return {"type": "reasoning.encrypted", "data": thought.redacted, "format": FORMAT, "index": index}
    text = {"text": thought.text} if thought.text or not thought.signature else {}
    signature = {"signature": thought.signature} if thought.signature else {}
    return {"type": "reasoning.text", **text, **signature, "format": FORMAT, "index": index}


def _merged(details: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Pieces of the same index are one, for clients that keep them as they came in the stream."""
    for (index, kind), pieces in groupby(details, key=lambda detail: (detail.get("index"), detail.get("type"))):
        together = list(pieces)
        if index is None or kind != "reasoning.text" or len(together) == 1:
            yield from together
            continue
        whole = {name: value for piece in together for name, value in piece.items() if value is not None}
        yield {**whole, "text": "".join(_text(piece.get("text")) for piece in together)}


def _thoughts(detail: dict[str, Any]) -> Iterator[Reasoning]:
    text = _text(detail.get("text")) or _text(detail.get("summary"))
    is_signed = _text(detail.get("format")).startswith("anthropic-")
    signature = _text(detail.get("signature")) if is_signed else ""
    redacted = _text(detail.get("data")) if is_signed else ""
    if redacted:
        yield Reasoning(redacted=redacted, issuer=ANTHROPIC)
    elif text or signature:
        yield Reasoning(text, signature, issuer=ANTHROPIC if is_signed else "")


def _with_text(details: list[Reasoning], text: str) -> list[Reasoning]:
    """A client may keep the text in one place and the signature in the other: one thought all the same."""
    for place, thought in enumerate(details):
        if thought.signature:
            signed = Reasoning(text, thought.signature, issuer=thought.issuer)
            return [*details[:place], signed, *details[place + 1 :]]
    return [Reasoning(text), *details]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
