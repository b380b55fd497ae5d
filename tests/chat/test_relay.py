"""What the client gets of a stream, and when: nothing before the first content, everything after it, as it came."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import relay as relays
from llmgw.chat.dialect import Sign
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.dialect import OpenAIChat, openai_chat
from llmgw.errors import FailureClass, StreamCutError, UpstreamProtocolError, UpstreamStatusError
from llmgw.wire import framing, sse
from tests.partners import bodies
from tests.partners.bodies import DONE, ToolCall, chat_events, is_content, sse_event

PREAMBLE = sse_event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})
HELLO = sse_event({"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}]})
MORE = sse_event({"choices": [{"index": 0, "delta": {"content": " there"}, "finish_reason": None}], "usage": None})
STOP = sse_event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
USAGE = sse_event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}})
ERROR = sse_event({"error": {"message": "Provider disconnected", "code": 502}})
PING = b": OPENROUTER PROCESSING\n\n"
COUNTED = Usage(9, 3)


def finishing(reason: str) -> bytes:
    return sse_event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def saying(**delta: Any) -> bytes:
    return sse_event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})


def new_relay(*, keep_usage: bool = True, dialect: OpenAIChat = openai_chat) -> ForwardingRelay:
    return ForwardingRelay(dialect, keep_usage=keep_usage)


def pumped(relay: ForwardingRelay, pieces: Iterable[bytes]) -> bytes:
    """As the gateway pumps: to the end, or to the error with which the provider ended."""
    out = b""
    for piece in pieces:
        out += relay.feed(piece)
        if relay.broken:
            return out + relay.last_event
    return out + relay.finish() + relay.last_event


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    places = draw(st.lists(st.integers(0, len(data)), max_size=12).map(sorted))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True) if start < end]


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """The events of a well-formed stream, with pings anywhere before its end and any line end."""
    calls = draw(st.lists(st.builds(ToolCall, st.just("f"), st.just('{"a": "é"}')), max_size=2))
    events = chat_events(
        draw(st.sampled_from(["Hello there", "ÄÖ 🙂 ü", "one"])),
        include_usage=draw(st.booleans()),
        tool_calls=calls,
        n=draw(st.integers(1, 2)),
    )
    for place in draw(st.lists(st.integers(0, len(events) - 1), max_size=3)):
        events.insert(place, PING)
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    return [event.replace(b"\n", end) for event in events]


@given(st.data())
def test_who_asked_for_usage_gets_every_byte_however_it_was_cut(data: st.DataObject) -> None:
    stream = b"".join(data.draw(streams()))
    relay = new_relay()
    out = pumped(relay, data.draw(cuts(stream)))

    assert stream == out
    assert (relay.committed, relay.whole, relay.ended) == (True, True, True)
    assert (b'"usage":{' in stream) == (relay.usage is not None)


@given(st.data())
def test_who_did_not_ask_gets_every_event_but_the_one_of_usage_alone(data: st.DataObject) -> None:
    events = data.draw(streams())
    relay = new_relay(keep_usage=False)
    out = pumped(relay, data.draw(cuts(b"".join(events))))
    expected = b"".join(event for event in events if b'"choices":[],' not in event)
    said = [event for event in map(sse.parse, sse.split(out)) if event.data is not None]

    assert [event for event in map(sse.parse, sse.split(expected)) if event.data is not None] == said
    assert (b'"usage":{' in b"".join(events)) == (relay.usage is not None)


@given(streams())
def test_the_commit_comes_exactly_with_the_first_content(events: list[bytes]) -> None:
    relay = new_relay()
    out = [relay.feed(event) for event in events]
    plain = [event.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for event in events]
    first = next(place for place, event in enumerate(plain) if event != PING and is_content(event))

    assert [b""] * first + [b"".join(events[: first + 1])] + events[first + 1 :] == out


@pytest.mark.parametrize(
    "event",
    [
        PREAMBLE,
        PING,
        saying(content=None, refusal=None, tool_calls=[], reasoning_content="", reasoning=None, reasoning_details=[]),
        saying(audio={}, function_call={"name": "", "arguments": ""}, content=""),  # Snowflake
        saying(content=[{"type": "text", "text": ""}]),
        saying(role="assistant", content=[]),
        sse_event({"id": "", "object": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}),  # Azure
        sse_event({"choices": [{"index": 0, "delta": None, "finish_reason": None}]}),
        sse_event({"choices": None, "x_groq": {"id": "req_1"}}),
        b"event: ping\ndata:\n\n",
        b"event: ping\n\n",
        b"\n",
    ],
)
def test_what_is_no_content_is_held_back(event: bytes) -> None:
    relay = new_relay()

    assert (relay.feed(event), relay.committed) == (b"", False)
    assert (event + HELLO, True) == (relay.feed(HELLO), relay.committed)


@pytest.mark.parametrize(
    "event",
    [
        HELLO,
        saying(content=" "),
        saying(refusal="No"),
        saying(reasoning_content="Hm"),
        saying(reasoning="Hm", channel="analysis"),
        saying(reasoning_details=[{"type": "reasoning.encrypted", "data": "eA=="}]),
        saying(tool_calls=[{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]),
        saying(function_call={"name": "f", "arguments": ""}),
        saying(audio={"id": "a", "data": "AAAA"}),
        saying(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]),  # Mistral
        sse_event({"choices": [{"index": 0, "text": "Hello", "finish_reason": None}]}),
        sse_event({"choices": [{"index": 0, "delta": {}}, {"index": 1, "delta": {"content": "second"}}]}),
        HELLO.replace(b"data: ", b"data:"),  # TGI
    ],
)
def test_text_refusal_reasoning_and_tool_calls_are_content(event: bytes) -> None:
    relay = new_relay()

    assert (event, True) == (relay.feed(event), relay.committed)


# Errors inside the stream.


@pytest.mark.parametrize(
    ("event", "failure"),
    [
        (ERROR, FailureClass.SERVER_ERROR),
        (sse_event({"error": {"message": "Slow down", "code": 429}, "choices": []}), FailureClass.RATE_LIMITED),
        (sse_event({"error": "maximum context length is 10", "error_type": "v"}), FailureClass.CONTEXT_LENGTH),
        (sse_event({"error": {"message": "odd"}}), FailureClass.PROTOCOL),
        (sse_event({"error": {"code": "tool_use_failed"}}, "error"), FailureClass.SERVER_ERROR),
        (b"event: error\ndata: upstream is gone\n\n", FailureClass.PROTOCOL),
        (sse_event({"object": "error", "message": "bad", "code": 400}), FailureClass.PROTOCOL),  # vLLM
        (finishing("error"), FailureClass.PROTOCOL),
    ],
)
def test_an_error_before_content_is_a_failed_attempt_with_its_class(event: bytes, failure: FailureClass) -> None:
    relay = new_relay()
    relay.feed(PREAMBLE)

    with pytest.raises(UpstreamProtocolError) as raised:
        relay.feed(event + DONE)
    assert (failure, False) == (raised.value.failure, relay.committed)
    assert raised.value.message


def test_an_error_before_content_says_how_long_to_wait() -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}
    error = sse_event({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [retry]}})

    with pytest.raises(UpstreamProtocolError) as raised:
        new_relay().feed(error)
    assert (raised.value.failure, raised.value.retry_after_s) == (FailureClass.RATE_LIMITED, 34)


def test_an_error_at_the_end_without_a_blank_line_is_not_lost() -> None:
    relay = new_relay()
    relay.feed(PREAMBLE + ERROR.rstrip(b"\n"))

    with pytest.raises(UpstreamProtocolError, match="Provider disconnected"):
        relay.finish()


@given(st.data())
def test_an_error_after_content_is_forwarded_and_nothing_after_it(data: st.DataObject) -> None:
    relay = new_relay()
    out = b"".join(relay.feed(piece) for piece in data.draw(cuts(HELLO + MORE + ERROR + MORE + DONE)))

    assert (out + relay.finish(), relay.last_event) == (HELLO + MORE, ERROR)
    assert relay.broken is not None
    assert (relay.whole, relay.broken.message) == (False, "Provider disconnected")


def test_an_error_after_content_may_still_carry_the_usage() -> None:
    relay = new_relay()
    error = sse_event({"error": {"message": "Token limit", "code": 400}, "usage": {"prompt_tokens": 43}, "choices": []})

    assert HELLO + error == pumped(relay, [HELLO + error + DONE])
    assert Usage(43) == relay.usage


def test_an_error_in_the_last_event_without_a_blank_line_is_completed() -> None:
    relay = new_relay()

    assert relay.feed(HELLO + ERROR[:-2]) + relay.finish() == HELLO
    assert relay.broken is not None
    assert relay.last_event == ERROR


# The end.


@pytest.mark.parametrize("end", [DONE, STOP, b"data: [DONE]", STOP.rstrip(b"\n"), b"data:[DONE]\r\n"])
def test_done_or_a_finish_reason_makes_a_stream_whole(end: bytes) -> None:
    relay = new_relay()
    out = relay.feed(HELLO) + relay.feed(end) + relay.finish()

    assert HELLO + end.rstrip(b"\r\n") + b"\n\n" == out
    assert relay.ended


@pytest.mark.parametrize("after", [b"\n", PING, MORE, ERROR, DONE])
def test_nothing_follows_the_end_mark_however_it_was_cut(after: bytes) -> None:
    relay = new_relay()

    assert pumped(relay, [HELLO, DONE + after]) == HELLO + DONE
    assert (relay.whole, relay.broken) == (True, None)


def test_a_stream_is_finished_when_every_choice_is() -> None:
    first, second = (sse_event({"choices": [{"index": n, "delta": {}, "finish_reason": "stop"}]}) for n in (0, 1))
    relay = ForwardingRelay(openai_chat, keep_usage=True, choices=2)
    relay.feed(HELLO + first + first)
    with pytest.raises(StreamCutError, match="without its end mark"):
        relay.finish()

    relay.feed(second)

    assert (relay.finish(), relay.finished) == (b"", True)


@pytest.mark.parametrize("rest", [b"", MORE, MORE[:-2], MORE[:20], b": ping"])
def test_an_end_without_its_sign_is_a_cut(rest: bytes) -> None:
    relay = new_relay()
    relay.feed(HELLO + rest)

    with pytest.raises(StreamCutError, match="without its end mark"):
        relay.finish()


@pytest.mark.parametrize("stream", [b"", PING, PREAMBLE, PREAMBLE + USAGE, DONE, PREAMBLE + DONE, HELLO[:30]])
def test_an_end_before_any_content_is_a_cut(stream: bytes) -> None:
    relay = new_relay()
    fed = relay.feed(stream)

    assert fed == b""
    with pytest.raises(StreamCutError):
        relay.finish()
    assert not relay.committed


@given(st.data())
def test_a_stream_cut_anywhere_before_its_end_is_never_whole(data: st.DataObject) -> None:
    stream = b"".join([PREAMBLE, HELLO, MORE, MORE])
    cut = stream[: data.draw(st.integers(0, len(stream)))]
    relay = new_relay()

    with pytest.raises(StreamCutError):
        pumped(relay, data.draw(cuts(cut)))


@pytest.mark.parametrize("reason", ["stop", "length", "eos_token", "tool_calls"])
def test_a_finished_stream_without_content_is_an_empty_answer(reason: str) -> None:
    relay = new_relay()
    stream = PREAMBLE + finishing(reason) + DONE

    assert stream == pumped(relay, [stream])
    assert (True, reason) == (relay.committed, relay.finish_reason)


def test_a_filtered_stream_without_content_is_a_failure_that_keeps_what_the_provider_said() -> None:
    relay = new_relay()
    stream = PREAMBLE + finishing("content_filter") + DONE

    with pytest.raises(UpstreamStatusError) as raised:
        pumped(relay, [stream])
    assert (FailureClass.CONTENT_FILTER, 200, stream) == (raised.value.failure, raised.value.status, raised.value.body)


def test_a_stream_that_is_filtered_after_content_passes() -> None:
    stream = PREAMBLE + HELLO + finishing("content_filter") + DONE

    assert stream == pumped(new_relay(), [stream])


def test_a_refusal_that_counts_as_filtered_passes() -> None:
    refusal = {"choices": [{"index": 0, "delta": {"refusal": "No"}, "finish_reason": "content_filter"}]}
    stream = sse_event(refusal) + DONE

    assert stream == pumped(new_relay(), [stream])


def test_the_first_finish_reason_counts() -> None:
    relay = new_relay()
    pumped(relay, [HELLO, finishing("length"), finishing("stop"), DONE])

    assert relay.finish_reason == "length"


# What is read, and what is not.


@pytest.mark.parametrize("garbage", [b"data: {]\n\n", b"data: 12\n\n", b"data: \xff\n\n", b'data: {"choices": 5}\n\n'])
def test_garbage_before_content_is_a_broken_dialect(garbage: bytes) -> None:
    with pytest.raises(UpstreamProtocolError, match="not a chat chunk") as raised:
        new_relay().feed(PREAMBLE + garbage)
    assert raised.value.failure is FailureClass.PROTOCOL


@given(st.data())
def test_garbage_after_content_passes_as_it_came(data: st.DataObject) -> None:
    stream = HELLO + b'data: {"usage":]\n\n' + MORE + b"event: odd\ndata: text\n\n" + STOP + DONE

    assert stream == pumped(new_relay(), data.draw(cuts(stream)))


def test_the_window_before_the_commit_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "HELD_BYTES_MAX", 10 * len(PING))
    relay = new_relay()
    relay.feed(PING * 10)

    with pytest.raises(UpstreamProtocolError, match=f"within the first {10 * len(PING)} bytes"):
        relay.feed(PING)


@pytest.mark.parametrize("committed", [False, True])
def test_an_event_without_end_is_a_broken_dialect(monkeypatch: pytest.MonkeyPatch, committed: bool) -> None:
    monkeypatch.setattr(framing, "EVENT_BYTES_MAX", 100)
    relay = new_relay()
    relay.feed(HELLO if committed else PREAMBLE)

    with pytest.raises(UpstreamProtocolError, match="more than 100 bytes"):
        relay.feed(b"x" * 101)


class Counting(OpenAIChat):
    """Counts the events that are decoded."""

    def __init__(self) -> None:
        self.read = 0

    def read_event(self, event: bytes) -> Sign:
        self.read += 1
        return super().read_event(event)


def test_after_the_commit_only_reads_that_can_matter_are_decoded() -> None:
    counting = Counting()
    relay = new_relay(dialect=counting)
    events = chat_events("Hello " * 500, include_usage=True)
    out = b"".join(relay.feed(event) for event in events)

    assert b"".join(events) == out
    assert len([PREAMBLE, HELLO, STOP, USAGE, DONE]) == counting.read
    assert relay.usage is not None


def test_after_the_commit_reads_that_cannot_matter_are_passed_on_without_a_copy() -> None:
    relay = new_relay()
    relay.feed(HELLO)

    assert relay.feed(MORE) is MORE


def test_usage_is_the_last_one_told() -> None:
    relay = new_relay(keep_usage=False)
    cumulative = [
        sse_event({**json.loads(HELLO[6:]), "usage": {"prompt_tokens": 9, "completion_tokens": count}})
        for count in (1, 2, 3)
    ]

    assert b"".join([*cumulative, STOP, DONE]) == pumped(relay, [*cumulative, STOP, DONE])
    assert relay.usage == COUNTED


def test_usage_before_the_first_content_is_taken_out_too() -> None:
    relay = new_relay(keep_usage=False)

    assert pumped(relay, [PREAMBLE, USAGE, HELLO, STOP, DONE]) == PREAMBLE + HELLO + STOP + DONE
    assert relay.usage == COUNTED


def test_usage_of_a_cut_stream_is_known_all_the_same() -> None:
    relay = new_relay()
    relay.feed(HELLO + sse_event({**json.loads(MORE[6:]), "usage": bodies.Usage().as_json()}))
    with pytest.raises(StreamCutError):
        relay.finish()

    assert relay.usage == COUNTED


def wordy(text: str, **more: Any) -> bytes:
    return sse_event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}], **more})


@pytest.mark.parametrize("at_once", [1, 3, 1000])
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([PREAMBLE], 0),
        ([PREAMBLE, HELLO], 1),
        ([PREAMBLE, *[wordy("w")] * 100], 100),  # a token each, however short
        ([PREAMBLE, *[wordy("x" * 40)] * 100], 1000),
        ([PREAMBLE, *[wordy("w ", obfuscation="x" * 90)] * 100], 100),  # what is no text counts for nothing
        ([PREAMBLE, *[saying(reasoning_content="x" * 40)] * 10], 100),
        ([PREAMBLE, HELLO, STOP, USAGE], 1),
    ],
)
def test_what_has_been_said_so_far_is_about_known(events: list[bytes], expected: int, at_once: int) -> None:
    relay = new_relay()
    for place in range(0, len(events), at_once):
        relay.feed(b"".join(events[place : place + at_once]))

    assert relay.output_tokens_about == pytest.approx(expected, abs=at_once > 1)


def test_only_some_reads_are_looked_through_for_it() -> None:
    relay = new_relay()
    for _ in range(10 * relays.SAMPLE_EVERY):
        relay.feed(wordy("x" * 40))
    assert relay.output_tokens_about == 100 * relays.SAMPLE_EVERY

    for _ in range(relays.SAMPLE_EVERY - 1):
        relay.feed(wordy("x" * 40))
    assert relay.output_tokens_about == pytest.approx(110 * relays.SAMPLE_EVERY, abs=20)


def test_events_of_other_line_ends_are_counted_alike() -> None:
    relay = new_relay()
    for event in [wordy("w"), wordy("w") * 7]:
        relay.feed(event.replace(b"\n", b"\r\n"))

    assert relay.output_tokens_about == 8
