"""Azure OpenAI: OpenAI's chat behind a first chunk that tells of filters only, and a verdict on each choice."""

from typing import Any

from tests.matrix.upstreams import openai_chat
from tests.matrix.upstreams.openai_chat import read
from tests.matrix.words import Reply
from tests.partners.bodies import sse_event

__all__ = ["broken", "events", "read", "refused", "whole"]
SAFE = {"hate": {"filtered": False, "severity": "safe"}}
FIRST = sse_event(
    {
        "choices": [],
        "created": 0,
        "id": "",
        "model": "",
        "object": "",
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}],
    }
)


def whole(reply: Reply) -> dict[str, Any]:
    answer = openai_chat.whole(reply)
    answer["choices"] = [{**choice, "content_filter_results": SAFE} for choice in answer["choices"]]
    return {**answer, "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}]}


def events(reply: Reply) -> list[bytes]:
    return [FIRST, *openai_chat.events(reply)]


def broken(reply: Reply, message: str) -> list[bytes]:
    return [FIRST, *openai_chat.broken(reply, message)]


def refused(message: str) -> dict[str, Any]:
    return {"error": {"code": "429", "message": message}}
