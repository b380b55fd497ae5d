"""Which dialect is spoken where, in errors too."""

import pytest

from llmgw.server.spoken import CHAT_PATHS, spoken_at
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import raw_client
from tests.served import served
from tests.server.routes import chain

ANTHROPICS = {"anthropic-version": "2023-06-01"}


@pytest.mark.parametrize("path", CHAT_PATHS)
def test_every_chat_path_has_its_dialect(path: str) -> None:
    assert CHAT_PATHS[path] is spoken_at(path, {}) is spoken_at(f"{path}/", {})


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/v1/models", {}, "openai_chat"),
        ("/v1/messages/count_tokens", {}, "anthropic_messages"),
        ("/v1/models", ANTHROPICS, "anthropic_messages"),
        ("/v1/models/nobody", ANTHROPICS, "anthropic_messages"),
        ("/v1/chat/completions", ANTHROPICS, "openai_chat"),
        ("/v1/nothing", ANTHROPICS, "openai_chat"),
        ("/", {}, "openai_chat"),
    ],
)
def test_shared_paths_are_told_apart_by_the_headers_of_the_sdk(path: str, headers: dict[str, str], name: str) -> None:
    assert name == spoken_at(path, headers).name


@pytest.mark.parametrize("body", [b"{", b'{"model":"nobody","max_tokens":1,"messages":[]}', b'{"model":5}'])
async def test_errors_are_in_the_dialect_of_the_path(upstream: FaultUpstream, body: bytes) -> None:
    async with served(chain(upstream.url)) as gateway, raw_client(gateway.url) as client:
        await client.post("/v1/messages", body)
        anthropics = await client.read_answer()
        await client.post("/v1/chat/completions", body)
        openais = await client.read_answer()

    assert anthropics.status == openais.status
    assert (anthropics.json["type"], set(openais.json)) == ("error", {"error"})
    assert anthropics.json["error"]["type"] in {"invalid_request_error", "not_found_error"}
