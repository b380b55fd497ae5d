"""What a caller hears who has the wrong path."""

import pytest

from llmgw.server.unknown_path import unknown_path


@pytest.mark.parametrize(
    "path", ["/v1/v1/chat/completions", "/v1/v1/models", "/openai/v1/v1/chat/completions", "/v1/v1"]
)
def test_the_base_url_may_have_one_v1_too_many(path: str) -> None:
    assert f"no endpoint {path}: it has /v1 twice" in unknown_path(path).message


@pytest.mark.parametrize(
    ("path", "doubled"),
    [
        ("/v1beta/v1beta/models/chat:generateContent", "/v1beta/v1beta"),
        ("/v1beta/v1/models", "/v1beta/v1"),
        ("/v1/v1beta/models/chat:streamGenerateContent", "/v1/v1beta"),
    ],
)
def test_the_base_url_may_have_a_version_of_googles_too_many(path: str, doubled: str) -> None:
    told = unknown_path(path).message

    assert f"no endpoint {path}: it has {doubled}, because the client adds a version of its own; leave yours" in told


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/embeddings", "embeddings"),
        ("/v1/embeddings/", "embeddings"),
        ("/v1/conversations/c1", "conversations"),
        ("/v1/images/generations", "images"),
        ("/v1/audio/transcriptions", "audio"),
        ("/openai/deployments/mine/embeddings", "embeddings"),
        ("/v1beta/interactions", "interactions"),
        ("/v1beta/models/m:embedContent", "embedContent"),
        ("/v1beta/models/m:batchEmbedContents", "batchEmbedContents"),
        ("/v1/responses/input_tokens", "responses/input_tokens"),
        ("/v1/responses/compact", "responses/compact"),
    ],
)
def test_other_apis_are_not_here_yet(path: str, name: str) -> None:
    assert f"no endpoint {path}: {name} is not in this version yet; there are: POST" in unknown_path(path).message


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/v1/responses/resp_1", "responses"),
        ("/v1/responses/resp_1/cancel", "responses"),
        ("/openai/v1/responses/resp_1/input_items", "responses"),
        ("/v1/chat/completions/chatcmpl-1", "completions"),
    ],
)
def test_nothing_is_stored_yet(path: str, what: str) -> None:
    assert f"no endpoint {path}: stored {what} are not in this version yet;" in unknown_path(path).message


@pytest.mark.parametrize(
    ("path", "ours"), [("/health", "/healthz"), ("/health/", "/healthz"), ("/ping", "/healthz"), ("/ready", "/readyz")]
)
def test_health_has_many_names(path: str, ours: str) -> None:
    assert f"no endpoint {path}: here it is {ours};" in unknown_path(path).message


@pytest.mark.parametrize("path", ["/", "//", "/v1", "/v2/models", "/v1/chat/completion", "/v1/completions", "/\udcff"])
def test_of_others_nothing_is_guessed(path: str) -> None:
    assert unknown_path(path).message.startswith(f"no endpoint {path}; there are: POST /v1/chat/completions")
