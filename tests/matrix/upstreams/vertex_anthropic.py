"""Claude on Vertex AI: Anthropic's dialect, with the model in the path and the version in the body."""

from typing import Any

from tests.matrix.upstreams import anthropic_messages
from tests.matrix.upstreams.anthropic_messages import broken, events, refused, whole
from tests.matrix.words import Got

__all__ = ["broken", "events", "read", "refused", "whole"]


def read(body: dict[str, Any]) -> Got:
    assert "model" not in body
    assert body["anthropic_version"].startswith("vertex-")
    return anthropic_messages.read(body)
