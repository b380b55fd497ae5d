import json

import pytest

from llmgw.config import hints
from llmgw.config.problems import KeyPath
from llmgw.config.schema import schema_text
from llmgw.providers.catalog import catalog


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("models", "gpt", "timeout", "total"), "models.*.timeout.total"),
        (("routes", "smart", "fallback", 3, "use"), "routes.*.fallback[].use"),
        (("tests", 0, "request", "model"), "tests[].request.model"),
        (("server", "tls", "cert"), "server.tls.cert"),
        ((), ""),
    ],
)
def test_a_place_is_a_path_without_the_names_of_the_file(path: KeyPath, expected: str) -> None:
    assert hints.place(path) == expected


def test_a_near_word_is_meant_whatever_its_case() -> None:
    assert hints.did_you_mean("Tmeout", ["timeout", "target"]) == "timeout"
    assert hints.did_you_mean("rate-limited", ["rate_limited"]) == "rate_limited"
    assert hints.did_you_mean("zebra", ["timeout"]) is None
    assert hints.did_you_mean("x" * 100_000, ["timeout"]) is None


def test_a_colon_for_a_slash_is_seen_where_a_provider_stands_before_it() -> None:
    assert hints.with_slash("openai:gpt-4o", {"openai"}.__contains__) == "openai/gpt-4o"
    assert hints.with_slash("ollama:llama3.3:70b", {"ollama"}.__contains__) == "ollama/llama3.3:70b"
    assert hints.with_slash("llama3.3:70b", {"openai"}.__contains__) is None
    assert hints.with_slash("openai", {"openai"}.__contains__) is None


def test_secrets_stand_in_providers() -> None:
    assert hints.is_secret_place(("providers", "openai", "api_key"))
    assert hints.is_secret_place(("providers", "openai", "api_key", 1))
    assert hints.is_secret_place(("providers", "openai", "headers", "authorization"))
    assert hints.is_secret_place(("providers", "openai", "proxy"))
    assert not hints.is_secret_place(("providers", "openai", "base_url"))


def test_secrets_stand_in_alerts_and_where_databases_are_named() -> None:
    assert hints.is_secret_place(("budgets", 0, "alert"))
    assert hints.is_secret_place(("budgets", 0, "alert", "webhook"))
    assert hints.is_secret_place(("budgets", 0, "alert", "secret"))
    assert not hints.is_secret_place(("budgets", 0, "alert", "at", 0))
    assert hints.is_secret_place(("state", "ledger"))
    assert hints.is_secret_place(("server", "admin_key"))


@pytest.mark.parametrize(
    ("store", "is_hidden"),
    [
        ("cache.db", False),
        ("./var/cache.db", False),
        ("sqlite://cache.db", False),
        ("redis://localhost:6379/0", False),
        ("redis://:hunter2@localhost", True),
        ("redis://u:12345@localhost", True),
        ("postgres://host/db?password=hunter2", True),
        ("admin:12345", True),
        ("host=db password=hunter2", True),
        (987654321, True),
    ],
)
def test_where_a_cache_lies_is_shown_unless_it_may_hold_a_password(store: object, *, is_hidden: bool) -> None:
    assert hints.may_be_secret(("cache", "store"), store) is is_hidden
    assert hints.may_be_secret(("server", "admin_key"), store)
    assert not hints.may_be_secret(("server", "port"), store)


def test_what_comes_later_is_not_in_the_schema_yet() -> None:
    sections = json.loads(schema_text())["properties"]

    assert not {key for key in hints.LATER if "." not in key and "[" not in key} & set(sections)


def test_every_renaming_says_where_the_word_stands() -> None:
    assert set(hints.RENAMED.values()) == set(hints.WHERE)


def test_words_are_looked_up_in_lower_case() -> None:
    assert all(word == word.lower() for word in (*hints.WORDS, *hints.RENAMED))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("claude-3-haiku", "anthropic/claude-3-haiku"),
        ("mistral-large", "mistral/mistral-large"),
        ("command-r", "cohere/command-r"),
        ("grok-4", "xai/grok-4"),
        ("deepseek-chat", "deepseek/deepseek-chat"),
        ("O3-mini", "openai/O3-mini"),
        ("my-own", None),
    ],
)
def test_a_model_alone_is_known_by_its_family(model: str, expected: str | None) -> None:
    assert hints.with_provider(model) == expected


def test_what_is_said_of_other_products_providers_fits_the_catalogue() -> None:
    assert [name for name in hints.PROVIDERS if name in catalog()] == []
    assert [family for family, maker in hints._MAKERS.items() if maker not in catalog()] == []
