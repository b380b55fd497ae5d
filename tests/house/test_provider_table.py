"""docs/providers.md holds a table that is written from the catalogue."""

import os
from pathlib import Path

from llmgw.providers.catalog import catalog, rows
from tests.house.provider_table import BEGIN, provider_table

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_in_the_docs_is_what_the_catalogue_says() -> None:
    page = ROOT / "docs" / "providers.md"
    prose, _, written = page.read_text().partition(BEGIN)
    expected = f"\n{provider_table(rows())}"
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(prose + BEGIN + expected)
        written = expected

    assert written == expected, "run `make golden` and review the diff"


def test_every_provider_has_a_row_of_its_own() -> None:
    lines = provider_table(rows()).splitlines()[2:]

    assert len(lines) == len(rows())
    assert [name for name in catalog() if not any(f"`{name}`" in line for line in lines)] == []
