import pytest

from llmgw.graph.names import Meaning, Names

NAMES = Names({"gpt": 1, "gpt-*": 1, "openai/*": 1}, {"chat": 1, "*": 1}, {"openai", "ollama"}.__contains__)


@pytest.mark.parametrize(
    ("use", "meaning"),
    [
        ("gpt", Meaning("gpt")),
        ("chat", Meaning("chat")),
        ("gpt-*", Meaning("gpt-*")),
        ("gpt-4", Meaning("gpt-*", "4")),
        ("gpt-4*", Meaning("gpt-*", "4*")),
        ("openai/gpt-4", Meaning("openai/*", "gpt-4")),
        ("ollama/llama", Meaning("ollama/llama")),
        ("nobody/llama", Meaning("*", "nobody/llama")),
        ("ollama/", Meaning("*", "ollama/")),
        ("other", Meaning("*", "other")),
    ],
)
def test_exact_names_win_then_patterns_and_a_bare_target_only_where_no_pattern_spells_its_provider(
    use: str, meaning: Meaning
) -> None:
    assert NAMES.meaning(use) == meaning


def test_what_means_nothing_has_no_meaning() -> None:
    names = Names({"gpt": 1}, {}, {"openai"}.__contains__)

    assert names.meaning("gtp") is None
    assert names.meaning("opnai/gpt") is None
    assert names.meaning("openai/gpt") == Meaning("openai/gpt")
    assert list(names.all()) == ["gpt"]
