"""Proofs of what was thought: a reasoning item is taken back only with its `encrypted_content`, as it was issued.

OpenAI's own are kept as one text, the item's id and the proof. Those of other vendors, redacted thoughts and thoughts
without any proof bear our seal in that place: so they come back to us, and never reach OpenAI, which would refuse them.
"""

from typing import Any

import msgspec

from llmgw.chat.conversation import Reasoning
from llmgw.chat.signatures import MARK, OPENAI, is_sealed, seal, unseal

_REDACTED = "-redacted"  # behind the issuer: what is sealed is no signature
_OWN_FORMAT = "openai"  # how OpenRouter's names for such formats begin

_items_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_encode = msgspec.json.Encoder().encode


class _Item(msgspec.Struct):
    type: Any = None
    encrypted_content: Any = None


_item_decoder = msgspec.json.Decoder(_Item)


def read(id_: Any, proof: Any, text: str = "") -> Reasoning:
    """The thought of an item: a caller's, or a provider's, which may be another gateway like this one."""
    issuer, signature = unseal(proof if isinstance(proof, str) else "", OPENAI)
    if issuer.endswith(_REDACTED):
        return Reasoning(text, redacted=signature, issuer=issuer.removesuffix(_REDACTED))
    if issuer == OPENAI:
        signature = f"{id_ if isinstance(id_, str) else ''} {signature}"
    return Reasoning(text, signature, issuer=issuer)


def is_foreign(format_: Any) -> bool:
    """Whether a provider of many vendors' models says that the proof is not OpenAI's."""
    return isinstance(format_, str) and not format_.startswith(_OWN_FORMAT)


def is_own(thought: Reasoning) -> bool:
    """Whether OpenAI will take it back."""
    return thought.issuer == OPENAI and bool(thought.signature)


def item_fields(thought: Reasoning) -> dict[str, str]:
    """`encrypted_content` of the item that tells it, and the `id` if it is OpenAI's own."""
    if is_own(thought):
        id_, _, proof = thought.signature.partition(" ")
        return {**({"id": id_} if id_ else {}), "encrypted_content": proof}
    if thought.redacted:
        return {"encrypted_content": seal(thought.issuer + _REDACTED, thought.redacted, OPENAI)}
    issuer = "" if thought.issuer == OPENAI else thought.issuer
    return {"encrypted_content": seal(issuer, thought.signature, OPENAI)}


def without_sealed(turns: msgspec.Raw) -> msgspec.Raw:
    """The `input` of a request for OpenAI: thoughts that bear our seal are left out, all else is as it was."""
    if MARK.encode() not in bytes(turns) or bytes(turns).lstrip()[:1] != b"[":
        return turns
    items = [item for item in _items_decoder.decode(turns) if not _is_sealed(item)]
    return msgspec.Raw(_encode(items))


def _is_sealed(raw: msgspec.Raw) -> bool:
    if MARK.encode() not in bytes(raw) or bytes(raw).lstrip()[:1] != b"{":
        return False
    item = _item_decoder.decode(raw)
    proof = item.encrypted_content
    return item.type == "reasoning" and isinstance(proof, str) and is_sealed(proof)
