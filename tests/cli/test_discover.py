"""What is found becomes a file that validates, and that serves what was found."""

import pytest

from llmgw.adapters.config_files import Built, Text, build
from llmgw.cli.discover import _KEYS_OF_MORE, CHAIN, Found, config_text, discover, of_ollama
from llmgw.cli.ollama import Ollama
from llmgw.graph.model import STAR, Leaf
from llmgw.providers.catalog import Provider, rows
from tests.cli.answering import TAGS, answering, http
from tests.cli.machine import NOBODY


def built(found: tuple[Found, ...], env: dict[str, str]) -> Built:
    return build([Text("<found>", config_text(found))], env, need_secrets=True)


def test_nothing_found_is_the_simulator_under_any_name() -> None:
    found = discover(NOBODY)

    graph = built(found, NOBODY).checked()

    assert [one.provider for one in found] == ["simulator"]
    assert graph.names_and_patterns() == ("*",)


def test_a_key_serves_its_provider_and_its_family() -> None:
    env = NOBODY | {"OPENAI_API_KEY": "x"}
    graph = built(discover(env), env).checked()

    names = graph.names_and_patterns()
    nodes = {name: one.route.node for name in names if (one := graph.resolve(name.replace(STAR, "x")))}
    targets = {name: node.target for name, node in nodes.items() if isinstance(node, Leaf)}

    assert {name: (target.provider, target.edits.model) for name, target in targets.items()} == {
        "gpt-*": ("openai", "gpt-*"),
        "openai/*": ("openai", "*"),
    }


def test_several_keys_make_a_chain_with_a_test_of_its_own() -> None:
    env = NOBODY | {"ANTHROPIC_API_KEY": "x", "OPENAI_API_KEY": "y", "GROQ_API_KEY": "z"}
    result = built(discover(env), env)

    result.checked()

    assert result.graph.names_and_patterns() == ("anthropic/*", CHAIN, "claude-*", "gpt-*", "groq/*", "openai/*")
    assert [test.expect for test in result.loaded.config.tests] == [
        ("openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"),
    ]


def test_a_chain_begins_with_those_whose_models_are_asked_for_most() -> None:
    env = NOBODY | dict.fromkeys(("ABACUS_API_KEY", "DEEPSEEK_API_KEY", "MISTRAL_API_KEY", "OPENAI_API_KEY"), "x")

    assert [one.provider for one in discover(env)] == ["openai", "mistral", "deepseek", "abacus"]


def test_a_key_that_opens_several_regions_is_found_for_each() -> None:
    assert [one.provider for one in discover(NOBODY | {"MOONSHOT_API_KEY": "x"})] == ["moonshot", "moonshot-cn"]


def test_a_second_address_of_the_same_provider_is_not_served_unasked() -> None:
    assert [one.provider for one in discover(NOBODY | {"COHERE_API_KEY": "x"})] == ["cohere"]


def test_a_key_to_a_whole_cloud_is_no_sign() -> None:
    assert {row.key_env for row in rows()} >= _KEYS_OF_MORE
    assert discover(NOBODY | dict.fromkeys(_KEYS_OF_MORE, "x")) == discover(NOBODY)


def test_azure_is_served_once_its_endpoint_is_known_too() -> None:
    key = NOBODY | {"AZURE_OPENAI_API_KEY": "x"}
    endpoint = key | {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com/"}

    found = [[one.provider for one in discover(env)] for env in (key, endpoint)]

    assert found == [["simulator"], ["azure"]]
    assert built(discover(endpoint), endpoint).errors == ()


def test_an_empty_key_is_no_key() -> None:
    assert discover(NOBODY | {"OPENAI_API_KEY": ""}) == discover(NOBODY)


@pytest.mark.parametrize("row", [row for row in rows() if row.key_env])
def test_every_row_that_is_found_builds(row: Provider) -> None:
    env = NOBODY | {row.key_env: "x", "AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com"}

    assert built(discover(env), env).problems == ()


def test_an_ollama_that_runs_is_found() -> None:
    with answering(http(TAGS)) as port:
        found = discover({"OLLAMA_HOST": f"127.0.0.1:{port}"})

    assert [(one.provider, one.by, one.example) for one in found] == [
        ("ollama", f"Ollama at http://127.0.0.1:{port}", "llama3.3")
    ]


def test_an_ollama_serves_what_it_has_pulled() -> None:
    local = of_ollama(Ollama("http://127.0.0.1:8080", ("nomic-embed-text", "qwen3:8b", CHAIN)))
    graph = built((local,), {}).checked()

    assert graph.names_and_patterns() == ("nomic-embed-text", "ollama/*", "qwen3:8b")
    assert graph.targets["qwen3:8b"].wires[0].url == "http://127.0.0.1:8080/api/chat"
    assert local.example == "qwen3:8b"


def test_an_ollama_at_its_usual_place_needs_no_entry_and_joins_the_chain() -> None:
    env = NOBODY | {"OPENAI_API_KEY": "x"}
    local = of_ollama(Ollama("http://127.0.0.1:11434", ("llama3.3",)))
    result = built((*discover(env), local), env)

    result.checked()

    assert result.loaded.config.providers == {}
    assert result.loaded.config.tests[0].expect == ("openai/gpt-4o-mini", "ollama/llama3.3")
