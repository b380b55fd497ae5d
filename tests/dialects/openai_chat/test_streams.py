"""Streams: decoded from any provider, encoded as OpenAI would."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import events
from llmgw.chat.answer import fold
from llmgw.chat.events import Event, Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.request import ChatRequest
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.streams import StreamDecoder, StreamEncoder
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.wire import sse
from tests.partners.bodies import ANSWER_ID, DONE, MODEL, ToolCall, chat_events, sse_event
from tests.work import is_linear

USED = {"prompt_tokens": 9, "completion_tokens": 3}
STARTED = events.Started(ANSWER_ID, MODEL)
STOP = events.Finished(Finish.STOP)
NAMES = ["content", "reasoning", "reasoning_details", "tool_calls", "function", "name", "arguments", "id", "index",
         "text", "type", "thinking", "annotations", "refusal", "signature",
         "data", "format", "extra_content", "google"]  # fmt: skip
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


def read(*stream: bytes) -> list[Event]:
    decoder = StreamDecoder()
    return [event for one in stream for event in decoder.read(one)]


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **fields: Any) -> bytes:
    return sse_event({"id": "a", "model": "m", "choices": [{"delta": delta or {}, "finish_reason": finish}], **fields})


def written(*told: Event, wants_usage: bool = False) -> list[dict[str, Any]]:
    encoder = StreamEncoder(ChatRequest("asked", {}, wants_usage=wants_usage))
    stream = encoder.write(told) + encoder.end()
    assert stream.endswith(DONE)
    return [json.loads(event.removeprefix(b"data: ")) for event in sse.split(stream)[:-1]]


def deltas(*told: Event) -> list[dict[str, Any]]:
    return [one["choices"][0]["delta"] for one in written(*told)[1:-1]]


# Decoding.


def test_a_plain_stream() -> None:
    assert read(*chat_events("one two", include_usage=True)) == [
        STARTED,
        events.TextDelta("one "),
        events.TextDelta("two"),
        STOP,
        events.UsageTold(Usage(9, 3)),
    ]


def test_tool_calls_of_the_first_choice_only() -> None:
    call = ToolCall("f", '{"a":1}')

    assert read(*chat_events(tool_calls=[call], n=2)) == read(*chat_events(tool_calls=[call]))
    assert fold(read(*chat_events(tool_calls=[call], n=2))).finish is Finish.TOOL_USE


def test_the_end_mark_ends_it_and_gives_a_reason_where_none_came() -> None:
    decoder = StreamDecoder()

    assert decoder.read(chunk({"content": "Hi"})) == [events.Started("a", "m"), events.TextDelta("Hi")]
    assert (decoder.read(DONE), decoder.ended) == ([STOP], True)
    assert decoder.read(chunk({"content": "more"})) == []


def test_an_end_mark_alone_is_no_answer() -> None:
    assert read(DONE) == []
    assert read(chunk(), DONE) == [events.Started("a", "m")]


@pytest.mark.parametrize(
    "stream",
    [
        # Groq: in two places, and again.
        [chunk(finish="stop", usage=USED, x_groq={"usage": USED}), sse_event({"choices": [], "usage": USED})],
        [chunk(finish="stop", x_groq={"usage": USED})],
        # OpenRouter: the reason twice.
        [chunk(finish="stop"), chunk(finish="stop", usage=USED)],
    ],
)
def test_usage_and_reason_are_told_once(stream: list[bytes]) -> None:
    assert sorted(map(repr, read(*stream)[1:])) == sorted(map(repr, [STOP, events.UsageTold(Usage(9, 3))]))


def test_what_says_nothing_is_nothing() -> None:
    assert read(b": ping\n\n", b"data:\n\n", b"event: ping\n\n", b"\n\n") == []


@pytest.mark.parametrize(
    "event",
    [
        sse_event({"error": {"message": "late", "code": 429}, "usage": {"prompt_tokens": 9}}),
        sse_event({"error": {"message": "late", "code": 429}, "usage": {"prompt_tokens": 9}}, "error"),
    ],
)
def test_an_error_amid_the_stream_ends_it_with_its_usage(event: bytes) -> None:
    told = read(chunk({"content": "Hi"}), event, chunk({"content": "more"}), DONE)

    assert told[2] == events.UsageTold(Usage(9, 0))
    assert told[3:] == [events.Failed(ProviderError(FailureClass.RATE_LIMITED, "late"))]


def test_an_error_may_be_no_json_and_a_finish() -> None:
    assert fold(read(b"event: error\ndata: broken\n\n")).error == ProviderError(None, "broken")
    assert fold(read(chunk({"content": "Hi"}, "error"))).error is not None
    assert fold(read(chunk(finish="network_error"), chunk({"content": "more"}))).parts == ()


@pytest.mark.parametrize("data", [b"Hi", b"[]", b'{"choices":5}', b'{"choices":[5]}', b'{"choices":[' * 5000, b"\xff"])
def test_what_is_no_chunk_breaks_the_dialect(data: bytes) -> None:
    with pytest.raises(UpstreamProtocolError, match="not a chat chunk"):
        read(sse.write(data))


def test_half_a_character_is_no_harm() -> None:
    assert read(b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n')[1:] == [events.TextDelta("a\ufffd")]


@given(st.lists(st.binary(max_size=60), max_size=4), st.sampled_from([None, b"error"]))
def test_no_bytes_are_too_odd(stream: list[bytes], name: bytes | None) -> None:
    decoder = StreamDecoder()
    for data in stream:
        with suppress(UpstreamProtocolError):
            decoder.read(sse.write(data, name))


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=4), max_size=4), ODD, ODD)
def test_no_delta_is_too_odd(stream: list[dict[str, Any]], finish: Any, index: Any) -> None:
    decoder, encoder = StreamDecoder(), StreamEncoder(ChatRequest("m", {}))
    told = []
    for delta in stream:
        told += decoder.read(sse_event({"choices": [{"delta": delta, "index": index}]}))
    told += decoder.read(sse_event({"choices": [{"delta": {}, "finish_reason": finish}], "usage": finish}))
    out = encoder.write(told) + encoder.end()

    assert fold(read(*sse.split(out))).finish is not None


def test_of_a_long_stream_each_chunk_is_read_once() -> None:
    def work(size: int) -> None:
        call = {"index": 0, "function": {"arguments": "1"}}
        detail = {"type": "reasoning.text", "text": "Hm", "index": 0}
        told = read(
            *[chunk({"reasoning_details": [detail]}) for _ in range(size)],
            *[chunk({"tool_calls": [call]}) for _ in range(size)],
            *[chunk({"content": "Hi"}) for _ in range(size)],
        )
        written(*told)

    assert is_linear(work)


# Encoding.


def test_chunks_are_of_one_answer_the_role_first_and_the_reason_last() -> None:
    chunks = written(STARTED, events.TextDelta("Hi"), STOP, events.UsageTold(Usage(9, 3)))
    head = {"id": ANSWER_ID, "object": "chat.completion.chunk", "created": 0, "model": MODEL}
    places = [
        ({"role": "assistant", "content": ""}, None),
        ({"content": "Hi"}, None),
        ({}, "stop"),
    ]

    assert chunks == [
        {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
        for delta, finish in places
    ]


def test_usage_comes_last_if_it_was_asked_for() -> None:
    usage = events.UsageTold(Usage(9, 3, 4, 2, 1))
    chunks = written(STARTED, usage, events.TextDelta("Hi"), STOP, wants_usage=True)

    assert [one.get("usage") for one in chunks[:-1]] == [None, None, None]
    assert all("usage" in one for one in chunks)
    assert (chunks[-1]["choices"], chunks[-1]["usage"]) == (
        [],
        {
            "prompt_tokens": 9,
            "completion_tokens": 3,
            "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    )
    assert written(events.TextDelta("Hi"), STOP, wants_usage=True)[-1]["choices"]  # there was none


def test_what_the_provider_did_not_tell_is_made_up() -> None:
    (first, *_) = written(events.TextDelta("Hi"))

    assert (first["id"], first["model"]) == ("chatcmpl-llmgw", "asked")
    assert first["choices"][0]["delta"]["role"] == "assistant"


def test_a_call_is_split_into_its_head_and_its_arguments() -> None:
    assert deltas(events.ToolStarted(0, "a", "f"), events.ToolDelta(0, "{}")) == [
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
    ]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    told = deltas(
        events.ToolStarted(0, "a", "f"), events.ToolDelta(0, ""), events.ToolStarted(1, "b", "f", "sig", "google")
    )

    assert told[2]["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "sig"}}
    assert [one["tool_calls"][0] for one in told[3:]] == [
        {"index": 0, "function": {"arguments": "{}"}},
        {"index": 1, "function": {"arguments": "{}"}},
    ]


def test_thoughts_carry_their_signatures() -> None:
    assert deltas(
        events.ReasoningDelta("Hm"),
        events.ReasoningDelta(signature="sig", issuer="anthropic"),
        events.ReasoningDelta(redacted="xyz", issuer="anthropic"),
        events.ReasoningDelta("Free"),
        events.TextDelta("Hi"),
        events.ReasoningDelta(signature="proof", issuer="google"),
        events.ReasoningDelta(),
        events.ToolStarted(0, "a", "f", "enc", "openai"),
        events.ToolDelta(0, "{}"),
    ) == [
        {"reasoning_content": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]},
        {
            "reasoning_details": [
                {"type": "reasoning.text", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
            ]
        },
        {
            "reasoning_details": [
                {"type": "reasoning.encrypted", "data": "xyz", "format": "anthropic-claude-v1", "index": 1}
            ]
        },
        {"reasoning_content": "Free", "reasoning_details": [{"type": "reasoning.text", "text": "Free", "index": 2}]},
        {"content": "Hi"},
        {
            "reasoning_details": [
                {"type": "reasoning.encrypted", "data": "proof", "format": "google-gemini-v1", "index": 3}
            ]
        },
        {
            "reasoning_details": [
                {"type": "reasoning.encrypted", "data": "enc", "id": "a", "format": "openai-responses-v1"}
            ],
            "tool_calls": [
                {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
            ],
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
    ]


def test_citations_with_an_address_are_annotations() -> None:
    one, two = (events.Cited({"type": "web_search_result_location", "url": url, "title": "t"}) for url in "uv")
    told = deltas(one, events.Cited({"x": 1}), two)

    assert told == [
        {
            "annotations": [
                {
                    "index": index,  # SDKs put lists together by it
                    "type": "url_citation",
                    "url_citation": {"url": url, "title": "t", "start_index": 0, "end_index": 0},
                }
            ]
        }
        for index, url in enumerate("uv")
    ]


@pytest.mark.parametrize(
    ("told", "finish"),
    [
        ([STOP], "stop"),
        ([], "stop"),
        ([events.Finished(Finish.LENGTH)], "length"),
        ([events.Finished(Finish.STOP_SEQUENCE, "###")], "stop"),
        ([events.Finished(Finish.PAUSE)], "stop"),
        ([events.Finished(Finish.CONTENT_FILTER)], "content_filter"),
        ([events.Finished(Finish.REFUSAL)], "content_filter"),
        ([events.RefusalDelta("No"), events.Finished(Finish.REFUSAL)], "stop"),
        ([events.ToolStarted(0, "a", "f"), events.Finished(Finish.TOOL_USE)], "tool_calls"),
        ([events.ToolStarted(0, "a", "f")], "tool_calls"),
    ],
)
def test_the_reason_is_told_in_openais_words(told: list[Event], finish: str) -> None:
    assert written(*told)[-1]["choices"][0]["finish_reason"] == finish


def test_an_error_is_not_ours_to_tell_and_the_end_comes_once() -> None:
    encoder = StreamEncoder(ChatRequest("m", {}))

    assert encoder.write([events.Failed(ProviderError(None, "x"))]) == b""
    assert encoder.end().endswith(DONE)
    assert encoder.end() == b""
