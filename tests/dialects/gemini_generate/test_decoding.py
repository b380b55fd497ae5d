"""An answer, whole or in chunks, as events of the hub."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import fold
from llmgw.chat.conversation import ToolUse
from llmgw.chat.events import (
    Cited,
    Event,
    Failed,
    Finish,
    Finished,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
    UsageTold,
)
from llmgw.chat.signatures import GOOGLE
from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_generate.decoding import GeminiDecoder, read_events
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.gemini_generate.wire import ERROR, USAGE, answer, call, chunk, event, text, thought

START = Started("r", "gemini")


def read(*stream: bytes) -> list[Event]:
    decoder = GeminiDecoder()
    told = [one for part in stream for one in decoder.read(part)]
    assert not decoder.ended
    return told


def test_text_in_pieces() -> None:
    early = {"promptTokenCount": 10, "totalTokenCount": 10}
    told = read(
        chunk(text("Hel"), usageMetadata=early), chunk(text("lo")), chunk(text(""), finish="STOP", usageMetadata=USAGE)
    )

    assert told == [
        START,
        TextDelta("Hel"),
        UsageTold(Usage(10)),
        TextDelta("lo"),
        UsageTold(Usage(10, 7, 0, 3)),
        Finished(Finish.STOP),
    ]


def test_the_same_at_once() -> None:
    assert read_events(json.dumps(answer(text("Hi"), usageMetadata=USAGE)).encode()) == [
        START,
        TextDelta("Hi"),
        UsageTold(Usage(10, 7, 0, 3)),
        Finished(Finish.STOP),
    ]


def test_calls_end_the_answer_for_their_sake() -> None:
    told = read(chunk(call("f", {"a": 1}, "sig"), call("g")), chunk(call("f", {}, id="own"), finish="STOP"))

    assert told == [
        START,
        ToolStarted(0, "", "f", "sig", GOOGLE),
        ToolDelta(0, '{"a": 1}'),
        ToolStarted(1, "", "g"),
        ToolDelta(1, "{}"),
        ToolStarted(2, "own", "f"),
        ToolDelta(2, "{}"),
        Finished(Finish.TOOL_USE),
    ]


def test_thoughts_and_proofs() -> None:
    told = read(chunk(thought("Hm"), text("So", thoughtSignature="a")), chunk(text("", thoughtSignature="b")))

    assert told == [
        START,
        ReasoningDelta("Hm"),
        ReasoningDelta(signature="a", issuer=GOOGLE),
        TextDelta("So"),
        ReasoningDelta(signature="b", issuer=GOOGLE),
    ]


def test_a_call_in_pieces() -> None:
    def piece(place: str, value: str, **more: Any) -> dict[str, Any]:
        partial = {"jsonPath": place, "stringValue": value}
        return {"functionCall": {"partialArgs": [partial], **more}}

    told = read(
        chunk(call("f", willContinue=True, signature="sig")),
        chunk(piece("$.city", "Bos", willContinue=True)),
        chunk(piece("$.city", "ton", willContinue=True)),
        chunk({"functionCall": {}}),
        chunk({"functionCall": {"name": "g", "partialArgs": [{"jsonPath": "$.n", "numberValue": 2}]}}),
        chunk(call("h", willContinue=True)),
        chunk(piece("$.x", "y", willContinue=True), finish="STOP"),
    )

    assert fold(told).parts == (
        ToolUse("", "f", '{"city":"Boston"}', "sig", GOOGLE),
        ToolUse("", "g", '{"n":2}'),
        ToolUse("", "h", '{"x":"y"}'),
    )
    assert told[-1] == Finished(Finish.TOOL_USE)


def test_a_piece_of_no_call_is_passed_over() -> None:
    assert read(chunk({"functionCall": {}})) == [START]


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("MAX_TOKENS", Finish.LENGTH),
        ("SAFETY", Finish.CONTENT_FILTER),
        ("STOP", Finish.STOP),
        (2, Finish.LENGTH),
    ],
)
def test_why_it_ended(finish: Any, expected: Finish) -> None:
    assert read(chunk(text("a"), finish=finish))[-1] == Finished(expected)


def test_a_reason_that_we_do_not_know_is_an_end_all_the_same() -> None:
    assert read(chunk(text("a"), finish="FUNCTION_CALL"))[-1] == Finished(Finish.STOP, is_unknown=True)
    assert read(chunk(text("a"), finish=99))[-1] == Finished(Finish.STOP, is_unknown=True)


def test_a_blocked_prompt_is_a_filtered_answer() -> None:
    assert read(event({"promptFeedback": {"blockReason": "OTHER"}})) == [Started(), Finished(Finish.CONTENT_FILTER)]


@pytest.mark.parametrize("said", [[], [text("Let me see")], [thought("Hm")]])
def test_a_call_that_failed_is_a_failure_whatever_was_said_before(said: list[dict[str, Any]]) -> None:
    (*_, failed) = read(chunk(*said, finish="MALFORMED_FUNCTION_CALL"))

    assert isinstance(failed, Failed)
    assert failed.error.failure is FailureClass.SERVER_ERROR


def test_an_odd_end_is_an_answer_if_something_was_said() -> None:
    assert isinstance(read(chunk(finish="OTHER"))[-1], Failed)
    assert read(chunk(text("Hm"), finish="OTHER"))[-1] == Finished(Finish.STOP, is_unknown=True)
    assert read(chunk(call("nobody"), finish="UNEXPECTED_TOOL_CALL"))[-1] == Finished(Finish.TOOL_USE, is_unknown=True)


@pytest.mark.parametrize("beside", [[], [thought("A cat, then")], [text("")]])
def test_an_answer_of_what_has_no_word_in_the_hub_is_no_empty_answer(beside: list[dict[str, Any]]) -> None:
    image = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    (*_, failed) = read(chunk(*beside, image), chunk(text(""), finish="STOP"))

    assert isinstance(failed, Failed)
    assert (failed.error.failure, "inlineData" in failed.error.message) == (FailureClass.PROTOCOL, True)
    assert read(chunk(image, text("A cat")), chunk(finish="STOP"))[-1] == Finished(Finish.STOP)


def test_only_the_first_of_several_answers_crosses() -> None:
    several = {
        "candidates": [
            {"index": 1, "content": {"parts": [text("two")]}, "finishReason": "STOP"},
            {"index": 0, "content": {"parts": [text("one")]}},
        ]
    }

    assert read(event(several)) == [Started(), TextDelta("one")]


def test_pages_that_an_answer_is_grounded_on_are_cited() -> None:
    grounds = {
        "groundingChunks": [
            {"web": {"uri": "http://a", "title": "A"}},
            {"retrievedContext": {"text": "no address"}},
            {"maps": {}},
            5,
        ]
    }
    told = {"candidates": [{"content": {"parts": [text("Hi")]}, "groundingMetadata": grounds}]}

    assert read(event(told))[1:] == [TextDelta("Hi"), Cited({"url": "http://a", "title": "A"})]
    assert read(event({"candidates": [{"groundingMetadata": {"groundingChunks": 5}}]})) == [Started()]


def test_parts_without_a_word_are_passed_over() -> None:
    assert read(chunk({"executableCode": {"code": "1"}}, {"inlineData": {"data": "AA=="}}, {"new": 1})) == [START]


@pytest.mark.parametrize("told", [event(ERROR), json.dumps(ERROR, indent=2).encode() + b"\n\n"])
def test_an_error_amid_the_stream(told: bytes) -> None:
    (failed,) = read(told)

    assert isinstance(failed, Failed)
    assert (failed.error.failure, failed.error.plain) == (FailureClass.OVERLOADED, True)


@pytest.mark.parametrize("told", [b": comment\n\n", b"data:\n\n", b"data: [DONE]\n\n", b"\n\n"])
def test_events_that_say_nothing(told: bytes) -> None:
    assert read(told) == []


@pytest.mark.parametrize("told", [b"data: {\n\n", b"data: []\n\n", b'data: {"candidates":5}\n\n', b"data: \xff\n\n"])
def test_events_of_no_such_dialect(told: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read(told)


def test_arguments_that_are_no_text() -> None:
    told = b'data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":"\xff"}}}]}}]}\n\n'
    with pytest.raises(UpstreamProtocolError):
        read(told)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["text", "parts", "content", "name", "args"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={"candidates": st.lists(_json), "usageMetadata": _json, "error": _json})
    )
)
def test_any_json_ends_in_events_or_that_error(told: list[Any]) -> None:
    for one in told:
        with suppress(UpstreamProtocolError):
            read(event(one))


@given(st.binary())
def test_any_bytes_end_in_events_or_that_error(data: bytes) -> None:
    with suppress(UpstreamProtocolError):
        read(b"data: " + data + b"\n\n", data)
    with suppress(UpstreamProtocolError):
        read_events(data)
