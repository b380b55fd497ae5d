"""The CEL library is loaded without the parts that a gateway does not need."""

import subprocess
import sys

import pytest

from llmgw.graph.cel_library import compile_program


def test_a_program_runs_on_values() -> None:
    assert compile_program('metadata.tier == "free"').execute({"metadata": {"tier": "free"}}) is True


def test_what_is_no_cel_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Syntax error"):
        compile_program("metadata.tier ==")


def test_its_command_line_is_not_imported() -> None:
    script = (
        "import sys\n"
        "from llmgw.graph.cel_library import compile_program\n"
        "compile_program('1 == 1')\n"
        "print([name for name in ('prompt_toolkit', 'rich', 'typer', 'cel.cli') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"
