"""The bytes of answers: what the OpenAI SDK accepts strictly, and the same streamed or not."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.providers.simulator.request import Request, read_request
from llmgw.providers.simulator.speech import speak
from llmgw.providers.simulator.writing import Letterhead, Piece, stream, whole
from llmgw.wire import sse

LETTERHEAD = Letterhead("chatcmpl-1", 1_700_000_000, "sim")
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"required": ["what"]}}}
CASES: list[dict[str, Any]] = [
    {},
    {"n": 3},
    {"max_tokens": 2},
    {"tools": [TOOL, TOOL], "tool_choice": "required"},
    {"tools": [TOOL], "messages": [{"role": "user", "content": "look_up, please"}], "n": 2},
    {"response_format": {"type": "json_object"}},
    {"messages": [{"role": "user", "content": 'a "quote", a \\, {braces}, "usage":1 and [DONE] 🎈\u2028'}]},
]


def request(**fields: Any) -> Request:
    body = {"messages": [{"role": "user", "content": "Hello there"}], "stream_options": {"include_usage": True}}
    return read_request(msgspec.json.encode({**body, **fields}))


def completion(asked: Request) -> ChatCompletion:
    speeches = [speak(asked, choice, None, "req-1") for choice in range(asked.choices)]
    return ChatCompletion.model_validate(msgspec.json.decode(whole(asked, speeches, LETTERHEAD)), strict=True)


def pieces(asked: Request, output_tokens: int | None = None, gap_s: float = 0.0) -> list[Piece]:
    speeches = [speak(asked, choice, output_tokens, "req-1") for choice in range(asked.choices)]
    return list(stream(asked, speeches, LETTERHEAD, gap_s))


def chunks(data: bytes) -> list[ChatCompletionChunk]:
    told = [sse.parse(event).data for event in sse.split(data)]

    assert told.pop() == b"[DONE]"
    return [ChatCompletionChunk.model_validate(msgspec.json.decode(event or b""), strict=True) for event in told]


def joined(asked: Request) -> bytes:
    return b"".join(piece.data for piece in pieces(asked))


def folded(read: list[ChatCompletionChunk], index: int) -> tuple[str, list[tuple[str, str]], str | None]:
    """Content, calls and finish of one choice."""
    content, finish = "", None
    calls: dict[int, tuple[str, str]] = {}
    for choice in (choice for chunk in read for choice in chunk.choices if choice.index == index):
        content += choice.delta.content or ""
        finish = choice.finish_reason or finish
        for call in choice.delta.tool_calls or []:
            name, arguments = calls.get(call.index, ("", ""))
            given_name = call.function.name if call.function else None
            more = call.function.arguments if call.function else None
            calls[call.index] = (name + (given_name or ""), arguments + (more or ""))
    return content, list(calls.values()), finish


@pytest.mark.parametrize("fields", CASES)
def test_a_stream_folds_to_the_unstreamed_answer(fields: dict[str, Any]) -> None:
    asked = request(**fields)
    answer = completion(asked)
    read = chunks(joined(asked))

    assert len(answer.choices) == asked.choices
    for choice in answer.choices:
        calls = [
            (call.function.name, call.function.arguments)
            for call in choice.message.tool_calls or []
            if call.type == "function"
        ]
        assert folded(read, choice.index) == (choice.message.content or "", calls, choice.finish_reason)
    assert read[-1].usage == answer.usage
    assert {chunk.id for chunk in read} == {answer.id}


def test_usage_is_positive_and_adds_up() -> None:
    usage = completion(request(messages=[{"role": "user", "content": ""}])).usage

    assert usage is not None
    assert usage.prompt_tokens > 0
    assert usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_a_stream_tells_its_usage_only_when_asked() -> None:
    silent = joined(request(stream_options=None))

    assert b"usage" not in silent
    assert all(chunk.usage is None for chunk in chunks(silent))


def test_every_content_token_is_counted_and_due_after_the_one_before() -> None:
    written = pieces(request(), output_tokens=5, gap_s=0.5)

    assert [piece.due_s for piece in written] == [0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.0]


def test_an_empty_answer_is_whole() -> None:
    written = pieces(request(), output_tokens=0)

    assert len(written) == 2
    assert folded(chunks(b"".join(piece.data for piece in written)), 0) == ("", [], "stop")


@given(st.sampled_from(CASES), st.booleans(), st.data())
def test_the_relay_passes_every_byte_however_the_stream_is_split(
    fields: dict[str, Any], told: bool, data: st.DataObject
) -> None:
    asked = request(**fields)
    sent = joined(asked)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=12)))
    relay = ForwardingRelay(openai_chat, keep_usage=True)
    parts = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    received = b"".join(relay.feed(part) for part in parts) + relay.finish()

    assert received == sent
    assert isinstance(relay.usage, Usage)


def test_the_dialect_reads_the_unstreamed_answer() -> None:
    asked = request()
    told = openai_chat.read_answer(whole(asked, [speak(asked, 0, None, "req-1")], LETTERHEAD))

    assert told.finish == "stop"
    assert told.usage is not None
    assert told.usage.output_tokens == speak(asked, 0, None, "req-1").size
