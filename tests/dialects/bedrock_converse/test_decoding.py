"""The stream of Converse, event by event; whatever comes ends in events or in an error that says so."""

import contextlib
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import events
from llmgw.chat.events import Event, Finish
from llmgw.chat.signatures import ANTHROPIC
from llmgw.chat.usage import Usage
from llmgw.dialects.bedrock_converse.decoding import BLOCKS_OPEN_MAX, ConverseDecoder
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.partners.event_stream import event, exception, frame

STOPPED = event("messageStop", stopReason="end_turn")
METADATA = event("metadata", usage={"inputTokens": 1, "outputTokens": 2})


def told(*frames: bytes) -> list[Event]:
    decoder = ConverseDecoder()
    return [news for one in frames for news in decoder.read(one)]


def delta(index: int, **said: Any) -> bytes:
    return event("contentBlockDelta", contentBlockIndex=index, delta=said)


def start(index: int, **said: Any) -> bytes:
    return event("contentBlockStart", contentBlockIndex=index, start=said)


def stop(index: int) -> bytes:
    return event("contentBlockStop", contentBlockIndex=index)


def test_text_needs_no_start() -> None:
    assert told(event("messageStart", role="assistant"), delta(0, text="Hi"), delta(0, text=""), stop(0)) == [
        events.Started(),
        events.TextDelta("Hi"),
    ]


def test_calls_are_counted_whatever_the_number_of_their_block() -> None:
    call = {"toolUseId": "t", "name": "f"}

    assert told(
        start(1, toolUse=call), delta(1, toolUse={"input": ""}), delta(1, toolUse={"input": '{"a"'}), stop(1)
    ) == [events.ToolStarted(0, "t", "f"), events.ToolDelta(0, '{"a"')]
    assert told(start(0, toolUse=call), stop(0), start(4, toolUse=call), stop(4)) == [
        events.ToolStarted(0, "t", "f"),
        events.ToolDelta(0, "{}"),
        events.ToolStarted(1, "t", "f"),
        events.ToolDelta(1, "{}"),
    ]


def test_the_providers_own_tools_are_passed_over() -> None:
    own = {"toolUseId": "t", "name": "search", "type": "server_tool_use"}

    assert told(start(0, toolUse=own), delta(0, toolUse={"input": "{}"}), stop(0)) == []
    assert told(start(1, toolResult={"toolUseId": "t"}), delta(1, toolResult=[{"text": "x"}], text="x"), stop(1)) == []


@pytest.mark.parametrize("begins", [{}, {"text": ""}, {"newKind": {"x": 1}}, {"reasoningContent": {}}])
def test_a_start_that_tells_nothing_is_that_of_a_text(begins: dict[str, Any]) -> None:
    assert told(start(0, **begins), delta(0, text="Hi"), stop(0)) == [events.TextDelta("Hi")]


@pytest.mark.parametrize("kind", ["toolResult", "serverToolUse", "image"])
def test_what_is_of_a_kind_that_nobody_can_be_told_is_passed_over(kind: str) -> None:
    assert told(start(0, **{kind: {"x": 1}}), delta(0, text="Hi"), stop(0), delta(1, text="Ho")) == [
        events.TextDelta("Ho")
    ]


def test_a_signature_is_told_whole_when_its_thought_ends() -> None:
    pieces = [delta(0, reasoningContent={"signature": "si"}), delta(0, reasoningContent={"signature": "gned"})]

    assert told(delta(0, reasoningContent={"text": "Hm"}), *pieces, stop(0)) == [
        events.ReasoningDelta("Hm"),
        events.ReasoningDelta(signature="signed", issuer=ANTHROPIC),
    ]


def test_what_is_redacted_is_told_whole_too() -> None:
    pieces = [b64encode(text).decode() for text in (b"RX", b"U=")]

    assert told(*(delta(0, reasoningContent={"redactedContent": piece}) for piece in pieces), stop(0)) == [
        events.ReasoningDelta(redacted="RXU=", issuer=ANTHROPIC)
    ]


def test_citations_follow_their_text() -> None:
    place = {"documentIndex": 0, "start": 0, "end": 1}
    cited = delta(0, citation={"location": {"documentChar": place}, "title": "t"})
    news = told(cited, delta(0, text="Hi"), stop(0))

    assert [type(one) for one in news] == [events.TextDelta, events.Cited]


def test_usage_follows_the_end_and_only_then_nothing_more_comes() -> None:
    decoder = ConverseDecoder()

    assert decoder.read(STOPPED) == [events.Finished(Finish.STOP)]
    assert not decoder.ended
    assert decoder.read(METADATA) == [events.UsageTold(Usage(1, 2))]
    assert decoder.ended


def test_metadata_alone_is_no_end() -> None:
    decoder = ConverseDecoder()
    decoder.read(METADATA)

    assert not decoder.ended


def test_the_sequence_is_told_with_the_end() -> None:
    stopped = event("messageStop", stopReason="stop_sequence", additionalModelResponseFields={"stop_sequence": "X"})

    assert told(stopped) == [events.Finished(Finish.STOP_SEQUENCE, "X")]


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("throttlingException", FailureClass.RATE_LIMITED),
        ("modelStreamErrorException", FailureClass.SERVER_ERROR),
        ("modelTimeoutException", FailureClass.SERVER_ERROR),
        ("internalServerException", FailureClass.SERVER_ERROR),
        ("serviceUnavailableException", FailureClass.OVERLOADED),
        ("validationException", FailureClass.INVALID_REQUEST),
    ],
)
def test_an_exception_is_a_failure_of_its_class(name: str, failure: FailureClass) -> None:
    (failed,) = told(exception(name, "no"))

    assert isinstance(failed, events.Failed)
    assert (failed.error.failure, failed.error.message) == (failure, f"{name}: no")


def test_what_is_new_to_us_is_passed_over() -> None:
    assert told(frame({":event-type": "initial-response", ":message-type": "event"}, b"5")) == []
    assert told(delta(0, somethingNew={"text": "x"}), start(1, audio={}), delta(1, text="x"), stop(7)) == []


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"data: {}\n\n",
        frame({":event-type": "messageStop"}, b"no"),
        frame({":event-type": "contentBlockDelta"}, b'{"delta":{"text":5}}'),
        frame({":event-type": "contentBlockDelta"}, b"[" * 100_000),
    ],
)
def test_what_is_not_of_this_dialect_is_told(broken: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        told(broken)


def test_blocks_without_end_do_not_fill_memory() -> None:
    decoder = ConverseDecoder()
    for index in range(BLOCKS_OPEN_MAX + 10):
        assert decoder.read(delta(index, text="x")) == [events.TextDelta("x")]

    assert len(decoder._open) == BLOCKS_OPEN_MAX


@given(payload=st.binary(max_size=60), kind=st.sampled_from(["messageStart", "contentBlockDelta", "metadata", "x"]))
def test_any_payload_ends_in_events_or_in_an_error(payload: bytes, kind: str) -> None:
    with contextlib.suppress(UpstreamProtocolError):
        assert isinstance(told(frame({":event-type": kind}, payload)), list)


@given(data=st.binary(max_size=60))
def test_any_bytes_end_in_events_or_in_an_error(data: bytes) -> None:
    with contextlib.suppress(UpstreamProtocolError):
        assert isinstance(told(data), list)
