"""The commands about the cache tell what they take, as all others do."""

import inspect

import pytest

from llmgw.cli.cache_commands import COMMANDS
from tests.cli.machine import called


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_described_in_a_sentence_and_by_examples(name: str) -> None:
    first, *others = (inspect.getdoc(COMMANDS[name]) or "").split("\n\n")

    assert first.endswith(".")
    assert others[-1].startswith(f"For example:\n  llmgw cache {name}")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["purge", "x.yaml"], "say what (--rule, --scope, --model, --older-than, --key), or --all"),
        (["purge", "x.yaml", "--all", "--rule", "faq"], "Invalid value for --all: leave out the others"),
        (["ls", "x.yaml", "--older-than", "60"], "Invalid value for --older-than: not a duration: 60ms or 60s?"),
        (["ls", "x.yaml", "--key", "abc"], "Invalid value for --key: not the key of an entry"),
        (["ls", "x.yaml", "--limit", "0"], "Invalid value for '--limit'"),
        (["stats"], "name a file: there is no llmgw.yaml here"),
        (["explain", "a.json"], "two bodies are compared: A.json B.json"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(args: list[str], expected: str) -> None:
    told = called("cache", *args)

    assert (told.returncode, told.stdout) == (2, "")
    assert expected in " ".join(told.stderr.split())
