"""Where nobody counts, the estimate is told: settings are no part of it, and pictures count as pictures."""

from typing import Any

import pytest

from llmgw.chat.counting import estimated
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from tests.partners.bodies import encode

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x" * 400_000}}


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"messages": []}, 0),
        ({"messages": [{"role": "user", "content": "four " * 100}]}, 95),
        ({"messages": [], "system": "four " * 100}, 93),
        ({"messages": [], "max_tokens": 9, "metadata": {"user_id": "x" * 400}, "stream": True}, 0),
        ({"messages": [{"role": "user", "content": [PICTURE]}]}, 1620),
    ],
)
def test_about_so_many(fields: dict[str, Any], tokens: int) -> None:
    assert tokens == estimated(anthropic_messages.read_request(encode({"model": "m", **fields})))
