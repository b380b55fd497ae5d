"""Claude on Vertex AI is Anthropic's own dialect but for the model's place and a version."""

import json

from llmgw.chat.request import Edits
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.providers.catalog import dialect
from llmgw.providers.claude import anthropic_vertex
from tests.partners.bodies import encode

EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)


def test_the_path_tells_the_model_and_the_body_a_version() -> None:
    body = anthropic_vertex.enclose(encode({"model": "m", "stream": True, "messages": []}), EDITS)

    assert json.loads(body) == {"stream": True, "messages": [], "anthropic_version": "vertex-2023-10-16"}


def test_it_streams_as_anthropic_does_and_takes_its_beta_header() -> None:
    assert anthropic_vertex.framing is anthropic_messages.framing
    assert anthropic_vertex.envelope.headers == {"anthropic-beta"}


def test_the_catalogue_knows_it() -> None:
    assert dialect("anthropic_vertex") is anthropic_vertex
