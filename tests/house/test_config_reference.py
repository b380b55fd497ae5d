"""docs/config.md ends with a reference that is written from the schema."""

import json
import os
from pathlib import Path

from tests.house.config_reference import BEGIN, reference

ROOT = Path(__file__).resolve().parents[2]


def test_the_reference_in_the_docs_is_what_the_schema_says() -> None:
    page = ROOT / "docs" / "config.md"
    schema = json.loads((ROOT / "schemas" / "llmgw.schema.json").read_text())
    prose, _, written = page.read_text().partition(BEGIN)
    expected = "\n" + reference(schema).rstrip("\n") + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(prose + BEGIN + expected)
        written = expected

    assert written == expected, "run `make golden` and review the diff"
