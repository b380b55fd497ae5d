"""Claude behind Bedrock's InvokeModel: Anthropic's body, its stream in binary frames around base64."""

from typing import Any

from tests.matrix.upstreams import anthropic_messages
from tests.matrix.upstreams.anthropic_messages import whole
from tests.matrix.upstreams.bedrock_converse import refused
from tests.matrix.words import INPUT_TOKENS, OUTPUT_TOKENS, Got, Reply
from tests.partners.event_stream import chunk, exception

__all__ = ["broken", "events", "read", "refused", "whole"]
METRICS = {"inputTokenCount": INPUT_TOKENS, "outputTokenCount": OUTPUT_TOKENS, "invocationLatency": 1}


def events(reply: Reply) -> list[bytes]:
    data = anthropic_messages.data(reply)
    data[-1] = {**data[-1], "amazon-bedrock-invocationMetrics": METRICS}
    return [chunk(**one) for one in data if one["type"] != "ping"]


def broken(reply: Reply, message: str) -> list[bytes]:
    return [*events(reply)[:-3], exception("modelStreamErrorException", message)]


def read(body: dict[str, Any]) -> Got:
    """Neither the model nor the wish for a stream is in the body: both are in the path."""
    assert not {"model", "stream"} & set(body)
    assert body["anthropic_version"].startswith("bedrock-")
    return anthropic_messages.read(body)
