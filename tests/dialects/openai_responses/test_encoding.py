"""Events as the stream of a response: what is written is read as the same, and the SDK can put it together."""

import json
from collections.abc import Sequence
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from llmgw.chat.answer import Answer, AnswerPart, fold
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
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
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.encoding import HELD_CHARS_MAX, ITEMS_MAX, ResponsesEncoder
from llmgw.dialects.openai_responses.facts import read_request
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse
from tests.dialects.openai_responses.wire import read

REQUEST = b'{"model":"asked","input":"hi","tools":[{"type":"function","name":"f"}],"temperature":0.5,"store":true}'
CITATION = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 1}
HEAD = Started("msg_1", "claude")
SDK_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def written(*told: Event) -> bytes:
    """Event by event, as they come."""
    encoder = ResponsesEncoder(read_request(REQUEST), 1_700_000_000)
    return b"".join(encoder.write([one]) for one in told) + encoder.end()


def datas(stream: bytes) -> list[dict[str, Any]]:
    return [json.loads(sse.parse(event).data or b"") for event in sse.split(stream)]


def kinds(stream: bytes) -> list[str]:
    return [data["type"].removeprefix("response.") for data in datas(stream)]


def assembled(stream: bytes) -> Any:
    """What the SDK makes of it; it raises for what it cannot put together."""
    state: Any = ResponseStreamState(input_tools=openai.omit, text_format=openai.omit)
    for data in datas(stream):
        state.handle_event(SDK_EVENT.validate_python(data))
    return state._completed_response


