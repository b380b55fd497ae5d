"""An answer at once is the events of a stream that would have said the same."""

from base64 import b64encode
from typing import Any

import pytest

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.events import Finish
from llmgw.chat.signatures import ANTHROPIC
from llmgw.chat.usage import Usage
from llmgw.dialects.bedrock_converse.answers import read_events
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.partners.bodies import encode

USAGE = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}


def answer(*content: dict[str, Any], **more: Any) -> Answer:
    output = {"message": {"role": "assistant", "content": list(content)}}
    return fold(read_events(encode({"output": output, "stopReason": "end_turn", "usage": USAGE, **more})))


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"text": "Hi"}, Text("Hi")),
        ({"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}}, ToolUse("t", "f", '{"a":1}')),
        ({"toolUse": {"toolUseId": "t", "name": "f", "type": "tool_use"}}, ToolUse("t", "f", "{}")),
        (
            {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "s"}}},
            Reasoning("Hm", "s", issuer=ANTHROPIC),
        ),
        ({"reasoningContent": {"reasoningText": {"text": "Hm"}}}, Reasoning("Hm")),
        (
            {"reasoningContent": {"redactedContent": b64encode(b"RXU=").decode()}},
            Reasoning(redacted="RXU=", issuer=ANTHROPIC),
        ),
        (
            {"citationsContent": {"content": [{"text": "a"}, {"text": "b"}], "citations": [{"location": {"web": {}}}]}},
            Text("ab"),
        ),
    ],
)
def test_each_kind_of_block_is_a_part(block: dict[str, Any], part: object) -> None:
    assert answer(block).parts == (part,)


@pytest.mark.parametrize(
    "block",
    [
        {"toolUse": {"toolUseId": "t", "name": "search", "input": {}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "t", "content": [{"text": "x"}]}},
        {"somethingNew": {"text": "x"}},
        {"text": ""},
    ],
)
def test_what_has_no_word_is_passed_over(block: dict[str, Any]) -> None:
    assert answer(block).parts == ()


def test_the_end_is_told_with_its_sequence_and_the_usage() -> None:
    told = answer({"text": "Hi"}, stopReason="stop_sequence", additionalModelResponseFields={"stop_sequence": "X"})

    assert (told.finish, told.stop_sequence, told.usage) == (Finish.STOP_SEQUENCE, "X", Usage(1, 2))


def test_a_guardrails_trace_stays_behind() -> None:
    told = answer(
        {"text": "{ADDRESS}"}, stopReason="guardrail_intervened", trace={"guardrail": {"modelOutput": "Rome"}}
    )

    assert told.finish is Finish.CONTENT_FILTER
    assert "Rome" not in repr(told)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"no", FailureClass.PROTOCOL),
        (b"[]", FailureClass.PROTOCOL),
        (b"{}", FailureClass.PROTOCOL),
        (b'{"output":{"message":{"content":5}}}', FailureClass.PROTOCOL),
        (b'{"__type":"ThrottlingException","message":"slow"}', FailureClass.RATE_LIMITED),
    ],
)
def test_what_is_no_answer_is_told(body: bytes, failure: FailureClass) -> None:
    with pytest.raises(UpstreamProtocolError) as told:
        read_events(body)

    assert told.value.failure is failure
