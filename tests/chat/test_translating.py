"""A stream of one dialect reaches a client of another: held until content, whole or told to be cut."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import relay as relays
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Text, ToolUse
from llmgw.chat.dialect import Dialect
from llmgw.chat.events import Event
from llmgw.chat.request import ChatRequest
from llmgw.chat.translating import TranslatingRelay
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass, StreamCutError, UpstreamProtocolError, UpstreamStatusError
from llmgw.wire import sse
from tests.partners.bodies import DONE, ToolCall, chat_events, sse_event

HELLO = chat_events("Hello there big world", include_usage=True)
CALLS = chat_events("", tool_calls=[ToolCall("f", '{"a": "é"}'), ToolCall("g", "{}")], include_usage=True)
ASKED = ChatRequest("m", {}, stream=True, wants_usage=True)
ERROR = sse_event({"error": {"message": "Provider disconnected", "code": 502}})
PAIRS = pytest.mark.parametrize(
    ("provider", "client"), [(openai_chat, anthropic_messages), (anthropic_messages, openai_chat)]
)


def relay(provider: Dialect = openai_chat, client: Dialect = anthropic_messages) -> TranslatingRelay:
    return TranslatingRelay(provider, client.encoder(ASKED))


def read(dialect: Dialect, stream: bytes) -> Answer:
    decoder = dialect.decoder()
    events: list[Event] = []
    for event in sse.split(stream):
        events += decoder.read(event)
    return fold(events)


def pumped(of: TranslatingRelay, pieces: Iterable[bytes]) -> bytes:
    out = b""
    for piece in pieces:
        out += of.feed(piece)
        if of.broken or of.whole:
            break
    return out if of.is_over and of.committed else out + of.finish()


def stream_of(provider: Dialect, events: Sequence[bytes]) -> bytes:
    """The OpenAI stream as the provider would have sent it in its own dialect."""
    stream = b"".join(events)
    return stream if provider is openai_chat else pumped(relay(openai_chat, provider), [stream])


@PAIRS
@given(data=st.data())
def test_it_says_the_same_however_it_was_cut(provider: Dialect, client: Dialect, data: st.DataObject) -> None:
    stream = stream_of(provider, data.draw(st.sampled_from([HELLO, CALLS])))
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=9).map(sorted))
    pieces = [stream[start:end] for start, end in zip([0, *places], [*places, len(stream)], strict=True)]
    of = relay(provider, client)
    said = read(client, pumped(of, pieces))
    meant = read(provider, stream)

    assert (meant.parts, meant.finish) == (said.parts, said.finish)
    assert meant.usage == of.usage == said.usage


def test_text_and_calls_arrive() -> None:
    assert read(anthropic_messages, pumped(relay(), HELLO)).parts == (Text("Hello there big world"),)
    said = read(anthropic_messages, pumped(relay(), CALLS)).parts
    assert [(part.name, part.arguments) for part in said if isinstance(part, ToolUse)] == [
        ("f", '{"a": "é"}'),
        ("g", "{}"),
    ]


def test_nothing_is_sent_before_the_first_content_and_every_event_after_it_at_once() -> None:
    of = relay()
    sent = [of.feed(event) for event in HELLO]

    assert (sent[0], of.committed) == (b"", True)
    assert all(piece for piece in sent[1:5])


@pytest.mark.parametrize("place", range(len(HELLO) - 3))
def test_an_end_before_the_finish_reason_is_a_cut(place: int) -> None:
    of = relay()
    for event in HELLO[:place]:
        of.feed(event)

    with pytest.raises(StreamCutError, match="without its end mark"):
        of.finish()


def test_a_finish_reason_and_the_end_of_the_upstream_is_an_end() -> None:
    of = relay()
    out = pumped(of, [event for event in HELLO if event != DONE])

    assert b"message_stop" in out
    assert of.is_over


def test_nothing_follows_the_end_mark() -> None:
    of = relay()

    assert pumped(of, [b"".join(HELLO) + HELLO[1]]).count(b"event: message_stop") == 1
    assert of.whole


def test_an_error_before_content_is_one_with_its_class() -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        relay().feed(HELLO[0] + ERROR)

    assert caught.value.failure is FailureClass.SERVER_ERROR


def test_an_error_after_content_is_to_be_told_by_us() -> None:
    of = relay()
    out = of.feed(b"".join(HELLO[:2]) + ERROR + HELLO[2] + DONE)

    assert of.broken is not None
    assert (of.broken.message, of.broken.plain, of.is_over) == ("Provider disconnected", False, False)
    assert read(anthropic_messages, out).parts == (Text("Hello "),)
    assert of.finish() == b""


def test_an_event_that_cannot_be_read_is_a_fault_before_content_and_left_out_after_it() -> None:
    with pytest.raises(UpstreamProtocolError):
        relay().feed(b"data: {\n\n")
    of = relay()
    of.feed(HELLO[0] + HELLO[1])

    assert of.feed(b"data: {\n\n") == b""


def test_the_window_before_content_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmgw.chat.translating.HELD_BYTES_MAX", 1000)

    with pytest.raises(UpstreamProtocolError, match="no content within the first 1000 bytes"):
        pumped(relay(), [b": filler\n\n"] * 200)


@pytest.mark.parametrize(("reason", "is_answer"), [("stop", True), ("length", True), ("content_filter", False)])
def test_an_empty_answer_is_an_answer_unless_it_was_filtered(reason: str, is_answer: bool) -> None:
    events = [HELLO[0], sse_event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}), DONE]
    of = relay()
    if is_answer:
        assert b"message_stop" in pumped(of, events)
        assert of.committed
        return
    with pytest.raises(UpstreamStatusError) as caught:
        pumped(of, events)
    assert (caught.value.failure, caught.value.status) == (FailureClass.CONTENT_FILTER, 200)
    assert b"message_stop" in caught.value.body


@pytest.mark.parametrize(("reason", "is_unknown"), [("moonrise", True), ("stop", False), ("length", False)])
@pytest.mark.parametrize("has_end_mark", [True, False])
def test_that_the_end_was_told_in_an_unknown_word_is_known_by_then(
    reason: str, is_unknown: bool, has_end_mark: bool
) -> None:
    of = relay()
    told = [event.replace(b'"finish_reason":"stop"', b'"finish_reason":"%b"' % reason.encode()) for event in HELLO]
    out = pumped(of, told if has_end_mark else told[:-1])

    assert (of.is_over, of.ended_unknown) == (True, is_unknown)
    assert (b'"end_turn"' in out) == (reason != "length")


def test_an_end_without_a_blank_line_is_completed_and_half_an_event_left_out() -> None:
    of = relay()

    assert b"message_stop" in of.feed(b"".join(HELLO[:-2])) + of.feed(HELLO[-1].rstrip()) + of.finish()
    half = relay()
    assert b"message_stop" in half.feed(b"".join(HELLO[:-1])) + half.feed(b'data: {"choi') + half.finish()


def test_an_error_without_its_blank_line_keeps_its_class_and_how_long_to_wait() -> None:
    """The connection often ends right behind it."""
    wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}
    of = relay()
    of.feed(HELLO[0] + sse_event({"error": {"message": "slow down", "code": 429, "details": [wait]}}).rstrip())

    with pytest.raises(UpstreamProtocolError, match="error inside the stream: slow down") as caught:
        of.finish()
    assert (caught.value.failure, caught.value.retry_after_s) == (FailureClass.RATE_LIMITED, 7)


def test_an_error_without_its_blank_line_after_content_is_to_be_told_by_us() -> None:
    of = relay()
    of.feed(b"".join(HELLO[:2]) + ERROR.rstrip())

    assert of.finish() == b""
    assert of.broken is not None
    assert of.broken.message == "Provider disconnected"


def test_usage_is_known_though_the_client_did_not_ask() -> None:
    of = TranslatingRelay(anthropic_messages, openai_chat.encoder(ChatRequest("m", {}, stream=True)))
    out = pumped(of, [stream_of(anthropic_messages, HELLO)])

    assert (of.usage is not None, b'"usage":{' in out) == (True, False)


def test_the_bound_is_that_of_forwarding() -> None:
    assert relays.HELD_BYTES_MAX == 1024 * 1024


def chunk(**delta: object) -> bytes:
    return sse_event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([chunk(role="assistant", content="")], 0),
        ([chunk(content="a"), chunk(content="b")], 2),
        ([chunk(content="x" * 9)], 3),
        ([chunk(reasoning_content="x" * 8), chunk(refusal="x" * 8)], 4),
        (
            [
                chunk(tool_calls=[{"index": 0, "id": "c", "function": {"name": "name", "arguments": ""}}]),
                chunk(tool_calls=[{"index": 0, "function": {"arguments": "x" * 40}}]),
            ],
            11,
        ),
    ],
)
def test_what_has_been_said_so_far_is_about_known(events: list[bytes], expected: int) -> None:
    of = relay()
    for event in events:
        of.feed(event)

    assert of.output_tokens_about == expected
