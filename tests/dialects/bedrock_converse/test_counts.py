"""What was cached stands beside the input, under one of two names."""

from typing import Any

import pytest

from llmgw.chat.usage import Usage
from llmgw.dialects.bedrock_converse.counts import read_usage


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}, Usage(3, 2)),
        ({"inputTokens": 3, "outputTokens": 2, "cacheReadInputTokens": 7}, Usage(10, 2, 7)),
        ({"inputTokens": 3, "cacheReadInputTokens": 7, "cacheReadInputTokenCount": 7}, Usage(10, 0, 7)),
        (
            {"inputTokens": 1, "outputTokens": 2, "cacheReadInputTokenCount": 4, "cacheWriteInputTokenCount": 8},
            Usage(13, 2, 4, 0, 8),
        ),
        (
            {
                "inputTokens": 1,
                "cacheWriteInputTokens": 8,
                "cacheDetails": [{"ttl": "5m", "inputTokens": 5}, {"ttl": "1h", "inputTokens": 3}, 5],
            },
            Usage(9, 0, 0, 0, 8, 3),
        ),
        ({"inputTokens": 1, "cacheDetails": 5}, Usage(1)),
        ({"inputTokens": "many", "outputTokens": True}, Usage()),
        ({"serverToolUsage": {}}, None),
        (None, None),
        ([], None),
    ],
)
def test_usage_is_read_by_class(told: Any, usage: Usage | None) -> None:
    assert usage == read_usage(told)
