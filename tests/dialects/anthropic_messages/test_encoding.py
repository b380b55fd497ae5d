"""Events as the stream of a message: what is written is read as the same, in the order that Anthropic keeps."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import fold
from llmgw.chat.events import (
    Cited,
    Event,
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
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.decoding import AnthropicDecoder
from llmgw.dialects.anthropic_messages.encoding import AnthropicEncoder
from llmgw.wire import sse

CITATION = {"type": "char_location", "cited_text": "x"}
HEAD = Started("msg_1", "claude")
DONE: list[Event] = [UsageTold(Usage(17, 7, 5, 3, 2)), Finished(Finish.STOP)]


def written(told: Sequence[Event]) -> bytes:
    encoder = AnthropicEncoder("asked")
    return b"".join(encoder.write([one]) for one in told) + encoder.end()


def shapes(stream: bytes) -> list[Any]:
    """Each event in short: its type, its block and what is in it."""
    said = [json.loads(sse.parse(event).data or b"{}") for event in sse.split(stream)]
    return [(one["type"], one.get("index")) if "index" in one else one["type"] for one in said]


def read(stream: bytes) -> list[Event]:
    decoder = AnthropicDecoder()
    return [told for part in sse.split(stream) for told in decoder.read(part)]


def last(stream: bytes) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(sse.parse(sse.split(stream)[-2]).data or b"")
    return said


def test_the_order_of_a_stream() -> None:
    stream = written([HEAD, ReasoningDelta("Hm"), TextDelta("a"), TextDelta("b"), ToolStarted(0, "t", "f"), *DONE])

    assert shapes(stream) == [
        "message_start",
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_stop", 2),
        "message_delta",
        "message_stop",
    ]


def test_each_event_bears_its_name() -> None:
    stream = written([HEAD, TextDelta("a"), *DONE])

    assert all(json.loads(data or b"{}")["type"].encode() == name for name, data in map(sse.parse, sse.split(stream)))


TOLD = st.lists(
    st.builds(TextDelta, st.text(min_size=1))
    | st.builds(ReasoningDelta, st.text(min_size=1))
    | st.builds(lambda text: [ReasoningDelta(text), ReasoningDelta(signature="s")], st.text(min_size=1))
    | st.builds(lambda data: ReasoningDelta(redacted=data), st.text(min_size=1))
    | st.builds(lambda text: [TextDelta(text), Cited(CITATION)], st.text(min_size=1))
    | st.just("call"),
    max_size=8,
)


@given(TOLD, st.sampled_from(list(Finish)))
def test_what_is_written_is_read_as_the_same(told: list[Any], finish: Finish) -> None:
    news: list[Event] = [HEAD, UsageTold(Usage(17, 1, 5, 0, 2))]
    for call, one in enumerate(told):
        if one == "call":
            news += [ToolStarted(call, f"toolu_{call}", "f"), ToolDelta(call, '{"a":'), ToolDelta(call, "1}")]
        else:
            news += one if isinstance(one, list) else [one]
    again = fold(read(written([*news, *DONE[:1], Finished(finish)])))
    expected = fold([*news, *DONE[:1], Finished(finish)])

    assert expected.parts == again.parts
    assert expected.usage == again.usage


def test_what_was_known_at_the_start_is_told_at_the_start() -> None:
    stream = written([HEAD, UsageTold(Usage(17, 1, 5, 0, 2)), TextDelta("a"), *DONE])
    message = json.loads(sse.parse(sse.split(stream)[0]).data or b"")["message"]

    assert (message["id"], message["model"], message["role"]) == ("msg_1", "claude", "assistant")
    assert (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (10, 1)


def test_a_provider_that_names_nothing() -> None:
    stream = written([Started(), TextDelta("a"), Finished(Finish.STOP)])
    message = json.loads(sse.parse(sse.split(stream)[0]).data or b"")["message"]

    assert (message["id"], message["model"]) == ("msg_llmgw", "asked")


def test_an_empty_answer_is_a_whole_stream() -> None:
    stream = written([])

    assert shapes(stream) == ["message_start", "message_delta", "message_stop"]
    assert last(stream)["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}


@pytest.mark.parametrize(
    ("told", "reason", "sequence"),
    [
        ([Finished(Finish.STOP)], "end_turn", None),
        ([Finished(Finish.LENGTH)], "max_tokens", None),
        ([Finished(Finish.STOP_SEQUENCE, "END")], "stop_sequence", "END"),
        ([Finished(Finish.CONTENT_FILTER)], "refusal", None),
        ([Finished(Finish.REFUSAL)], "refusal", None),
        ([Finished(Finish.PAUSE)], "pause_turn", None),
        ([ToolStarted(0, "t", "f"), Finished(Finish.STOP)], "tool_use", None),
        ([ToolStarted(0, "t", "f")], "tool_use", None),
        ([ToolStarted(0, "t", "f"), Finished(Finish.LENGTH)], "max_tokens", None),
        ([RefusalDelta("No"), Finished(Finish.STOP)], "refusal", None),
    ],
)
def test_every_end(told: list[Event], reason: str, sequence: str | None) -> None:
    assert last(written(told))["delta"] == {"stop_reason": reason, "stop_sequence": sequence}


def test_usage_after_the_finish_is_told() -> None:
    stream = written([TextDelta("a"), Finished(Finish.STOP), UsageTold(Usage(9, 3))])

    assert (last(stream)["usage"]["input_tokens"], last(stream)["usage"]["output_tokens"]) == (9, 3)


def test_calls_that_a_provider_tells_by_turns_overlap() -> None:
    told: list[Event] = [
        ToolStarted(0, "t0", "f"),
        ToolStarted(1, "t1", "g"),
        ToolDelta(0, '{"a":'),
        ToolDelta(1, "{}"),
        ToolDelta(0, "1}"),
    ]

    assert fold(told).parts == fold(read(written(told))).parts


def test_calls_one_after_the_other_do_not_overlap() -> None:
    told: list[Event] = [ToolStarted(0, "t0", "f"), ToolDelta(0, "{}"), ToolStarted(1, "t1", "g"), ToolDelta(1, "{}")]

    assert shapes(written(told))[1:7] == [
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
    ]


def test_what_says_nothing_writes_nothing() -> None:
    error = ProviderError(None, "no")
    nothing: list[Event] = [TextDelta(""), RefusalDelta(""), ReasoningDelta(), ToolDelta(4, "{}"), Failed(error), HEAD]
    foreign = Cited({"type": "url_citation", "url_citation": {}})

    assert AnthropicEncoder("m").write([*nothing, foreign]) == b""


def test_a_citation_without_text_has_a_block_of_its_own() -> None:
    assert read(written([Cited(CITATION)]))[2:3] == [Cited(CITATION)]
