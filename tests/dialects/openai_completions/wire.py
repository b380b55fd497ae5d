"""Well-formed answers and streams of Completions."""

from typing import Any

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.wire import sse
from tests.partners.bodies import encode

NO_EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


def choice(text: str = "", finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish, **more}


def completion(*choices: dict[str, Any], **more: Any) -> bytes:
    base = {"id": "cmpl-1", "object": "text_completion", "created": 7, "model": "partner-1"}
    return encode({**base, "choices": list(choices), **more})


def chunk(*choices: dict[str, Any], **more: Any) -> bytes:
    return sse.write(completion(*choices, **more))


def asked(**fields: Any) -> ChatRequest:
    return openai_completions.read_request(encode({"model": "m", "prompt": "Say hello", **fields}))


def decoded(*pieces: bytes) -> list[Event]:
    decoder = openai_completions.decoder()
    return [event for piece in pieces for event in decoder.read(piece)]


SAID: list[Event] = [
    events.Started("cmpl-1", "partner-1"),
    events.TextDelta("Hel"),
    events.TextDelta("lo"),
]
