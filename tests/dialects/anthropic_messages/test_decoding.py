"""The stream of a message as events of the hub."""

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
from llmgw.chat.signatures import ANTHROPIC
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.decoding import BLOCKS_OPEN_MAX, AnthropicDecoder
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.anthropic_messages.wire import (
    CALL,
    ERROR,
    PING,
    STOP,
    TEXT,
    closed,
    delta,
    ending,
    event,
    opened,
    start,
)
from tests.work import is_linear


def read(*stream: bytes) -> list[Event]:
    decoder = AnthropicDecoder()
    return [told for part in stream for told in decoder.read(part)]


def test_text_and_a_call() -> None:
    assert read(start(), *TEXT, *CALL, ending("tool_use"), STOP) == [
        Started("msg_1", "claude"),
        UsageTold(Usage(17, 1, 5, 0, 2)),
        TextDelta("Hello"),
        TextDelta(" you"),
        ToolStarted(0, "toolu_1", "f"),
        ToolDelta(0, '{"a": '),
        ToolDelta(0, "1}"),
        UsageTold(Usage(17, 7, 5, 0, 2)),
        Finished(Finish.TOOL_USE),
    ]


def test_it_has_ended_with_the_end_mark_and_not_before() -> None:
    decoder = AnthropicDecoder()
    decoder.read(ending())

    assert not decoder.ended
    assert decoder.read(STOP) == []
    assert decoder.ended


@pytest.mark.parametrize(
    ("given_input", "pieces", "arguments"),
    [
        ({}, [], "{}"),
        ({}, [""], "{}"),
        ({"a": 1}, [], '{"a": 1}'),
        ({"a": 1}, [""], '{"a": 1}'),
        ({}, ['{"b":', "2}"], '{"b":2}'),
    ],
)
def test_a_call_has_arguments_however_they_are_told(given_input: Any, pieces: list[str], arguments: str) -> None:
    told = read(
        opened(3, type="tool_use", id="toolu_1", name="f", input=given_input),
        *(delta(3, "input_json", partial_json=piece) for piece in pieces),
        closed(3),
    )

    assert fold(told).parts == (ToolUse("toolu_1", "f", arguments),)


def test_a_thought_its_proof_and_one_that_is_hidden() -> None:
    told = read(
        opened(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking", thinking="Hm"),
        delta(0, "signature", signature="ab"),
        delta(0, "signature", signature="c"),
        closed(0),
        opened(1, type="redacted_thinking", data="xyz"),
        closed(1),
        opened(2, type="thinking", thinking="At once", signature="d"),
        closed(2),
    )

    assert told == [
        ReasoningDelta("Hm"),
        ReasoningDelta(signature="abc", issuer=ANTHROPIC),
        ReasoningDelta(redacted="xyz", issuer=ANTHROPIC),
        ReasoningDelta("At once"),
        ReasoningDelta(signature="d", issuer=ANTHROPIC),
    ]


def test_a_citation_comes_after_its_text() -> None:
    citation = {"type": "char_location", "cited_text": "x"}
    told = read(
        opened(0, type="text", text="", citations=[]),
        delta(0, "citations", citation=citation),
        delta(0, "text", text="So"),
        closed(0),
    )

    assert told == [TextDelta("So"), Cited(citation)]


def test_the_providers_own_tools_are_passed_over() -> None:
    told = read(
        opened(0, type="server_tool_use", id="srvtoolu_1", name="web_search", input={}),
        delta(0, "input_json", partial_json='{"query":"x"}'),
        closed(0),
        opened(1, type="web_search_tool_result", tool_use_id="srvtoolu_1", content=[{"type": "web_search_result"}]),
        closed(1),
        opened(2, type="tool_use", id="toolu_1", name="f", input={}),
        closed(2),
    )

    assert told == [ToolStarted(0, "toolu_1", "f"), ToolDelta(0, "{}")]


@pytest.mark.parametrize(
    ("reason", "sequence", "finished"),
    [
        ("end_turn", None, Finished(Finish.STOP)),
        ("max_tokens", None, Finished(Finish.LENGTH)),
        ("model_context_window_exceeded", None, Finished(Finish.LENGTH)),
        ("stop_sequence", "END", Finished(Finish.STOP_SEQUENCE, "END")),
        ("refusal", None, Finished(Finish.REFUSAL)),
        ("pause_turn", None, Finished(Finish.PAUSE)),
        ("of_tomorrow", None, Finished(Finish.STOP, is_unknown=True)),
    ],
)
def test_every_end(reason: str, sequence: str | None, finished: Finished) -> None:
    assert read(ending(reason, sequence)) == [UsageTold(Usage(0, 7)), finished]


def test_an_error_amid_the_stream() -> None:
    (failed,) = read(ERROR)

    assert isinstance(failed, Failed)
    assert (failed.error.failure, failed.error.message) == (FailureClass.OVERLOADED, "Overloaded")


@pytest.mark.parametrize(
    "told",
    [
        PING,
        event("of_tomorrow"),
        event("content_block_start", index=0),
        event("content_block_delta", index=0),
        event("message_delta"),
        delta(9, "input_json", partial_json="{"),
        closed(9),
        b"data: [DONE]\n\n",
        b": nothing\n\n",
    ],
)
def test_what_says_nothing(told: bytes) -> None:
    assert read(told) == []


def test_a_start_without_a_message_is_a_start() -> None:
    assert read(event("message_start")) == [Started()]


def test_blocks_that_never_end_do_not_fill_the_memory() -> None:
    decoder = AnthropicDecoder()
    for index in range(BLOCKS_OPEN_MAX + 1):
        told = decoder.read(opened(index, type="text", text="a"))

        assert told == ([TextDelta("a")] if index < BLOCKS_OPEN_MAX else [])


def test_what_is_no_event_of_a_message() -> None:
    with pytest.raises(UpstreamProtocolError):
        read(b"data: {}\n\n")


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_arbitrary_bytes_are_events_or_a_typed_error(stream: list[bytes]) -> None:
    decoder = AnthropicDecoder()
    for data in stream:
        with suppress(UpstreamProtocolError):
            decoder.read(b"data: " + data + b"\n\n")


KINDS = st.sampled_from(["message_start", "content_block_start", "content_block_delta", "content_block_stop", "error"])
BLOCKS = ["text", "tool_use", "thinking", "redacted_thinking", "text_delta", "signature_delta", "input_json_delta"]
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "llmgw.x", *BLOCKS])
NAMES = st.sampled_from(
    [
        *("type", "index", "content_block", "delta", "message", "usage", "error", "input", "text", "id"),
        *("signature", "thinking", "data", "partial_json", "citation", "citations", "source", "cache_control"),
    ]
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=4))


@given(st.lists(st.tuples(KINDS, st.dictionaries(NAMES, VALUES, max_size=5)), max_size=6))
def test_events_of_any_shape_are_read_or_a_typed_error(stream: list[tuple[str, dict[str, Any]]]) -> None:
    decoder = AnthropicDecoder()
    for kind, fields in stream:
        with suppress(UpstreamProtocolError):
            fold(decoder.read(b"data: " + json.dumps({**fields, "type": kind}).encode() + b"\n\n"))


def test_of_a_long_stream_each_event_is_read_once() -> None:
    def work(size: int) -> None:
        pieces = [delta(1, "input_json", partial_json="1") for _ in range(size)]
        thoughts = [delta(2, "signature", signature="s") for _ in range(size)]
        read(start(), *TEXT, CALL[0], *pieces, opened(2, type="thinking"), *thoughts, closed(1), closed(2), STOP)

    assert is_linear(work)
