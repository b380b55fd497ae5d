from typing import Any

from llmgw.config.violation import Violation, not_yet


def violation(**schema: Any) -> Violation:
    return Violation((), "type", "string", 60, schema, "60")


def test_a_pattern_with_units_is_known_by_its_sign() -> None:
    duration, size = violation(pattern="^[0-9]+(ms|s|m|h|d)$").unit, violation(pattern="^[0-9]+(B|KiB|MiB|GiB)$").unit

    assert duration
    assert duration.what == "a duration"
    assert size
    assert size.what == "a size"
    assert violation(pattern="^x$").unit is None
    assert violation().unit is None


def test_a_title_is_text_also_where_there_is_none() -> None:
    assert violation(title="Target").title == "Target"
    assert violation().title == ""


def test_what_is_not_built_yet_says_so() -> None:
    message, hint = not_yet("`hedge`", "hedging")
    twice, _ = not_yet("`budgets`", "budgets")

    assert message == "`hedge` (hedging) is not in this version yet"
    assert twice == "`budgets` is not in this version yet"
    assert "silently" in hint
