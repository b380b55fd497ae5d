"""docs/matrix.md says what the declared table says: no more works than is tested, and every gap has its reason."""

import os

from tests.matrix import page
from tests.matrix.bench import CLIENTS
from tests.matrix.columns import COLUMNS
from tests.matrix.features import FEATURES
from tests.matrix.gaps import ANY, GAPS, gap_of


def test_the_tables_in_the_docs_are_what_the_cells_are_declared_to_be() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        page.write()
    written = page.PAGE.read_text().partition(page.BEGIN)[2]

    assert written == page.tables(), "run `UPDATE_GOLDEN=1 make matrix` and review the diff"


def test_gaps_are_of_cells_that_there_are() -> None:
    assert {gap.client for gap in GAPS} <= {ANY, *CLIENTS}
    assert {gap.column for gap in GAPS} <= {ANY, *COLUMNS}
    assert {gap.feature for gap in GAPS} <= set(FEATURES)


def test_every_gap_is_needed() -> None:
    """One that another hides is none."""
    met = {gap_of(client, column, feature) for client in CLIENTS for column in COLUMNS for feature in FEATURES}

    assert [gap for gap in GAPS if gap not in met] == []
    assert set(page.TITLES) == {*CLIENTS, *COLUMNS}
