"""`llmgw prices MODEL CONFIG`: the file's word beside the table's."""

import json
from pathlib import Path

import pytest

from tests.cli.machine import called

FILE = """
prices: {openai/gpt-4o: {input_usd_per_mtok: 1, output_usd_per_mtok: 2, cached_input_usd_per_mtok: 0, request_usd: 3}}
models:
  a: openai/gpt-4o
  "g-*": openai/gpt-*
  local: ollama/x
  unknown: openai/mine
routes: {r: {fallback: [a, local]}}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "llmgw.yaml"
    path.write_text(FILE)
    return str(path)


def test_a_name_of_the_file_shows_all_that_it_leads_to_and_what_overrides_the_table(config: str) -> None:
    told = called("prices", "r", config)

    assert told.returncode == 0
    assert [" ".join(line.split()) for line in told.stdout.splitlines()] == [
        "a (openai/gpt-4o) prices.openai/gpt-4o, window 128000",
        "USD per million tokens input output cached_input request",
        "usually 1 2 0 3",
        "",
        "local (ollama/x) local",
        "USD per million tokens input output",
        "usually 0 0",
        "",
    ]


@pytest.mark.parametrize(
    ("model", "priced_by"),
    [
        ("g-4.1", "the table: openai/gpt-4.1"),
        ("g-4o", "prices.openai/gpt-4o"),
        ("openai/gpt-4o", "prices.openai/gpt-4o"),
        ("groq/llama-3.1-8b-instant", "the table: groq/llama-3.1-8b-instant"),
    ],
)
def test_patterns_and_what_is_not_in_the_file_are_known_too(config: str, model: str, priced_by: str) -> None:
    (told,) = json.loads(called("prices", model, config, "--json").stdout)["models"]

    assert told["priced_by"] == priced_by


def test_a_model_without_a_price_is_1(config: str) -> None:
    told, nothing = called("prices", "unknown", config), called("prices", "nobody/x", config)

    assert (told.returncode, told.stdout) == (1, "unknown (openai/mine)  no price is known\n\n")
    assert (nothing.returncode, nothing.stdout) == (1, "")


def test_a_bad_file_is_told(config: str) -> None:
    Path(config).write_text("models: 5")

    assert called("prices", "r", config).returncode == 1
