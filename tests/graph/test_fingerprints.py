"""The fingerprint of a target: another one whenever something else is asked, or somebody else."""

import pytest

from llmgw.graph.model import Target
from tests.graph.files import sound

ENV = {"OPENAI_API_KEY": "sk-one", "TEAM_HEADER": "search"}
USUAL = "models: {gpt: openai/gpt-4o-mini}\n"


def target(text: str, env: dict[str, str] | None = None, name: str = "gpt") -> Target:
    return sound(text, ENV if env is None else env).targets[name]


def fingerprint(text: str, env: dict[str, str] | None = None) -> str:
    return target(text, env).fingerprint


def at(provider: str, model: str = "gpt: openai/gpt-4o-mini") -> str:
    return f"models: {{{model}}}\nproviders: {{openai: {{{provider}}}}}\n"


def with_model(more: str) -> str:
    return f"models: {{gpt: {{target: openai/gpt-4o-mini, {more}}}}}\n"


def test_the_same_file_gives_the_same() -> None:
    assert fingerprint(USUAL) == fingerprint(USUAL)
    assert len(fingerprint(USUAL)) == 32


@pytest.mark.parametrize(
    "text",
    [
        "models: {gpt: openai/gpt-4o}",
        "models: {gpt: openrouter/gpt-4o-mini}",
        with_model("set: {temperature: 0}"),
        with_model("default: {temperature: 0}"),
        with_model("drop: [seed]"),
        with_model("lacks: [thinking]"),
        at("base_url: 'https://other/v1'"),
        at("headers: {x-team: search}"),
        at("headers: {x-team: '${TEAM_HEADER}'}"),
        at("speaks: [openai_chat]"),
        at("unsupported: error"),
        at("auth: client"),
        "models: {gpt: o/gpt-4o-mini}\nproviders: {o: {like: simulator}}",
        "models: {gpt: o/gpt-4o-mini}\nproviders: {o: {like: simulator, simulate: {output_tokens: 5}}}",
    ],
)
def test_what_is_asked_and_who_is_asked_counts(text: str) -> None:
    assert fingerprint(text) != fingerprint(USUAL)


def test_each_value_is_another_one() -> None:
    texts = [with_model(f"set: {{temperature: {value}}}") for value in ("0", "1", "'0'", "null")]

    assert len({fingerprint(text) for text in texts}) == 4


@pytest.mark.parametrize(
    "text",
    [
        with_model("price: free"),
        with_model("timeout: {total: 5s}"),
        with_model("retry: {attempts: 5}"),
        with_model("expose: [gpt, other]"),
        at("max_connections: 7"),
        at("proxy: 'http://127.0.0.1:3128'"),
    ],
)
def test_how_it_is_asked_does_not(text: str) -> None:
    assert fingerprint(text) == fingerprint(USUAL)


def test_a_credential_is_not_in_it() -> None:
    text = at("headers: {x-secret: '${TEAM_HEADER}'}")
    of_keys = [fingerprint(USUAL, {"OPENAI_API_KEY": key}) for key in ("sk-one", "sk-two")]
    of_headers = [fingerprint(text, {**ENV, "TEAM_HEADER": value}) for value in ("one", "two")]

    assert of_keys[0] == of_keys[1] == fingerprint(USUAL, {})
    assert of_headers[0] == of_headers[1]


def test_names_of_one_pattern_share_it() -> None:
    """Which of them is asked for stands in the path, and is a name that the caller has said."""
    pattern = target('models: {"gpt-*": openai/gpt-*}', name="gpt-*")

    assert pattern.concrete("4o").fingerprint == pattern.fingerprint != ""
