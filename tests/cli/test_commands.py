"""The commands tell what they take; what they do is told in the tests of each."""

import inspect

import pytest

from llmgw.cli.commands import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_described_in_a_sentence_and_by_examples(name: str) -> None:
    first, *others = (inspect.getdoc(COMMANDS[name]) or "").split("\n\n")

    assert first.endswith(".")
    assert others[-1].startswith(f"For example:\n  llmgw {name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_a_command_takes_has_a_name_and_need_not_be_given(name: str) -> None:
    for parameter in inspect.signature(COMMANDS[name]).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is not inspect.Parameter.empty
