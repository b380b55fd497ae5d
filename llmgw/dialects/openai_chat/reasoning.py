"""Thoughts, for which Chat Completions has no word: those that its speakers have found.

DeepSeek says `reasoning_content`, Groq and Ollama `reasoning`, OpenRouter both `reasoning` and `reasoning_details`
(https://openrouter.ai/docs/use-cases/reasoning-tokens), where alone signatures have a place: each with a `format`,
which says whose it is. What bears the id of a tool call is that call's.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from llmgw.chat.conversation import Reasoning, ToolUse
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI

FORMATS: Mapping[str, str] = {
    ANTHROPIC: "anthropic-claude-v1",
    GOOGLE: "google-gemini-v1",
    OPENAI: "openai-responses-v1",
}
_ISSUERS = {format_: issuer for issuer, format_ in FORMATS.items()} | {"unknown": ""}
# Who made a model is in its name, and only his signatures are of use to it.
_MAKERS = (("claude", ANTHROPIC), ("anthropic/", ANTHROPIC), ("gemini", GOOGLE), ("openai/", OPENAI), ("gpt-", OPENAI))
DETAILS = "reasoning_details"
_ENCRYPTED, _TEXT, _SUMMARY = "reasoning.encrypted", "reasoning.text", "reasoning.summary"
_ITEM_ID = "rs_"  # how the ids of OpenAI's reasoning items begin: they belong to the proof

Proof = tuple[str, str]  # a signature and its issuer


def issuer_of(model: str) -> str:
    """Whose signatures a model can use; empty where its name does not say."""
    return next((issuer for part, issuer in _MAKERS if part in model), "")


# Read.


def read_reasoning(told: Any) -> Iterator[Reasoning]:
    """Of a message or a delta: the details if they say something, else the plain text."""
    text = _text(told.reasoning_content) or _text(told.reasoning)
    calls = _call_ids(told)
    details = [detail for detail in _dicts(told.reasoning_details) if _text(detail.get("id")) not in calls]
    thoughts = list(_paired(_merged(details)))
    if text and not any(thought.text for thought in thoughts):
        thoughts = _with_text(thoughts, text)
    yield from thoughts


def call_proofs(told: Any) -> dict[str, Proof]:
    """What is signed of the calls in this message or delta, by their ids."""
    calls = _call_ids(told)
    details = [detail for detail in _dicts(told.reasoning_details) if _text(detail.get("id")) in calls]
    return {
        detail["id"]: (_text(detail.get("data")), _issuer(detail)) for detail in details if _text(detail.get("data"))
    }


def _call_ids(told: Any) -> set[str]:
    return {call["id"] for call in _dicts(told.tool_calls) if isinstance(call.get("id"), str) and call["id"]}


def _merged(details: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Pieces of the same index are one, for clients that keep them as they came in the stream."""
    for (index, kind), pieces in groupby(details, key=lambda detail: (detail.get("index"), detail.get("type"))):
        together = list(pieces)
        if index is None or kind not in (_TEXT, _SUMMARY) or len(together) == 1:
            yield from together
            continue
        whole = {name: value for piece in together for name, value in piece.items() if value is not None}
        name = "text" if kind == _TEXT else "summary"
        yield {**whole, name: "".join(_text(piece.get(name)) for piece in together)}


def _paired(details: Iterator[dict[str, Any]]) -> Iterator[Reasoning]:
    """But for Anthropic, who redacts whole thoughts, what is encrypted proves the text before it, if there is any."""
    last: tuple[Any, Reasoning] | None = None
    for detail in details:
        thought = _thought(detail)
        if thought is None:
            continue
        if last is not None and _proves(detail, thought, *last):
            yield msgspec.structs.replace(last[1], signature=thought.signature, issuer=thought.issuer)
            last = None
            continue
        if last is not None:
            yield last[1]
        last = (detail.get("index"), thought)
    if last is not None:
        yield last[1]


