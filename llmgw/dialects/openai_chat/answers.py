"""A whole answer: read from any provider, written as OpenAI would."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Json, Reasoning, Refusal, Text, ToolUse
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import write_usage
from llmgw.chat.provider_bodies import UNREADABLE, failed
from llmgw.chat.signatures import GOOGLE
from llmgw.dialects.openai_chat.calls import text_of
from llmgw.dialects.openai_chat.chunks import (
    FullChunk,
    chunk_usage,
    fully_decoded,
    is_first,
    told_error,
)
from llmgw.dialects.openai_chat.deltas import Saying
from llmgw.dialects.openai_chat.reasoning import write_reasoning
from llmgw.errors import UpstreamProtocolError

UNNAMED = "chatcmpl-llmgw"  # the id of an answer to which the provider gave none

_Kind = TypeVar("_Kind", Text, Refusal, Reasoning, ToolUse)

_FINISH_WORDS = {
    Finish.LENGTH: "length",
    Finish.TOOL_USE: "tool_calls",
    Finish.CONTENT_FILTER: "content_filter",
}


def read_events(body: bytes) -> list[Event]:
    """Raises UpstreamProtocolError if it is no answer, or an error: then with its class."""
    try:
        completion = fully_decoded(body)
        told = told_error(completion, body)
        if told is not None:
            raise failed(told)
        if not completion.choices:
            raise UpstreamProtocolError("the answer has no choices")
        return list(_events(completion))
    except UNREADABLE as error:
        raise UpstreamProtocolError(f"the answer is not a chat completion: {error}") from None


def write_answer(answer: Answer, created_s: int = 0) -> bytes:
    """The completion for a client."""
    calls = [tool_call(call) for call in _all(answer, ToolUse)]
    refusal = "".join(part.text for part in _all(answer, Refusal))
    choice = {
        "index": 0,
        "message": _message(answer, refusal, calls),
        "logprobs": None,
        "finish_reason": finish_word(answer.finish, calls=bool(calls), refused=bool(refusal)),
    }
    usage = {} if answer.usage is None else {"usage": write_usage(answer.usage)}
    return msgspec.json.encode(
        {
            "id": answer.id or UNNAMED,
            "object": "chat.completion",
            "created": created_s,
            "model": answer.model,
            "choices": [choice],
            **usage,
        }
    )


def finish_word(finish: Finish | None, *, calls: bool, refused: bool) -> str:
    """A refusal in words ends with `stop`, as at OpenAI; one without them is a filtered answer."""
    if finish is Finish.REFUSAL and not refused:
        return "content_filter"
    if finish is None and calls:
        return "tool_calls"
    return _FINISH_WORDS.get(finish, "stop") if finish else "stop"


def tool_call(call: ToolUse, *, proves: bool = True) -> dict[str, object]:
    """`proves`: with Google's signature, as its own endpoint has it."""
    is_proved = proves and call.signature and call.issuer == GOOGLE
    extra = {"extra_content": {"google": {"thought_signature": call.signature}}} if is_proved else {}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}, **extra}


def annotation(citation: Json) -> dict[str, object] | None:
    """A citation with an address, as OpenAI tells it; others have no place there."""
    told = citation if isinstance(citation, dict) else {}
    inner = told.get("url_citation")
    told = inner if isinstance(inner, dict) else told
    if not isinstance(told.get("url"), str):
        return None
    title = text_of(told.get("title"))
    start, end = (place if isinstance(place := told.get(name), int) else 0 for name in ("start_index", "end_index"))
    cited = {"url": told["url"], "title": title, "start_index": start, "end_index": end}
    return {"type": "url_citation", "url_citation": cited}


def _events(completion: FullChunk) -> Iterator[Event]:
    """An answer at once that names no reason has ended all the same."""
    saying = Saying()
    yield from saying.start(completion)
    choices = [choice for choice in completion.choices or () if is_first(choice)]
    for choice in choices:
        yield from saying.say(choice, choice.message or choice.delta)
    yield from saying.tell(chunk_usage(completion))
    for choice in choices:
        if choice.finish_reason:
            yield from saying.end(choice.finish_reason, choice.stop_reason)
    yield from saying.end()


def _message(answer: Answer, refusal: str, calls: list[dict[str, object]]) -> dict[str, object]:
    texts = _all(answer, Text)
    notes = [note for text in texts for note in map(annotation, text.citations) if note is not None]
    return {
        "role": "assistant",
        "content": "".join(text.text for text in texts) if texts else None,
        "refusal": refusal or None,
        **write_reasoning(_all(answer, Reasoning), _all(answer, ToolUse)),
        **({"tool_calls": calls} if calls else {}),
        **({"annotations": notes} if notes else {}),
    }


def _all(answer: Answer, kind: type[_Kind]) -> list[_Kind]:
    return [part for part in answer.parts if isinstance(part, kind)]
