"""The stream of a response as events of the hub, in every accent that was heard."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.events import (
    Cited,
    Failed,
    Finish,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
    UsageTold,
)
from llmgw.chat.signatures import ANTHROPIC, OPENAI
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.decoding import ITEMS_MAX, PARTS_MAX, ResponsesDecoder
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.openai_responses.wire import (
    added,
    call,
    created,
    done,
    ended,
    event,
    message,
    output_text,
    piece,
    read,
    thought,
)

CITATION = {"type": "url_citation", "url": "https://a.example", "title": "", "start_index": 0, "end_index": 1}
TOLD = UsageTold(Usage(17, 7, 5, 3, 2))
HEAD = Started("resp_1", "gpt")


def test_a_thought_a_text_and_a_call() -> None:
    assert read(
        created(),
        created(),
        added(thought()),
        piece("reasoning_summary_text", "so"),
        done(thought("so", encrypted_content="gAAA")),
        added(message(), 1),
        piece("output_text", "Hel", 1),
        piece("output_text", "lo", 1),
        done(message(output_text("Hello")), 1),
        added(call(), 2),
        piece("function_call_arguments", '{"a":', 2),
        piece("function_call_arguments", "1}", 2),
        event("response.function_call_arguments.done", output_index=2, arguments='{"a":1}'),
        done(call('{"a":1}'), 2),
        ended(),
    ) == [
        HEAD,
        ReasoningDelta("so"),
        ReasoningDelta(signature="rs_1 gAAA", issuer=OPENAI),
        TextDelta("Hel"),
        TextDelta("lo"),
        ToolStarted(0, "call_1", "f"),
        ToolDelta(0, '{"a":'),
        ToolDelta(0, "1}"),
        TOLD,
        Finished(Finish.TOOL_USE),
    ]


def test_it_has_ended_with_the_response_and_not_before() -> None:
    decoder = ResponsesDecoder()
    decoder.read(b"data: [DONE]\n\n")

    assert not decoder.ended
    assert decoder.read(ended()) == [HEAD, TOLD, Finished(Finish.STOP)]
    assert decoder.ended
    assert decoder.read(piece("output_text", "more")) == decoder.read(b"data: [DONE]\n\n") == []


@pytest.mark.parametrize(
    ("end", "finish"),
    [
        (ended("incomplete", incomplete_details={"reason": "max_output_tokens"}), Finish.LENGTH),
        (ended("incomplete", incomplete_details=None), Finish.LENGTH),
        (ended("incomplete", incomplete_details={"reason": "content_filter"}), Finish.CONTENT_FILTER),
        (event("response.done", response={"status": "completed"}), Finish.STOP),
    ],
)
def test_why_it_ended(end: bytes, finish: Finish) -> None:
    assert read(end)[-1] == Finished(finish)


def test_a_reason_or_a_status_that_we_do_not_know_is_an_end_all_the_same() -> None:
    cut = ended("incomplete", incomplete_details={"reason": "of_tomorrow"})

    assert read(cut)[-1] == Finished(Finish.LENGTH, is_unknown=True)
    assert read(event("response.done", response={"status": "of_tomorrow"}))[-1] == Finished(
        Finish.STOP, is_unknown=True
    )


# What was not said in pieces is said when it is done.


@pytest.mark.parametrize(
    "stream",
    [
        [added(call()), event("response.function_call_arguments.done", output_index=0, arguments='{"a":1}')],
        [added(call()), done(call('{"a":1}'))],
        [done(call('{"a":1}'))],
        [added(call()), done(call('{"a":1}')), done(call('{"a":1}'))],
        [ended(output=[call('{"a":1}')])],
    ],
)
def test_a_call_that_comes_whole(stream: list[bytes]) -> None:
    told = fold(read(*stream, ended()))

    assert told.parts == (ToolUse("call_1", "f", '{"a":1}'),)
    assert told.finish is Finish.TOOL_USE


@pytest.mark.parametrize(
    "stream",
    [
        [event("response.output_text.done", output_index=0, content_index=0, text="Hello")],
        [event("response.content_part.done", output_index=0, content_index=0, part=output_text("Hello"))],
        [done(message(output_text("Hello")))],
        [piece("output_text", "Hello"), done(message(output_text("Hello"))), ended(output=[message()])],
        [ended(output=[message(output_text("Hello"))])],
    ],
)
def test_a_text_that_comes_whole_or_again(stream: list[bytes]) -> None:
    assert fold(read(added(message()), *stream) if len(stream) > 1 else read(*stream)).parts == (Text("Hello"),)


def test_a_refusal() -> None:
    refused = message({"type": "refusal", "refusal": "No."})
    told = read(piece("refusal", "No."), event("response.refusal.done", refusal="No."), done(refused), ended())

    assert told == [RefusalDelta("No."), HEAD, TOLD, Finished(Finish.REFUSAL)]
    assert read(ended(output=[refused]))[-1] == Finished(Finish.REFUSAL)


def test_annotations_are_told_once() -> None:
    other = {**CITATION, "end_index": 2}
    annotation = event("response.output_text.annotation.added", output_index=0, content_index=0, annotation=CITATION)
    part = output_text("Hi", CITATION, other)
    told = read(
        piece("output_text", "Hi"),
        annotation,
        event("response.content_part.done", output_index=0, content_index=0, part=part),
        done(message(part)),
    )

    assert told == [TextDelta("Hi"), Cited(CITATION), Cited(other)]


# Thoughts.


def test_the_parts_of_a_summary_are_paragraphs() -> None:
    told = read(piece("reasoning_summary_text", "a"), piece("reasoning_summary_text", "b", place=1))

    assert fold(told).parts == fold(read(done(thought("a", "b")))).parts == (Reasoning("a\n\nb"),)


def test_who_tells_thoughts_and_their_summary_is_heard_once() -> None:
    whole = thought("short", content=[{"type": "reasoning_text", "text": "long"}])
    told = read(piece("reasoning_text", "long"), piece("reasoning_summary_text", "short"), done(whole))

    assert fold(told).parts == fold(read(done(whole))).parts == (Reasoning("long"),)


def test_ids_may_change_within_an_item() -> None:
    told = read(added(thought(id="a", encrypted_content="x")), done(thought(id="b", encrypted_content="y")))

    assert told == [ReasoningDelta(signature="b y", issuer=OPENAI)]


def test_a_proof_that_is_not_openais_is_left_out() -> None:
    assert read(done(thought("so", encrypted_content="x", format="google-gemini-v1"))) == [ReasoningDelta("so")]
    assert len(read(done(thought("so", encrypted_content="x", format="openai-responses-v1")))) == 2


def test_a_seal_of_another_gateway_is_opened() -> None:
    (told,) = read(done(thought(encrypted_content="llmgw.anthropic.sig")))

    assert told == ReasoningDelta(signature="sig", issuer=ANTHROPIC)


def test_items_may_overlap() -> None:
    told = read(
        added(thought()),
        piece("reasoning_text", "so"),
        added(message(), 1),
        piece("output_text", "4", 1),
        done(message(output_text("4")), 1),
        done(thought(content=[{"type": "reasoning_text", "text": "so"}])),
    )

    assert told == [ReasoningDelta("so"), TextDelta("4")]


# Errors.


@pytest.mark.parametrize(
    "error",
    [
        event(
            "error", sequence_number=2, error={"type": "server_error", "code": "rate_limit_exceeded", "message": "slow"}
        ),
        event("error", sequence_number=2, code="rate_limit_exceeded", message="slow", param=None),
        b'data: {"error": {"code": "rate_limit_exceeded", "message": "slow"}}\n\n',
        ended("failed", usage=None, error={"code": "rate_limit_exceeded", "message": "slow"}),
        event("response.done", response={"status": "failed", "error": {"code": 429, "message": "slow"}}),
    ],
)
def test_an_error_ends_the_stream(error: bytes) -> None:
    decoder = ResponsesDecoder()
    told = decoder.read(error)[-1]

    assert isinstance(told, Failed)
    assert (told.error.failure, told.error.message, told.error.plain) == (FailureClass.RATE_LIMITED, "slow", True)
    assert decoder.read(ended()) == []
    assert not decoder.ended


def test_what_a_failed_response_has_used_is_told() -> None:
    assert read(ended("failed", error=None))[1] == TOLD


@pytest.mark.parametrize("data", [b"{", b"[]", b'"x"', b"\xff", b"{}", b"[" * 100_000])
def test_what_is_no_event_breaks_the_dialect(data: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read(b"data: " + data + b"\n\n")


@pytest.mark.parametrize(
    "told",
    [b": comment\n\n", b"data: \n\n", b"data: [DONE]\n\n", event("keepalive"), event("response.of_tomorrow.delta")],
)
def test_what_says_nothing_is_passed_over(told: bytes) -> None:
    assert read(told) == []


def test_half_a_character_is_read_as_one_that_cannot_be_shown() -> None:
    assert read(b'data: {"type":"response.output_text.delta","delta":"\\ud83d"}\n\n') == [TextDelta("\ufffd")]


def test_items_without_end_fill_no_memory() -> None:
    decoder = ResponsesDecoder()
    for index in range(ITEMS_MAX + 5):
        decoder.read(added(message(), index))

    assert decoder.read(piece("output_text", "Hi", ITEMS_MAX + 1)) == []
    assert decoder.read(piece("output_text", "Hi", 3)) == [TextDelta("Hi")]


@given(st.binary(max_size=60))
def test_any_bytes_end_in_events_or_in_the_error_of_the_dialect(data: bytes) -> None:
    with suppress(UpstreamProtocolError):
        read(data, b"data: " + data + b"\n\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "text", "id"]), inner),
    max_leaves=4,
)
ITEM = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "reasoning", "function_call", "of_tomorrow"]) | JSON},
    optional=dict.fromkeys(
        ["content", "summary", "call_id", "name", "arguments", "encrypted_content", "format", "id"], JSON
    ),
)
FIELDS: dict[str, Any] = {
    **dict.fromkeys(["output_index", "content_index", "summary_index"], st.integers(0, 2) | JSON),
    **dict.fromkeys(["delta", "text", "refusal", "arguments", "annotation", "part", "error"], JSON),
    "item": ITEM | JSON,
    "response": st.fixed_dictionaries(
        {}, optional={"output": st.lists(ITEM, max_size=2) | JSON, "status": JSON, "error": JSON, "usage": JSON}
    ),
}
KINDS = ["output_item", "content_part", "output_text", "refusal", "reasoning_text", "function_call_arguments"]
KIND = st.builds(
    "response.{}{}".format, st.sampled_from(KINDS), st.sampled_from([".added", ".delta", ".done"])
) | st.sampled_from(["response.completed", "response.done", "response.output_text.annotation.added", "error", ""])


@given(st.lists(st.fixed_dictionaries({"type": KIND}, optional=FIELDS), max_size=6))
def test_whatever_a_provider_means_by_its_fields_it_is_read_or_refused(told: list[dict[str, Any]]) -> None:
    with suppress(UpstreamProtocolError):
        fold(read(*(b"data: " + json.dumps(one).encode() + b"\n\n" for one in told)))


def test_the_parts_of_an_item_are_bounded() -> None:
    decoder = ResponsesDecoder()
    parts = [event("response.output_text.delta", output_index=0, content_index=n, delta="x") for n in range(PARTS_MAX)]
    told = [one for part in parts for one in decoder.read(part)]

    assert len(told) == PARTS_MAX
    with pytest.raises(UpstreamProtocolError, match="over 1024 parts"):
        decoder.read(event("response.output_text.delta", output_index=0, content_index=PARTS_MAX, delta="x"))
