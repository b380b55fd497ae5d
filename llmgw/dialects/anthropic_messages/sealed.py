"""Thoughts that we have sealed are for us alone: they are taken out of a body that goes to Anthropic as it came.

They stand in what a client sends back of an answer that another provider gave. All else stays byte for byte.
"""

from collections.abc import Mapping

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.signatures import MARK, is_sealed

MESSAGES = "messages"

_MARK = MARK.encode()
_KINDS = frozenset({"thinking", "redacted_thinking"})


class _Thought(msgspec.Struct):
    type: str = ""
    signature: str | None = None
    data: str | None = None


_messages_decoder = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_blocks_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_thought_decoder = msgspec.json.Decoder(_Thought)
_encoder = msgspec.json.Encoder()


def without_sealed(fields: Mapping[str, msgspec.Raw]) -> Mapping[str, msgspec.Raw]:
    """The fields of a request. Only one that has such a mark anywhere is read. Raises InvalidRequestError."""
    raw = fields.get(MESSAGES)
    if raw is None or _MARK not in bytes(raw):
        return fields
    with reading():
        messages = [_opened(message) for message in _messages_decoder.decode(raw)]
    kept = [message for message in messages if message is not None]
    return {**fields, MESSAGES: msgspec.Raw(_encoder.encode(kept))}


def _opened(message: Mapping[str, msgspec.Raw]) -> Mapping[str, msgspec.Raw] | None:
    """None: nothing else was in it."""
    content = bytes(message.get("content", b""))
    if _MARK not in content or not content.startswith(b"["):
        return message
    blocks = _blocks_decoder.decode(content)
    kept = [block for block in blocks if not (_MARK in bytes(block) and _is_sealed(block))]
    if len(kept) == len(blocks):
        return message
    return {**message, "content": msgspec.Raw(_encoder.encode(kept))} if kept else None


def _is_sealed(block: msgspec.Raw) -> bool:
    """A text may speak of anything, our mark too."""
    try:
        thought = _thought_decoder.decode(block)
    except msgspec.ValidationError:
        return False
    return thought.type in _KINDS and is_sealed(thought.signature or thought.data or "")