def test_the_order_of_a_stream() -> None:
    stream = written(
        HEAD,
        ReasoningDelta("so"),
        ReasoningDelta(signature="sig", issuer=ANTHROPIC),
        TextDelta("Hel"),
        TextDelta("lo"),
        Cited(CITATION),
        ToolStarted(0, "toolu_1", "f"),
        ToolDelta(0, '{"a":1}'),
        UsageTold(Usage(17, 7, 5, 3, 2)),
        Finished(Finish.TOOL_USE),
    )

    assert kinds(stream) == [
        *("created", "in_progress"),
        *("output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta"),
        *("reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"),
        *("output_item.added", "content_part.added", "output_text.delta", "output_text.delta"),
        *("output_text.annotation.added", "output_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "function_call_arguments.delta"),
        *("function_call_arguments.done", "output_item.done"),
        "completed",
    ]
    assert list(range(21)) == [data["sequence_number"] for data in datas(stream)]
    assert [f"response.{kind}".encode() for kind in kinds(stream)] == [sse.parse(one).name for one in sse.split(stream)]
    assert stream.count(b"[DONE]") == 0


def test_the_end_has_all_that_was_said_and_what_was_asked() -> None:
    response = datas(written(HEAD, TextDelta("Hi"), UsageTold(Usage(3, 2)), Finished(Finish.STOP)))[-1]["response"]

    assert (response["id"], response["model"], response["created_at"]) == ("resp_msg_1", "claude", 1_700_000_000)
    assert (response["status"], response["usage"]["total_tokens"]) == ("completed", 5)
    assert response["output"][0]["content"][0]["text"] == "Hi"
    assert (response["tools"], response["temperature"]) == ([{"type": "function", "name": "f"}], 0.5)
    assert (response["store"], response["previous_response_id"]) == (False, None)


def test_a_provider_without_a_name_is_told_by_the_one_that_was_asked_for() -> None:
    assert datas(written(TextDelta("Hi")))[0]["response"]["model"] == "asked"


def test_a_request_with_line_breaks_does_not_break_an_event() -> None:
    body = '{"model": "m", "input": "hi", "metadata": {\n  "a": "b"\n}, "stream": true}'
    encoder = ResponsesEncoder(read_request(body.encode()), 7)
    stream = encoder.write([Started(), TextDelta("Hi")]) + encoder.end()

    assert datas(stream)[0]["response"]["metadata"] == {"a": "b"}


def test_the_head_stays_as_it_was_told() -> None:
    told = {data["response"]["id"] for data in datas(written(TextDelta("Hi"), HEAD)) if "response" in data}

    assert told == {"resp_llmgw"}


@pytest.mark.parametrize(
    ("finish", "kind", "reason"),
    [
        (Finish.STOP, "completed", None),
        (Finish.LENGTH, "incomplete", "max_output_tokens"),
        (Finish.CONTENT_FILTER, "incomplete", "content_filter"),
        (Finish.REFUSAL, "incomplete", "content_filter"),
    ],
)
def test_how_it_ends(finish: Finish, kind: str, reason: str | None) -> None:
    end = datas(written(TextDelta("Hi"), Finished(finish)))[-1]

    assert (end["type"], end["response"]["status"]) == (f"response.{kind}", kind)
    assert (end["response"]["incomplete_details"] or {}).get("reason") == reason
    assert end["response"]["output"][0]["status"] == kind


def test_a_refusal_in_words_completes_it() -> None:
    stream = written(TextDelta("Hm."), RefusalDelta("No"), RefusalDelta("."), Finished(Finish.REFUSAL))
    content = datas(stream)[-1]["response"]["output"][0]["content"]

    assert kinds(stream)[-1] == "completed"
    assert [part["type"] for part in content] == ["output_text", "refusal"]
    assert content[1]["refusal"] == "No."


def test_nothing_said_is_a_response_all_the_same() -> None:
    assert kinds(written()) == ["created", "in_progress", "completed"]
    assert kinds(written(HEAD, TextDelta(""), RefusalDelta(""), ReasoningDelta(), ToolDelta(5, "x"))) == kinds(
        written()
    )


def test_how_a_stream_fails_is_for_others_to_say() -> None:
    assert ResponsesEncoder(read_request(REQUEST)).write([Failed(ProviderError(None, "no"))]) == b""


def test_a_call_without_arguments_has_an_empty_object() -> None:
    call = assembled(written(ToolStarted(0, "c", "f"))).output[0]

    assert (call.arguments, call.call_id) == ("{}", "c")


def test_calls_may_overlap() -> None:
    stream = written(
        *(ToolStarted(0, "a", "f"), ToolDelta(0, '{"a":'), ToolStarted(1, "b", "g")),
        *(ToolDelta(0, "1}"), TextDelta("Wait"), ToolDelta(1, '{"b":2}'), ToolStarted(2, "c", "h"), ToolDelta(2, "{}")),
    )
    response = assembled(stream)

    assert [item.type for item in response.output] == ["function_call", "function_call", "message", "function_call"]
    assert [item.arguments for item in response.output if item.type == "function_call"] == ['{"a":1}', '{"b":2}', "{}"]


def test_a_call_is_done_before_the_next_one_begins() -> None:
    stream = written(ToolStarted(0, "a", "f"), ToolDelta(0, "{}"), ToolStarted(1, "b", "g"), ToolDelta(1, "{}"))
    told = kinds(stream)

    assert told.index("output_item.done") < len(told) - 1 - told[::-1].index("output_item.added")


def test_a_proof_on_a_call_stands_before_it() -> None:
    stream = written(ReasoningDelta("so"), ToolStarted(0, "c", "f", "sig", GOOGLE), ToolDelta(0, "{}"))
    unsigned, proof, call = assembled(stream).output

    assert (len(unsigned.summary), unsigned.encrypted_content) == (1, "llmgw..")
    assert (proof.summary, proof.encrypted_content, call.type) == ([], "llmgw.google.sig", "function_call")


THOUGHTS = st.one_of(
    st.builds(lambda text, sign: Reasoning(text, sign, issuer=ANTHROPIC), st.text(), st.text(min_size=1)),
    st.builds(lambda data: Reasoning(redacted=data, issuer=ANTHROPIC), st.text(min_size=1)),
)
PARTS: st.SearchStrategy[AnswerPart] = st.one_of(
    st.builds(Text, st.text(min_size=1)),
    st.builds(Refusal, st.text(min_size=1)),
    st.builds(lambda a: ToolUse("c", "f", json.dumps({"a": a})), st.text()),
    THOUGHTS,
)


def pieces(part: AnswerPart, index: int) -> list[Event]:
    """A part as a provider would tell it, in two pieces."""
    match part:
        case Text(text):
            return [TextDelta(text[:2]), TextDelta(text[2:])]
        case Refusal(text):
            return [RefusalDelta(text[:2]), RefusalDelta(text[2:])]
        case ToolUse():
            half = len(part.arguments) // 2
            told = [ToolDelta(index, part.arguments[:half]), ToolDelta(index, part.arguments[half:])]
            return [ToolStarted(index, f"{part.id}{index}", part.name), *told]
        case Reasoning():
            return [ReasoningDelta(part.text), ReasoningDelta("", part.signature, part.redacted, part.issuer)]


@given(st.lists(PARTS, max_size=6))
def test_whatever_was_said_is_read_again_and_the_sdk_has_it_too(parts: Sequence[AnswerPart]) -> None:
    told = [event for index, part in enumerate(parts) for event in pieces(part, index)]
    answer: Answer = fold([*told, Finished(Finish.STOP)])
    stream = written(*told, Finished(Finish.STOP))
    response = assembled(stream)

    assert answer.parts == fold(read(*sse.split(stream))).parts
    assert "".join(part.text for part in answer.parts if isinstance(part, Text)) == response.output_text


@pytest.mark.parametrize(
    "piece",
    [
        TextDelta("x" * HELD_CHARS_MAX),
        ReasoningDelta("x" * HELD_CHARS_MAX),
        ToolDelta(0, "x" * HELD_CHARS_MAX),
        Cited({"url": "x" * HELD_CHARS_MAX}),
    ],
)
def test_what_is_held_until_the_end_is_bounded(piece: Event) -> None:
    with pytest.raises(UpstreamProtocolError, match="the answer is over"):
        ResponsesEncoder(read_request(REQUEST)).write([ToolStarted(0, "a", "f"), piece, TextDelta("x")])


def test_items_are_bounded() -> None:
    calls = [ToolStarted(n, "a", "f") for n in range(ITEMS_MAX + 1)]

    with pytest.raises(UpstreamProtocolError, match="4096 items"):
        ResponsesEncoder(read_request(REQUEST)).write(calls)
