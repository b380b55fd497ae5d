"""Which dialect is spoken where, in errors too."""

import pytest

from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import InvalidRequestError
from llmgw.server.spoken import CHAT_PATHS, COUNT_PATHS, counted_at, said_in, spoken_at
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import raw_client
from tests.served import served
from tests.server.routes import chain

ANTHROPICS = {"anthropic-version": "2023-06-01"}
GOOGLES = {"x-goog-api-key": "k"}


@pytest.mark.parametrize("path", CHAT_PATHS)
def test_every_chat_path_has_its_dialect(path: str) -> None:
    assert CHAT_PATHS[path] is spoken_at(path, {}) is spoken_at(f"{path}/", {})


@pytest.mark.parametrize("path", COUNT_PATHS)
def test_where_tokens_are_counted_the_same_dialect_is_spoken(path: str) -> None:
    assert counted_at(path) is counted_at(f"{path}/") is spoken_at(path, {})
    assert counted_at(path.replace("/count_tokens", "").replace(":countTokens", ":generateContent")) is None


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/v1/models", {}, "openai_chat"),
        ("/v1/messages/count_tokens", {}, "anthropic_messages"),
        ("/v1/models", ANTHROPICS, "anthropic_messages"),
        ("/v1/models/nobody", ANTHROPICS, "anthropic_messages"),
        ("/v1/chat/completions", ANTHROPICS, "openai_chat"),
        ("/v1/completions", ANTHROPICS, "openai_completions"),
        ("/v1/responses/resp_1", {}, "openai_responses"),
        ("/v1/nothing", ANTHROPICS, "openai_chat"),
        ("/v1beta/models", {}, "gemini_generate"),
        ("/v1beta/models/nobody:countTokens", {}, "gemini_generate"),
        ("/gemini/v1beta/models/nobody", {}, "gemini_generate"),
        ("/v1/models", GOOGLES, "gemini_generate"),
        ("/v1/chat/completions", GOOGLES, "openai_chat"),
        ("/", {}, "openai_chat"),
    ],
)
def test_shared_paths_are_told_apart_by_the_headers_of_the_sdk(path: str, headers: dict[str, str], name: str) -> None:
    assert name == spoken_at(path, headers).name


@pytest.mark.parametrize(
    ("path", "parts", "query", "said"),
    [
        ("/v1/chat/completions", {}, {}, ("", None)),
        ("/openai/deployments/d/chat/completions", {"deployment": "d"}, {}, ("d", None)),
        ("/v1beta/models/m:generateContent", {"model": "m"}, {"alt": "json"}, ("m", False)),
        ("/v1beta/models/m:countTokens", {"model": "m"}, {}, ("m", False)),
        ("/v1beta/models/m:streamGenerateContent/", {"model": "m"}, {"alt": "sse"}, ("m", True)),
        ("/v1beta/models/m:streamGenerateContent", {"model": "m"}, {"$alt": "sse"}, ("m", True)),
        ("/v1beta/models/m:streamGenerateContent", {"model": "m"}, {"$alt": "sse;enum-encoding=int"}, ("m", True)),
        ("/v1/x:generateContent", {"model": "m", "publisher": "google"}, {}, ("m", False)),
        ("/v1/x:generateContent", {"model": "m", "publisher": "org"}, {}, ("org/m", False)),
    ],
)
def test_some_paths_say_the_model_and_whether_to_stream(
    path: str, parts: dict[str, str], query: dict[str, str], said: tuple[str, bool | None]
) -> None:
    assert said == said_in(path, parts, query)


@pytest.mark.parametrize("query", [{}, {"alt": "json"}, {"$alt": "json;enum-encoding=int"}, {"alt": "essen"}])
def test_a_stream_as_a_list_is_refused_with_the_remedy(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match=r"add \?alt=sse"):
        said_in("/v1beta/models/m:streamGenerateContent", {"model": "m"}, query)


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


@pytest.mark.parametrize("name", ["messages", "completions", "responses", "models", "x"])
def test_administrators_are_told_in_openais_words_whatever_keys_are_called(name: str) -> None:
    assert spoken_at(f"/admin/keys/{name}", ANTHROPICS) is openai_chat