def _proves(detail: dict[str, Any], proof: Reasoning, index: Any, thought: Reasoning) -> bool:
    is_proof = detail.get("type") == _ENCRYPTED and bool(proof.signature)
    is_open = bool(thought.text) and not thought.signature and thought.issuer in ("", proof.issuer)
    return is_proof and is_open and detail.get("index") == index


def _thought(detail: dict[str, Any]) -> Reasoning | None:
    issuer, text = _issuer(detail), _text(detail.get("text")) or _text(detail.get("summary"))
    data, signature = _text(detail.get("data")), _text(detail.get("signature"))
    if not issuer:
        return Reasoning(text) if text else None
    if data:
        return Reasoning(redacted=data, issuer=issuer) if issuer == ANTHROPIC else _proof(detail, data, issuer)
    return Reasoning(text, signature, issuer=issuer) if text or signature else None


def _proof(detail: dict[str, Any], data: str, issuer: str) -> Reasoning:
    id_ = _text(detail.get("id"))
    return Reasoning(signature=f"{id_} {data}" if id_.startswith(_ITEM_ID) else data, issuer=issuer)


def _issuer(detail: dict[str, Any]) -> str:
    """A format that we do not know is an issuer of its own: what it signs goes back to its like only."""
    format_ = _text(detail.get("format"))
    return _ISSUERS.get(format_, format_)


def _with_text(details: list[Reasoning], text: str) -> list[Reasoning]:
    """A client may keep the text in one place and the signature in the other: one thought all the same."""
    for place, thought in enumerate(details):
        if thought.signature:
            signed = Reasoning(text, thought.signature, issuer=thought.issuer)
            return [*details[:place], signed, *details[place + 1 :]]
    return [Reasoning(text), *details]


# Write.


def write_reasoning(thoughts: Sequence[Reasoning], calls: Sequence[ToolUse] = ()) -> dict[str, object]:
    """The fields of a message: the text, as most tell it, and the details, as OpenRouter has them."""
    details = [detail for index, thought in enumerate(thoughts) for detail in write_details(thought, index)]
    details += write_call_proofs(calls)
    text = "\n\n".join(thought.text for thought in thoughts if thought.text)
    return {
        **({"reasoning_content": text} if text else {}),
        **({"reasoning_details": details} if details else {}),
    }


def write_details(thought: Reasoning, index: int) -> Iterator[dict[str, object]]:
    """One thought, or a piece of it: those of the same index belong together."""
    marks = _marks(thought.issuer, index)
    if thought.issuer in (ANTHROPIC, ""):
        if thought.text or thought.signature:
            yield {"type": _TEXT, **_said(text=thought.text, signature=thought.signature), **marks}
        if thought.redacted:
            yield {"type": _ENCRYPTED, "data": thought.redacted, **marks}
        return
    if thought.text:
        is_summary = thought.issuer == OPENAI
        told = {"type": _SUMMARY, "summary": thought.text} if is_summary else {"type": _TEXT, "text": thought.text}
        yield {**told, **marks}
    proof = thought.signature or thought.redacted
    if proof:
        id_, _, data = proof.rpartition(" ") if proof.startswith(_ITEM_ID) else ("", "", proof)
        yield {"type": _ENCRYPTED, **_said(id=id_, data=data), **marks}


def write_call_proofs(calls: Sequence[ToolUse], *, googles: bool = False) -> Iterator[dict[str, object]]:
    """What proves a call; with `googles` Google's too, which has a place on the call where Google itself is asked."""
    for call in calls:
        if call.signature and (googles or call.issuer != GOOGLE):
            yield {"type": _ENCRYPTED, "data": call.signature, "id": call.id, **_marks(call.issuer, None)}


def _marks(issuer: str, index: int | None) -> dict[str, object]:
    format_: dict[str, object] = {"format": FORMATS.get(issuer, issuer)} if issuer else {}
    return format_ if index is None else {**format_, "index": index}


def _said(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
