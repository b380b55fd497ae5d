"""`llmgw init`: a file that validates, and never a loss."""

from pathlib import Path

import pytest

from llmgw.cli.init import init
from tests.cli.machine import NOBODY, called, llmgw


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", NOBODY["OLLAMA_HOST"])
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")


def test_what_is_written_validates_and_holds_no_key(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"

    codes = (
        init(str(file), force=False),
        llmgw("validate", str(file), "--strict", env={"OPENAI_API_KEY": "x"}).returncode,
    )

    assert codes == (0, 0)
    assert "sk-secret" not in file.read_text()


def test_it_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "llmgw.yaml"

    init(str(file), force=False)

    assert capsys.readouterr().out == (
        f"wrote {file}, from: OPENAI_API_KEY\ncheck it:  llmgw validate {file}\nserve it:  llmgw serve {file}\n"
    )


def test_it_says_that_nothing_was_found(tmp_path: Path) -> None:
    result = llmgw("init", cwd=tmp_path)

    assert result.stdout.splitlines()[0] == ("wrote llmgw.yaml: no keys and no Ollama found, so the simulator answers")


def test_an_existing_file_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text("mine")

    assert init(str(file), force=False) == 1
    assert file.read_text() == "mine"
    assert "--force overwrites it" in capsys.readouterr().err


def test_with_force_it_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text("mine")

    assert init(str(file), force=True) == 0
    assert "models:" in file.read_text()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(str(tmp_path / "no" / "llmgw.yaml"), force=False) == 1
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_a_dash_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert init("-", force=False) == 0
    assert '"gpt-*": "openai/gpt-*"' in capsys.readouterr().out


def test_the_command_writes_what_it_is_told() -> None:
    result = called("init", "-", env={"OPENAI_API_KEY": "x"})

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("# llmgw's config")
