"""The commands about keys tell what they take, as all others do."""

import inspect

import pytest

from llmgw.cli.key_commands import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_described_in_a_sentence_and_by_examples(name: str) -> None:
    first, *others = (inspect.getdoc(COMMANDS[name]) or "").split("\n\n")

    assert first.endswith(".")
    assert others[-1].startswith(f"For example:\n  llmgw keys {name}")
