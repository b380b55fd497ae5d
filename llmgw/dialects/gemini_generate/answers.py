"""An answer, whole or a chunk of its stream: they have the same shape (https://ai.google.dev/api/generate-content).

Of several candidates only the first can cross to another dialect. Why it ended may be a word or its number.
"""

from collections.abc import Iterable, Iterator
from typing import Any, assert_never

import msgspec

from llmgw.chat.answer import Answer, AnswerPart
from llmgw.chat.conversation import Json, Reasoning, Refusal, Text, ToolUse
from llmgw.chat.dialect import FINISH_CONTENT_FILTER, AnswerSign
from llmgw.chat.events import Finish
from llmgw.chat.objects import in_one_line, object_of
from llmgw.chat.provider_bodies import UNREADABLE, decoded, failed
from llmgw.chat.signatures import GOOGLE
from llmgw.dialects.gemini_generate.counts import Counts, write_usage
from llmgw.dialects.gemini_generate.errors import read_error
from llmgw.dialects.gemini_generate.proofs import write_proof, write_thought_proof
from llmgw.dialects.gemini_generate.wire import Part
from llmgw.errors import UpstreamProtocolError

ID = "llmgw"  # of an answer whose provider gave none

_FILTERS = """
SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII MODEL_ARMOR
IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_RECITATION
"""
FINISHES = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    **dict.fromkeys(_FILTERS.split(), Finish.CONTENT_FILTER),
}
_BY_NUMBER = ("", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")
_REASONS = {Finish.LENGTH: "MAX_TOKENS", Finish.CONTENT_FILTER: "SAFETY", Finish.REFUSAL: "SAFETY"}


class Content(msgspec.Struct):
    """What a candidate says; there may be nothing in it."""

    parts: list[Part] | None = None


class Candidate(msgspec.Struct, rename="camel"):
    """One of the answers, or a piece of it."""

    content: Content | None = None
    finish_reason: str | int | None = None
    finish_message: str | None = None
    index: int | None = None
    grounding_metadata: Any = None

    @property
    def parts(self) -> list[Part]:
        return (self.content.parts if self.content else None) or []

    @property
    def reason(self) -> str:
        """Why it ended, in words; empty if it has not."""
        told = self.finish_reason
        if isinstance(told, int):
            return _BY_NUMBER[told] if 0 <= told < len(_BY_NUMBER) else "OTHER"
        return "" if told is None or told == "FINISH_REASON_UNSPECIFIED" else told


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | int | None = None
    block_reason_message: str | None = None


class Chunk(msgspec.Struct, rename="camel"):
    """An answer, or a piece of one; `error` is what may come instead."""

    candidates: list[Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: Any = None
    model_version: str | None = None
    response_id: str | None = None
    error: Any = None

    @property
    def is_blocked(self) -> bool:
        """The prompt was filtered: then there is no candidate at all."""
        return self.prompt_feedback is not None and bool(self.prompt_feedback.block_reason)

    @property
    def finish(self) -> str | None:
        """The first reason that was told, as the gateway knows it."""
        if self.is_blocked:
            return FINISH_CONTENT_FILTER
        reason = next((one.reason for one in self.candidates or () if one.reason), None)
        return FINISH_CONTENT_FILTER if reason and FINISHES.get(reason) is Finish.CONTENT_FILTER else reason


_decoder = msgspec.json.Decoder(Chunk)
_encoder = msgspec.json.Encoder()


def read_chunk(data: bytes) -> Chunk:
    """Raises UpstreamProtocolError if it is not of this dialect."""
    try:
        return decoded(_decoder, data)
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"not what Gemini answers: {error}") from None


def read_whole(body: bytes) -> Chunk:
    """Raises UpstreamProtocolError if this is no answer, or an error: then with its class."""
    chunk = read_chunk(body)
    if chunk.error is not None:
        raise failed(read_error(200, body))
    if not chunk.candidates and not chunk.is_blocked:
        raise UpstreamProtocolError("the answer has no candidates")
    return chunk


def read_answer(body: bytes) -> AnswerSign:
    """Raises as `read_whole` does."""
    chunk = read_whole(body)
    return AnswerSign(Counts().take(chunk.usage_metadata), chunk.finish)


def write_answer(answer: Answer) -> bytes:
    """The answer for a client."""
    writer = PartWriter()
    parts = [written for part in answer.parts for written in writer.write(part)]
    citations = [citation for part in answer.parts if isinstance(part, Text) for citation in part.citations]
    head = {"modelVersion": answer.model, "responseId": answer.id or ID}
    usage = {} if answer.usage is None else {"usageMetadata": write_usage(answer.usage)}
    ending = write_ending(answer.finish, citations, has_refusal=Refusal in map(type, answer.parts))
    return _encoder.encode({"candidates": [candidate(parts, ending)], **usage, **head})


def candidate(parts: Iterable[dict[str, Any]], ending: dict[str, Any]) -> dict[str, Any]:
    """SDKs expect a part, if only an empty one."""
    content = {"parts": list(parts) or [{"text": ""}], "role": "model"}
    return {"content": content, **ending, "index": 0}


def write_ending(finish: Finish | None, citations: Iterable[Json], *, has_refusal: bool) -> dict[str, Any]:
    """Why it ended, and where it is from. That it ended with a call is not told here."""
    usual = "SAFETY" if has_refusal else "STOP"
    chunks = [chunk for chunk in map(_grounding_chunk, citations) if chunk is not None]
    grounded = {"groundingMetadata": {"groundingChunks": chunks}} if chunks else {}
    return {"finishReason": _REASONS.get(finish, usual) if finish else usual, **grounded}


class PartWriter:
    """Parts of one answer for a client. The first call bears a proof, be it that there is none: see `seals`."""

    def __init__(self) -> None:
        self._has_call = False

    def write(self, part: AnswerPart) -> Iterator[dict[str, Any]]:
        match part:
            case Text() | Refusal():
                yield from text_part(part.text)
            case Reasoning():
                yield from thought_parts(part)
            case ToolUse():
                is_first, self._has_call = not self._has_call, True
                proof = write_proof(part.issuer, part.signature) if part.signature or is_first else ""
                signed = {"thoughtSignature": proof} if proof else {}
                args = in_one_line(object_of(part.arguments) or msgspec.Raw(b"{}"))  # the limit may have cut them short
                yield {"functionCall": {"id": part.id, "name": part.name, "args": args}, **signed}
            case _:
                assert_never(part)


def text_part(text: str) -> Iterator[dict[str, Any]]:
    if text:
        yield {"text": text}


def thought_parts(thought: Reasoning) -> Iterator[dict[str, Any]]:
    """Google's own proof stands on no thought, but on what follows it, and be it an empty text."""
    proof = write_thought_proof(thought)
    is_own = thought.issuer == GOOGLE and bool(thought.signature)
    if thought.text or (proof and not is_own):
        signed = {"thoughtSignature": proof} if proof and not is_own else {}
        yield {"text": thought.text, "thought": True, **signed}
    if is_own:
        yield {"text": "", "thoughtSignature": proof}


def read_citations(told: Any) -> list[Json]:
    """Of the pages on which an answer is grounded, those that have an address."""
    chunks = told.get("groundingChunks") if isinstance(told, dict) else None
    known = (chunk for chunk in chunks if isinstance(chunk, dict)) if isinstance(chunks, list) else ()
    named = (chunk.get("web") or chunk.get("retrievedContext") for chunk in known)
    pages = (page for page in named if isinstance(page, dict) and isinstance(page.get("uri"), str))
    return [{"url": page["uri"], "title": str(page.get("title") or "")} for page in pages]


def _grounding_chunk(citation: Json) -> dict[str, Any] | None:
    """Any citation that has an address."""
    told = citation if isinstance(citation, dict) else {}
    inner = told.get("url_citation")
    page = inner if isinstance(inner, dict) else told
    address = page.get("url")
    return {"web": {"uri": address, "title": str(page.get("title") or "")}} if isinstance(address, str) else None
