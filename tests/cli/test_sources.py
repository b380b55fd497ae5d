"""What a command reads, and the file that flags amount to."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from llmgw.adapters.config_files import Text, build
from llmgw.cli.render import plain
from llmgw.cli.sources import chain_lines, chain_text, check_providers, named, needed, sources


def test_files_are_taken_as_named() -> None:
    assert sources(["a.yaml", "b/c.yaml"]) == (Path("a.yaml"), Path("b/c.yaml"))


def test_without_a_name_it_is_the_usual_file_if_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = named(None)
    (tmp_path / "llmgw.yaml").touch()

    assert (before, named(None), named([]), named(["a.yaml"])) == ((), ("llmgw.yaml",), ("llmgw.yaml",), ("a.yaml",))


def test_a_command_about_a_file_needs_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.BadParameter, match=r"there is no llmgw\.yaml here, `llmgw init` writes one"):
        needed(None)


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"models: {gpt: \xff}")))
    (text,) = sources(["-"])

    result = build([text], {}, need_secrets=False)

    assert str(result.problems[0]).startswith("<stdin>:1:15: the byte 0xff is not UTF-8")


def test_flags_are_a_chain_for_any_name() -> None:
    graph = build(
        [chain_text("openai/gpt-4o-mini", ("ollama/llama3.3", "openai/gpt-4o-mini"))], {}, need_secrets=False
    ).graph

    resolved = [graph.resolve(name) for name in ("gpt-5", "openai/gpt-4o-mini", "x")]

    assert graph.names_and_patterns() == ("*",)
    assert [entry.node.target.id for one in resolved if one for entry in one.route.node.entries] == [  # type: ignore[union-attr]  # a fallback of leaves
        "openai/gpt-4o-mini",
        "ollama/llama3.3",
    ] * 3


def test_a_provider_that_nobody_knows_is_named() -> None:
    check_providers(["openai/a", "google/b"], "--model")
    with pytest.raises(typer.BadParameter, match=r"opnai/a: opnai is not a provider; did you mean openai\?") as raised:
        check_providers(["openai/a", "opnai/a"], "--fallbacks")

    assert raised.value.param_hint == "--fallbacks"


def test_every_target_of_a_long_chain_has_its_turn() -> None:
    chain = chain_text("simulator/0", [f"simulator/{number}" for number in range(1, 9)])

    assert isinstance(chain, Text)
    assert build([chain], {}, need_secrets=True).problems == ()


def test_what_is_wrong_with_flags_is_told_by_flag() -> None:
    flags = ("openai/gpt-4o-mini", ("azure/gpt", "groq/x"))
    problems = build([chain_text(*flags)], {}, need_secrets=True).problems
    lines = [plain(line) for line in chain_lines(problems, *flags)]

    assert lines[0] == (
        "--model openai/gpt-4o-mini: OPENAI_API_KEY is not set "
        "(export OPENAI_API_KEY=…, or try it without keys: --model simulator/x)"
    )
    assert lines[1].startswith("--fallbacks azure/gpt: ")
    assert lines[2].startswith("--fallbacks groq/x: GROQ_API_KEY is not set (export GROQ_API_KEY=…, or try it ")
