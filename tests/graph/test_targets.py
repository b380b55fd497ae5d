from dataclasses import replace

import pytest

from llmgw.chat.unsupported import Policy
from llmgw.config.model import Duration, RetryEntry, TimeoutEntry
from llmgw.config.secrets import Secret
from llmgw.config.units import duration_s
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.graph.model import Retry, Target, TimeLimits
from llmgw.graph.targets import retry, time_limits
from tests.graph.files import sound


def target(entry: str, providers: str = "{}") -> Target:
    return sound(f"providers: {providers}\nmodels: {{m: {entry}}}", {"OPENAI_API_KEY": "k"}).targets["m"]


def test_everything_a_call_needs_is_there() -> None:
    found = target("{target: openai/gpt-4o, context_window: 9, max_output: 3}")

    assert (found.id, found.provider, found.wires[0].url) == (
        "m",
        "openai",
        "https://api.openai.com/v1/chat/completions",
    )
    assert (found.context_window, found.max_output) == (9, 3)
    assert found.edits.cap_field == "max_completion_tokens"


def test_values_of_the_body_are_encoded_once() -> None:
    edits = target("{target: openai/x, set: {store: false}, default: {stop: [a, 1.5, null]}, drop: [user]}").edits

    assert {name: bytes(value) for name, value in edits.set.items()} == {"store": b"false"}
    assert {name: bytes(value) for name, value in edits.default.items()} == {"stop": b'["a",1.5,null]'}
    assert (edits.model, edits.drop, edits.ask_usage) == ("x", frozenset({"user"}), True)


def test_what_a_provider_does_not_take_is_dropped_or_refused() -> None:
    drops = target("p/x", "{p: {like: mistral, api_key: k}}")
    refuses = target("{target: p/x, drop: [seed]}", "{p: {like: mistral, api_key: k, unsupported: error}}")

    assert drops.edits.drop == drops.unsupported == frozenset({"logit_bias", "logprobs", "store", "user"})
    assert drops.edits.policy is Policy.USUAL
    assert refuses.edits.policy is Policy.ERROR
    assert not refuses.edits.ask_usage


def test_headers_of_the_file_win_over_the_rows_in_any_spelling() -> None:
    found = target("p/x", '{p: {like: openai, api_key: k, headers: {Authorization: "Basic x", X-A: "1"}}}')

    assert {name: value.reveal() for name, value in found.headers.items()} == {"authorization": "Basic x", "x-a": "1"}
    assert "Basic" not in repr(found)


def test_what_the_caller_may_say_otherwise_and_where_tokens_are_counted() -> None:
    provider = "{p: {like: anthropic, api_key: k%s}}"
    usual = target("p/x", provider % "")
    fixed = target("p/x", provider % ", headers: {Anthropic-Version: v}")

    assert (usual.default_headers, fixed.default_headers) == (frozenset({"anthropic-version"}), frozenset())
    assert usual.count is not None
    assert usual.count.url == "https://api.anthropic.com/v1/messages/count_tokens"
    assert usual.concrete("y").count == usual.count
    assert (target("openai/x").count, target("openai/x").concrete("y").count) == (None, None)


def test_counts_have_no_envelope() -> None:
    claude = target("p/claude-x", "{p: {like: vertex-anthropic, api_key: k, project: mine, region: us-east5}}")

    assert claude.count is not None
    assert claude.count.dialect is anthropic_messages
    assert claude.count.url.endswith("/locations/us-east5/publishers/anthropic/models/count-tokens:rawPredict")


def test_where_a_provider_takes_back_thoughts_is_its_rows() -> None:
    assert target("openai/x").edits.thoughts_field == ""
    assert target("p/x", "{p: {like: deepseek, api_key: k}}").edits.thoughts_field == "reasoning_content"


