"""Embeddings of a target, over real sockets: what goes out, what comes back, and how it fails."""

import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.system import SystemClock
from llmgw.adapters.target_embedder import ANSWER_BYTES_MAX, TargetEmbedder, fault
from llmgw.adapters.upstreams import Upstreams
from llmgw.chat.usage import Usage
from llmgw.errors import EmbeddingError
from llmgw.graph.model import Target
from tests.partners.embeddings_upstream import KEY, SIZE, EmbeddingsUpstream, embedding, vector_of


@pytest.fixture
async def partner() -> AsyncIterator[EmbeddingsUpstream]:
    async with embedding() as upstream:
        yield upstream


@pytest.fixture
async def upstreams() -> AsyncIterator[Upstreams]:
    found = Upstreams(SystemClock())
    yield found
    await found.close()


def target(url: str, like: str = "openai", model: str = "p/m", more: str = "") -> Target:
    config = f"""
providers: {{p: {{like: {like}, base_url: "{url}", api_key: "${{KEY}}"}}}}
models: {{one: {{target: {model}{more}}}}}
"""
    return build([Text("config.yaml", config)], {"KEY": KEY}, need_secrets=True).checked().targets["one"]


async def test_a_text_becomes_a_vector_of_length_1(partner: EmbeddingsUpstream, upstreams: Upstreams) -> None:
    told = await TargetEmbedder(target(partner.url), upstreams).embed("how are you")

    assert struct.unpack(f"<{SIZE}f", told.vector) == pytest.approx(vector_of("how are you"))
    assert told.usage == Usage(input_tokens=3)
    path, headers, body = partner.requests[0]
    assert (path, body) == ("/embeddings", {"model": "m", "input": ["how are you"]})
    assert headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("like", "path", "header"),
    [
        ("gemini", "/models/m:embedContent", "x-goog-api-key"),
        ("cohere", "/v2/embed", "authorization"),
    ],
)
async def test_each_provider_is_asked_in_its_own_way(
    partner: EmbeddingsUpstream, upstreams: Upstreams, like: str, path: str, header: str
) -> None:
    told = await TargetEmbedder(target(partner.url, like), upstreams).embed("how are you")

    assert (len(told.vector), told.usage) == (4 * SIZE, Usage(input_tokens=3))
    assert partner.requests[0][0] == path
    assert KEY in partner.requests[0][1][header]


async def test_the_file_may_set_fields(partner: EmbeddingsUpstream, upstreams: Upstreams) -> None:
    one = target(partner.url, more=", set: {dimensions: 64}, drop: [input_type]")
    await TargetEmbedder(one, upstreams).embed("a")

    assert partner.requests[0][2] == {"model": "m", "input": ["a"], "dimensions": 64}


async def failure(one: Target, upstreams: Upstreams, within_s: float = 2.0) -> EmbeddingError:
    with pytest.raises(EmbeddingError) as caught:
        await TargetEmbedder(one, upstreams, within_s).embed("a")
    return caught.value


async def test_it_takes_no_longer_than_it_may(partner: EmbeddingsUpstream, upstreams: Upstreams) -> None:
    partner.delay_s = 1.0
    error = await failure(target(partner.url), upstreams, within_s=0.05)

    assert (str(error), error.may_be_billed) == ("one: no vector within 0.05 s", True)


async def test_an_error_says_who_and_why_but_no_secret(partner: EmbeddingsUpstream, upstreams: Upstreams) -> None:
    partner.status, partner.answer = 401, {"error": {"message": f"bad key {KEY}"}}
    error = await failure(target(partner.url), upstreams)

    assert (str(error), error.may_be_billed) == ("one: 401 bad key ***", False)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"{", "one: the answer cannot be read"),
        ({"data": [{"embedding": []}]}, "one: a vector of 0 numbers"),
        ({"data": [{"embedding": [0.0, 0.0]}]}, "one: a vector of length 0"),
        ({"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]}, "one: 2 vectors for one text"),
        (b" " * (ANSWER_BYTES_MAX + 1), f"one: the answer is over {ANSWER_BYTES_MAX} bytes"),
    ],
)
async def test_what_is_no_vector_is_told(
    partner: EmbeddingsUpstream, upstreams: Upstreams, answer: Any, expected: str
) -> None:
    partner.answer = answer
    error = await failure(target(partner.url), upstreams)

    assert str(error).startswith(expected)
    assert error.may_be_billed


async def test_nobody_there_bills_nothing(upstreams: Upstreams) -> None:
    error = await failure(target("http://127.0.0.1:9"), upstreams)

    assert "cannot be reached" in str(error)
    assert not error.may_be_billed


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{models: {one: {target: anthropic/m}}}", "provider anthropic has no embeddings that llmgw can ask for"),
        ("{models: {one: simulator/m}}", "the simulator has no embeddings"),
        (
            "{providers: {p: {like: openai, auth: client}}, models: {one: p/m}}",
            "it is called with its caller's own credential, and an embedding is ours",
        ),
        ("{models: {one: ollama/m}}", None),
    ],
)
def test_some_targets_cannot(config: str, expected: str | None) -> None:
    one = build([Text("config.yaml", config)], {"ANTHROPIC_API_KEY": "k"}, need_secrets=False).graph.targets["one"]

    assert fault(one) == expected
