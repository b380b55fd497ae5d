"""`llmgw prices`: what a model costs, for people and for programs."""

import json

import pytest

from llmgw.cli.tariffs import OF_THE_TABLE
from llmgw.graph import price_list
from llmgw.providers.prices import sellers, source
from tests.cli.machine import called


def test_a_model_is_shown_with_its_row_its_source_and_its_tiers() -> None:
    told = called("prices", "anthropic/claude-sonnet-4-5-20250929")
    head, names, usual, over = told.stdout.splitlines()[:4]

    assert (told.returncode, told.stderr) == (0, "")
    assert head.startswith(
        "anthropic/claude-sonnet-4-5-20250929  the table: anthropic/claude-sonnet-4-5 (genai-prices "
    )
    assert source().date in head
    assert names.split()[-5:] == ["input", "output", "cached_input", "cache_write", "cache_write_1h"]
    assert usual.split() == ["usually", "3", "15", "0.3", "3.75", "6"]
    assert over.split()[:4] == ["prompts", "over", "200000", "6"]


def test_programs_get_all_of_it() -> None:
    told = json.loads(called("prices", "deepseek/deepseek-chat", "--json").stdout)
    (model,) = told.pop("models")

    assert told == {"source": source().source, "date": source().date}
    assert (model["name"], model["priced_by"]) == ("deepseek/deepseek-chat", "the table: deepseek/deepseek-chat")
    assert model["price"][1] == {
        "since": None,
        "hours_utc": "00:30-16:30",
        "service_tier": None,
        "above_prompt_tokens": 0,
        "request_usd": 0.0,
        "usd_per_mtok": {"input": 0.27, "output": 1.1, "cached_input": 0.07},
    }


def test_the_help_names_the_fields_that_programs_read() -> None:
    told = json.loads(called("prices", "perplexity/sonar", "--json").stdout)
    helped = " ".join(called("prices", "--help").stdout.split())
    fields = [*told, *told["models"][0], *told["models"][0]["price"][0], *json.loads(called("prices", "--json").stdout)]

    assert [field for field in fields if field not in helped] == []


def test_a_bare_name_is_looked_for_everywhere() -> None:
    lines = called("prices", "gpt-4o").stdout.splitlines()

    assert {line.split()[0] for line in lines if "the table: " in line} >= {"openai/gpt-4o", "azure/gpt-4o"}


def test_a_provider_lists_its_models_and_nothing_lists_the_providers() -> None:
    models = called("prices", "xai").stdout.splitlines()
    providers = called("prices").stdout.splitlines()
    as_json = json.loads(called("prices", "--json").stdout)["providers"]

    assert models[0].split()[-2:] == ["input", "output"]
    assert all(line.startswith("x-ai/") for line in models[1:])
    assert len(providers) == len(sellers()) + 2
    assert {"priced_as": "x-ai", "names": ["xai"], "models": sellers()["x-ai"]} in as_json
    assert len(json.loads(called("prices", "xai", "--json").stdout)["models"]) == sellers()["x-ai"]


@pytest.mark.parametrize(
    ("asked", "instead"),
    [
        ("openai/gtp-4o", "did you mean openai/gpt-4o?"),
        ("gtp-4o", "did you mean gpt-4o?"),
        ("antropic", "did you mean anthropic?"),
        ("ollama/x", "did you mean llama?"),
        ("q" * 300, "`llmgw prices` lists whose are"),
    ],
)
def test_what_is_not_known_is_1_and_says_what_may_be_meant(asked: str, instead: str) -> None:
    told, as_json = called("prices", asked), called("prices", asked, "--json")

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"no price is known for {asked}: {instead}\n"
    assert (as_json.returncode, json.loads(as_json.stdout)["models"]) == (1, [])


def test_the_table_is_called_the_same_everywhere() -> None:
    assert OF_THE_TABLE == price_list.OF_THE_TABLE