def test_what_is_secret_in_the_headers_is_known() -> None:
    text = """
        providers:
          p: {like: openai, base_url: "http://h", api_key: sk-own-key-1, headers: {x-team: research-production,
              x-from: "${FROM}", cookie: sid=12345678}}
        models: {m: p/m}
    """
    target = sound(text, {"FROM": "elsewhere"}).targets["m"]

    assert {value.reveal() for value in target.secrets} == {"sk-own-key-1", "elsewhere", "sid=12345678"}


def test_a_model_name_is_quoted_in_a_url() -> None:
    found = target('"p/a/../c?d"', '{p: {like: azure, base_url: "https://h", api_key: k, api_version: "1&2"}}')

    assert found.wires[0].url == "https://h/openai/deployments/a%2F..%2Fc%3Fd/chat/completions?api-version=1%262"


def test_a_star_is_filled_in_quoted_where_it_must_be() -> None:
    graph = sound('providers: {p: {like: azure, base_url: "https://h", api_key: k}}\nmodels: {"m-*": p/d-*}')
    found = graph.targets["m-*"].concrete("a/b ü*")

    assert (
        found.wires[0].url == "https://h/openai/deployments/d-a%2Fb%20%C3%BC*/chat/completions?api-version=2024-10-21"
    )
    assert (found.id, found.edits.model) == ("m-a/b ü*", "d-a/b ü*")
    assert replace(found, id="", edits=found.edits).provider == "p"


def test_limits_are_inherited_field_by_field() -> None:
    near = TimeoutEntry(connect=Duration(1))
    far = TimeoutEntry(connect=Duration(2), idle=Duration(duration_s("500ms")))

    assert time_limits([near, far], local=False) == TimeLimits(connect_s=1, idle_s=0.5)
    assert time_limits([], local=True) == TimeLimits(first_token_s=300)
    assert time_limits([TimeoutEntry(first_token=Duration(7))], local=True).first_token_s == 7


def test_retries_are_inherited_field_by_field() -> None:
    assert retry([RetryEntry(attempts=1), RetryEntry(attempts=5, backoff=Duration(0))]) == Retry(1, 0, 8)
    assert retry([]) == Retry(2, 0.25, 8)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("openai/gpt-5", True),
        ("openai/o3", True),
        ("openai/gpt-5-chat-latest", False),
        ("openai/gpt-4o", False),
        ("{target: openai/gpt-5, lacks: [thinking]}", False),
        ("p/llama-3.3-70b-versatile", False),
        ("p/openai/gpt-oss-120b", True),
        ("o/qwen3:8b", True),
        ("o/llama3.3", False),
        ("d/deepseek-chat", False),
        ("c/claude-3-haiku", True),  # the dialect knows them
        ("{target: c/claude-3-haiku, lacks: [thinking]}", False),
    ],
)
def test_who_is_told_how_much_to_think(entry: str, expected: bool) -> None:
    providers = ", ".join(
        f"{name}: {{like: {like}, api_key: k}}"
        for name, like in {"p": "groq", "d": "deepseek", "c": "anthropic", "o": "ollama-cloud"}.items()
    )
    found = target(entry, f"{{{providers}}}")

    assert (found.edits.takes_effort, found.lacks) == (expected, frozenset())


def test_of_a_pattern_each_name_is_looked_at() -> None:
    found = sound('models: {"m-*": "openai/*"}', {"OPENAI_API_KEY": "k"}).targets["m-*"]

    assert (found.concrete("gpt-5").edits.takes_effort, found.concrete("gpt-4o").edits.takes_effort) == (True, False)


def test_each_of_several_keys_is_one_to_choose_and_changes_nothing_else() -> None:
    found = target("openai/gpt-4o", "{openai: {api_key: [one, two]}}")
    single = target("openai/gpt-4o", "{openai: {api_key: one}}")

    assert [(key.name, key.headers) for key in found.credentials] == [
        ("openai#1", {"authorization": Secret("Bearer one")}),
        ("openai#2", {"authorization": Secret("Bearer two")}),
    ]
    assert (found.headers, found.secrets) == (single.headers, (Secret("one"), Secret("two")))
    assert (single.credentials, found.fingerprint) == ((), single.fingerprint)
