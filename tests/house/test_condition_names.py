"""docs/config.md names everything that a condition may use, and nothing that it may not."""

import re
from pathlib import Path

from llmgw.graph.vocabulary import FUNCTIONS, NAMES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "config.md"


def section() -> str:
    _, _, rest = PAGE.read_text().partition("### Conditions\n")
    return rest.partition("\n## ")[0]


def test_every_name_and_every_function_is_told() -> None:
    told = set(re.findall(r"`([\w.]+)`", section()))

    assert sorted({*NAMES, *FUNCTIONS} - told) == []


def test_every_function_that_is_told_is_there() -> None:
    rows = [line for line in section().splitlines() if line.startswith(("| look", "| convert", "| take"))]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert sorted(told - FUNCTIONS) == []
