"""Those who call: a request in each dialect that the gateway takes, and the answer as the SDKs' own types read it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from anthropic.types import Message, RawMessageStreamEvent
from google.genai.types import GenerateContentResponse
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from llmgw.server.spoken import CHAT_PATHS
from tests.conformance.traffic import Recording
from tests.partners.raw_client import RawAnswer, raw_client
from tests.replay.frames import Frame, frames_of
from tests.replay.told import Told
from tests.replay.wires import FOLDS

MODEL = "m"
SAY = "Say hello"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """One dialect in front: how to ask, and what the SDK makes of each answer and event."""

    dialect: str
    path: Callable[[bool], str]
    ask: Callable[[bool], Json]
    check_answer: Callable[[Any], object]
    check_event: Callable[[Any], object]

    def read(self, answer: RawAnswer, *, stream: bool) -> Told:
        fold = FOLDS[self.dialect]
        return fold.fold(self.frames(answer)) if stream else fold.read(answer.json)

    def frames(self, answer: RawAnswer) -> list[Frame]:
        return frames_of(answer.body, "sse")

    def end_marks(self, answer: RawAnswer) -> list[bytes]:
        """What says that the stream is whole: no broken one may have it."""
        ends = {"message_stop", "response.completed", "response.incomplete"}
        return [one.raw for one in self.frames(answer) if one.is_done or (one.data or {}).get("type") in ends]

    def checked(self, answer: RawAnswer, *, stream: bool) -> None:
        """As strictly as the SDK itself would."""
        if not stream:
            self.check_answer(answer.json)
            return
        for frame in self.frames(answer):
            if frame.data is not None and "error" not in frame.data and frame.data.get("type") != "error":
                self.check_event(frame.data)

    def asking_as(self, recording: Recording) -> Json:
        """The body that was recorded with the answer, if it was."""
        stream = bool(recording["streaming"])
        sent = recording.get("request_body")
        if not isinstance(sent, dict) or recording.get("request_body_kind") != "json":
            return self.ask(stream)
        if self.dialect == "gemini_generate":
            return sent
        return {**sent, "model": MODEL}


async def call(
    url: str, caller: Caller, body: Json, *, stream: bool, headers: Mapping[str, str] | None = None
) -> RawAnswer:
    version = {"anthropic-version": "2023-06-01"} if caller.dialect == "anthropic_messages" else {}
    async with raw_client(url) as client:
        await client.post(caller.path(stream), json.dumps(body).encode(), {**version, **(headers or {})})
        return await client.read_answer()


def _openai_chat(stream: bool) -> Json:
    turns = [{"role": "user", "content": SAY}]
    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return {"model": MODEL, "messages": turns, **options}


def _openai_completions(stream: bool) -> Json:
    options = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return {"model": MODEL, "prompt": SAY, **options}


def _openai_responses(stream: bool) -> Json:
    return {"model": MODEL, "input": SAY, "store": False, "stream": stream}


def _anthropic_messages(stream: bool) -> Json:
    return {"model": MODEL, "max_tokens": 500, "messages": [{"role": "user", "content": SAY}], "stream": stream}


def _gemini_generate(_: bool) -> Json:
    return {"contents": [{"role": "user", "parts": [{"text": SAY}]}]}


def _gemini_path(stream: bool) -> str:
    return f"/v1beta/models/{MODEL}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")


def _completion_chunk(data: Json) -> object:
    """OpenAI itself sends null until the end; the SDK's type says otherwise, and nobody minds."""
    choices = [{**choice, "finish_reason": choice["finish_reason"] or "stop"} for choice in data["choices"]]
    return Completion.model_validate({**data, "choices": choices})


_anthropic_events: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
_response_events: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)

CALLERS: Mapping[str, Caller] = {
    caller.dialect: caller
    for caller in (
        Caller(
            "openai_chat",
            lambda _: "/v1/chat/completions",
            _openai_chat,
            ChatCompletion.model_validate,
            ChatCompletionChunk.model_validate,
        ),
        Caller(
            "openai_responses",
            lambda _: "/v1/responses",
            _openai_responses,
            Response.model_validate,
            _response_events.validate_python,
        ),
        Caller(
            "openai_completions",
            lambda _: "/v1/completions",
            _openai_completions,
            Completion.model_validate,
            _completion_chunk,
        ),
        Caller(
            "anthropic_messages",
            lambda _: "/v1/messages",
            _anthropic_messages,
            Message.model_validate,
            _anthropic_events.validate_python,
        ),
        Caller(
            "gemini_generate",
            _gemini_path,
            _gemini_generate,
            GenerateContentResponse.model_validate,
            GenerateContentResponse.model_validate,
        ),
    )
}


@cache
def spoken() -> tuple[Caller, ...]:
    """Those whose dialect the running gateway takes."""
    names = {dialect.name for dialect in CHAT_PATHS.values()}
    return tuple(caller for caller in CALLERS.values() if caller.dialect in names)
