"""What each vendor behind InvokeModel says, at once and in a stream."""

from typing import Any

import pytest

from llmgw.chat.events import Finish
from llmgw.chat.usage import Usage
from llmgw.dialects.bedrock_invoke.vendors import METRICS, Said, read, usage_of

COUNTED = {METRICS: {"inputTokenCount": 3, "outputTokenCount": 2, "cacheReadInputTokenCount": 4}}


@pytest.mark.parametrize(
    ("told", "said", "reason"),
    [
        ({"results": [{"outputText": "Hi", "completionReason": "FINISH"}]}, Said("Hi", "FINISH"), Finish.STOP),
        ({"outputText": "Hi", "index": 0, "completionReason": "LENGTH"}, Said("Hi", "LENGTH"), Finish.LENGTH),
        (
            {"outputText": "", "completionReason": "CONTENT_FILTERED"},
            Said("", "CONTENT_FILTERED"),
            Finish.CONTENT_FILTER,
        ),
        ({"generation": "Hi", "stop_reason": "length"}, Said("Hi", "length"), Finish.LENGTH),
        ({"outputs": [{"text": "Hi", "stop_reason": "stop"}]}, Said("Hi", "stop"), Finish.STOP),
        ({"choices": [{"message": {"content": "Hi"}, "stop_reason": "length"}]}, Said("Hi", "length"), Finish.LENGTH),
        ({"choices": [{"delta": {"content": "Hi"}, "finish_reason": None}]}, Said("Hi"), Finish.STOP),
        ({"choices": [{"text": "Hi", "stop_reason": "stop"}]}, Said("Hi", "stop"), Finish.STOP),
        ({"choices": []}, Said(), Finish.STOP),
        ({"generations": [{"text": "Hi", "finish_reason": "MAX_TOKENS"}]}, Said("Hi", "MAX_TOKENS"), Finish.LENGTH),
        ({"text": "Hi", "is_finished": False}, Said("Hi"), Finish.STOP),
        ({"is_finished": True, "finish_reason": "ERROR_TOXIC"}, Said("", "ERROR_TOXIC"), Finish.CONTENT_FILTER),
        ({"event_type": "text-generation", "text": "Hi"}, Said("Hi"), Finish.STOP),
        ({"event_type": "stream-end", "text": "Hi", "finish_reason": "COMPLETE"}, Said("", "COMPLETE"), Finish.STOP),
        (
            {"completions": [{"data": {"text": "Hi"}, "finishReason": {"reason": "endoftext"}}]},
            Said("Hi", "endoftext"),
            Finish.STOP,
        ),
        (
            {"completion": " Hi", "stop_reason": "stop_sequence", "stop": "\n\nHuman:"},
            Said(" Hi", "stop_sequence", "\n\nHuman:"),
            Finish.STOP,
        ),
        (
            {"completion": " Hi", "stop_reason": "stop_sequence", "stop": "X"},
            Said(" Hi", "stop_sequence", "X"),
            Finish.STOP_SEQUENCE,
        ),
        ({"results": "odd"}, Said(), Finish.STOP),
    ],
)
def test_each_is_understood(told: dict[str, Any], said: Said, reason: Finish) -> None:
    assert said == read(told)
    assert (reason, False) == (said.end.reason, said.end.is_unknown)


def test_others_are_not() -> None:
    assert read({"answer": "Hi"}) is None


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"outputText": "", **COUNTED}, Usage(7, 2, 4)),
        ({"generation": "", "prompt_token_count": None, **COUNTED}, Usage(7, 2, 4)),
        ({"generation": "", "prompt_token_count": 5, "generation_token_count": 1}, Usage(5, 1)),
        ({"inputTextTokenCount": 28.0, "results": [{"tokenCount": 197.0}]}, Usage(28, 197)),
        ({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 1}}, Usage(5, 1)),
        ({"outputText": "Hi", "inputTextTokenCount": 3}, None),
        ({"completion": "Hi"}, None),
    ],
)
def test_usage_is_read_where_it_is_told(told: dict[str, Any], usage: Usage | None) -> None:
    assert usage == usage_of(told)
