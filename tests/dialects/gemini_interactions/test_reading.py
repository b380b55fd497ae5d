"""What an interaction says, at once and step by step."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.events import Event, Finish
from llmgw.chat.signatures import GOOGLE
from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_interactions.reading import InteractionsDecoder, read_events
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.partners.bodies import encode, sse_event

COUNTS = {
    "total_input_tokens": 9, "total_cached_tokens": 4, "total_output_tokens": 3, "total_thought_tokens": 2,
    "total_tool_use_tokens": 1, "total_tokens": 15,
}  # fmt: skip
END = b"event: done\ndata: [DONE]\n\n"
CITATION = {"type": "url_citation", "url": "https://a", "start_index": 0, "end_index": 5}
ANSWER = Answer(
    id="v1",
    model="gemini",
    parts=(
        Reasoning("Hm", "proof", issuer=GOOGLE),
        Text("Hello", citations=(CITATION,)),
        ToolUse("a", "weather", '{"city":"Rome"}'),
        ToolUse("b", "time", "{}"),
    ),
    finish=Finish.TOOL_USE,
    usage=Usage(10, 5, 4, 2),
)


def interaction(*steps: dict[str, Any], status: str = "completed", **more: Any) -> dict[str, Any]:
    return {"id": "v1", "model": "gemini", "object": "interaction", "status": status, "steps": list(steps), **more}


def event(kind: str, **more: Any) -> bytes:
    return sse_event({"event_type": kind, **more}, kind)


def delta(index: int, kind: str, **more: Any) -> bytes:
    return event("step.delta", index=index, delta={"type": kind, **more})


def decoded(*pieces: bytes) -> list[Event]:
    decoder = InteractionsDecoder()
    return [told for piece in pieces for told in decoder.read(piece)]


def text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def test_an_answer_is_read() -> None:
    body = interaction(
        {"type": "google_search_call", "id": "x", "arguments": {"queries": []}, "signature": "s"},
        {"type": "thought", "summary": [text("Hm")], "signature": "proof"},
        {"type": "model_output", "content": [text("Hello", annotations=[CITATION]), {"type": "image", "data": ""}]},
        {"type": "function_call", "id": "a", "name": "weather", "arguments": {"city": "Rome"}},
        {"type": "function_call", "id": "b", "name": "time"},
        status="requires_action",
        usage=COUNTS,
    )

    assert fold(read_events(encode(body))) == ANSWER


def test_a_stream_is_read() -> None:
    stream = [
        event("interaction.created", interaction=interaction(status="in_progress")),
        event("interaction.status_update", interaction_id="v1", status="in_progress"),
        event("step.start", index=0, step={"type": "thought"}),
        delta(0, "thought_summary", content=text("Hm")),
        delta(0, "thought_signature", signature="proof"),
        event("step.stop", index=0),
        event("step.start", index=1, step={"type": "model_output"}),
        delta(1, "text", text="Hel"),
        delta(1, "text", text="lo"),
        delta(1, "text_annotation_delta", annotations=[CITATION]),
        event("step.stop", index=1),
        event("step.start", index=2, step={"type": "function_call", "id": "a", "name": "weather", "arguments": {}}),
        delta(2, "arguments_delta", arguments='{"city":'),
        delta(2, "arguments_delta", arguments='"Rome"}'),
        event("step.stop", index=2),
        event("step.start", index=3, step={"type": "function_call", "id": "b", "name": "time", "arguments": {}}),
        event("step.stop", index=3),
        event("interaction.completed", interaction=interaction(status="requires_action", usage=COUNTS)),
        b"event: done\ndata: [DONE]\n\n",
    ]
    decoder = InteractionsDecoder()
    told = [new for piece in [b": ping\n\n", *stream] for new in decoder.read(piece)]

    assert fold(told) == ANSWER
    assert decoder.ended


@pytest.mark.parametrize(
    ("status", "finish"),
    [
        ("completed", Finish.STOP), ("incomplete", Finish.LENGTH), ("budget_exceeded", Finish.LENGTH),
        ("requires_action", Finish.TOOL_USE),
    ],
)  # fmt: skip
def test_the_end_has_its_reason(status: str, finish: Finish) -> None:
    assert fold(read_events(encode(interaction(status=status)))).finish is finish
    assert decoded(event("interaction.completed", interaction=interaction(status=status))) == [events.Finished(finish)]


@pytest.mark.parametrize("status", ["in_progress", "queued", ""])
def test_what_has_not_finished_is_no_answer(status: str) -> None:
    with pytest.raises(UpstreamProtocolError, match="has not finished"):
        read_events(encode(interaction(status=status)))

    assert decoded(event("interaction.completed", interaction=interaction(status=status))) == []


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (interaction(status="failed"), FailureClass.SERVER_ERROR),
        ({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}, FailureClass.RATE_LIMITED),
        ([], FailureClass.PROTOCOL),
    ],
)
def test_what_is_no_answer_has_its_class(body: Any, failure: FailureClass) -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        read_events(encode(body))

    assert caught.value.failure is failure


@pytest.mark.parametrize(
    "piece",
    [
        event("error", error={"code": "resource_exhausted", "message": "slow down"}),
        b"event: error\ndata: slow down\n\n",
        sse_event({"error": {"message": "slow down"}}),
        event("interaction.completed", interaction=interaction(status="failed")),
    ],
)
def test_a_stream_may_end_in_failure(piece: bytes) -> None:
    assert isinstance(decoded(piece)[-1], events.Failed)


def test_what_is_new_to_us_is_passed_over() -> None:
    told = decoded(
        event("step.start", index=0, step={"type": "google_search_call", "id": "x"}),
        delta(0, "google_search_call", arguments="{}"),
        delta(7, "arguments_delta", arguments="{}"),
        event("step.stop", index=0),
        event("interaction.new"),
    )

    assert told == []


@given(st.binary(max_size=100))
def test_whatever_comes_ends_in_events_or_the_one_error(data: bytes) -> None:
    for piece in (data, b"data: " + data, b"event: error\ndata: " + data):
        try:
            decoded(piece)
            read_events(piece)
        except UpstreamProtocolError:
            pass


def test_an_end_mark_alone_is_no_end() -> None:
    decoder = InteractionsDecoder()
    told = [decoder.read(event("step.delta", index=0, delta={"type": "text", "text": "Hel"})), decoder.read(END)]

    assert (told, decoder.ended) == ([[events.TextDelta("Hel")], []], False)
