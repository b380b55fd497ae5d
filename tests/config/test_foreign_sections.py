"""What others write as a section of their own is told in our words, with what it says."""

from importlib.machinery import ModuleSpec
from typing import Any

import pytest

from llmgw.config.foreign_sections import in_our_words
from llmgw.config.problems import KeyPath
from llmgw.providers import embedding_libraries
from tests.graph.files import MODELS, problems, sound

SEMANTIC = "mode: semantic, embed: openai/text-embedding-3-small"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("litellm_settings",), {"cache": True}, "{name: faq, ttl: 1h}"),
        (
            ("litellm_settings",),
            {"cache": True, "cache_params": {"type": "redis", "ttl": 600}},
            "{name: faq, ttl: 600s}",
        ),
        (
            ("litellm_settings",),
            {"cache": True, "cache_params": {"type": "qdrant-semantic", "similarity_threshold": 0.8}},
            f"{{name: faq, {SEMANTIC}, threshold: 0.8, ttl: 1h}}",
        ),
        (("router_settings",), {"cache_responses": True}, "{name: faq, ttl: 1h}"),
        (
            ("cache_params",),
            {"type": "disk", "ttl": 60.5},
            "{store: sqlite:///cache.db, rules: [{name: faq, ttl: 60s}]}",
        ),
        (("models", "gpt", "cache"), {"mode": "simple", "max_age": 60}, "{name: faq, mode: exact, ttl: 60s}"),
        (("routes", "r", "cache"), True, "{name: faq, ttl: 1h}"),
        (("cache", "mode"), "simple", "{name: faq, mode: exact, ttl: 1h}"),
        (("cache", "mode"), "semantic", f"{{name: faq, {SEMANTIC}, ttl: 1h}}"),
        (("cache", "max_age"), 604_800, "{name: faq, ttl: 604800s}"),
        (("cache", "max_age"), True, "{name: faq, ttl: 1h}"),
        (("cache", "max_age"), "a secret", "{name: faq, ttl: 1h}"),
    ],
)
def test_what_they_keep_and_for_how_long_becomes_a_rule(path: KeyPath, value: Any, expected: str) -> None:
    assert expected in (in_our_words(path, value) or "")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("litellm_settings",), {"drop_params": True}),
        (("litellm_settings",), {"cache": False, "cache_params": {"ttl": 5}}),
        (("litellm_settings",), ["cache"]),
        (("cache", "rules", 0, "mode"), "simple"),
        (("model_list",), "gpt"),
        (("models", "gpt", "mode"), "chat"),
    ],
)
def test_of_others_nothing_is_known(path: KeyPath, value: Any) -> None:
    assert in_our_words(path, value) is None


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (
            "litellm_settings: {cache: true, cache_params: {type: redis, ttl: 600}}",
            "(here it is cache: {rules: [{name: faq, ttl: 600s}]}; the other settings stand in their own sections)",
        ),
        ("cache: {mode: simple}", "(it belongs to a rule: cache: {rules: [{name: faq, mode: exact, ttl: 1h}]})"),
        ("cache: {max_age: 60}", "(it belongs to a rule: cache: {rules: [{name: faq, ttl: 60s}]})"),
    ],
)
def test_a_file_with_such_a_section_is_told_what_to_write(section: str, expected: str) -> None:
    (problem,) = problems(f"{MODELS}{section}\n")

    assert problem.endswith(expected)


@pytest.mark.parametrize("value", [{"mode": "semantic", "max_age": 60}, {"mode": "simple"}, {"type": "disk"}, True])
def test_what_it_says_is_a_rule_that_our_file_takes(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_libraries, "find_spec", lambda name: ModuleSpec(name, None))
    ours = (in_our_words(("cache_params",), value) or "").removeprefix("here it is ")

    assert sound(f"{MODELS}{ours}\n", {"OPENAI_API_KEY": "sk-x"}).cache.rules != ()
