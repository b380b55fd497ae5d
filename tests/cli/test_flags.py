"""Every flag says what it is for."""

from typing import get_args

import pytest
import typer.models

from llmgw.cli import flags

FLAGS = {name: get_args(value)[1] for name, value in vars(flags).items() if get_args(value)[1:] and name[0].isupper()}


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_has_help_that_is_a_sentence(name: str) -> None:
    info = FLAGS[name]

    assert isinstance(info, typer.models.ParameterInfo)
    assert (info.help or "").endswith(".")
