"""What a command reads, and the file that flags amount to."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.cli.sources import chain_text, sources


def test_files_are_taken_as_named() -> None:
    assert sources(["a.yaml", "b/c.yaml"]) == (Path("a.yaml"), Path("b/c.yaml"))


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

    assert graph.names() == ("*",)
    assert [entry.node.target.id for one in resolved if one for entry in one.route.node.entries] == [  # type: ignore[union-attr]  # a fallback of leaves
        "openai/gpt-4o-mini",
        "ollama/llama3.3",
    ] * 3


def test_a_flag_with_a_typo_is_named_as_a_problem() -> None:
    result = build([chain_text("opnai/gpt-4o-mini", ())], {}, need_secrets=False)

    assert isinstance(chain_text("a/b", ()), Text)
    assert "did you mean 'openai'?" in str(result.problems[0])
