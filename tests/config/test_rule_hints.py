import pytest

from llmgw.config import hints, rule_hints
from llmgw.config.model import AlertEntry, BudgetEntry, KeyEntry, LimitEntry, ServerSection, StateSection

SECTIONS = {
    "limits[]": LimitEntry,
    "budgets[]": BudgetEntry,
    "budgets[].alert": AlertEntry,
    "state": StateSection,
    "server": ServerSection,
    "keys[]": KeyEntry,
}


def test_no_hint_is_about_a_key_that_is_known_there() -> None:
    known = {f"{place}.{name}" for place, section in SECTIONS.items() for name in section.__struct_fields__}

    assert sorted(known & rule_hints.PLACED.keys()) == []


def test_they_are_among_the_hints() -> None:
    assert rule_hints.PLACED.items() <= hints.PLACED.items()
    assert rule_hints.WORDS.items() <= hints.WORDS.items()


@pytest.mark.parametrize(
    "word", ["rpm", "tpm", "max_parallel_requests", "max_budget", "budget_duration", "soft_budget"]
)
def test_words_of_other_products_are_told_in_ours(word: str) -> None:
    assert "under `limits`" in rule_hints.WORDS[word] or "under `budgets`" in rule_hints.WORDS[word]
