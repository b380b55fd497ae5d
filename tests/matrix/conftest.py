"""The last line of `make matrix`: how many cells hold. With UPDATE_GOLDEN=1 a run of them all writes docs/matrix.md."""

import os

import pytest

PLACE = "tests/matrix/test_matrix.py::test_a_cell["
_passed: dict[tuple[str, str, str], bool] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.nodeid.startswith(PLACE) and (report.when == "call" or report.failed):
        client, column, feature = report.nodeid.removeprefix(PLACE).removesuffix("]").split("-")
        cell = (client, column, feature.replace("_", " "))
        _passed[cell] = _passed.get(cell, True) and not report.failed


def pytest_unconfigure() -> None:
    """After all that pytest has to say. A part of the cells says nothing of the whole."""
    from tests.matrix import page
    from tests.matrix.bench import CLIENTS
    from tests.matrix.columns import COLUMNS
    from tests.matrix.features import FEATURES
    from tests.matrix.gaps import gap_of

    if len(_passed) < len(CLIENTS) * len(COLUMNS) * len(FEATURES):
        return
    failed = [cell for cell, passed in _passed.items() if not passed]
    gaps = [cell for cell, passed in _passed.items() if passed and gap_of(*cell)]
    print(f"matrix: {len(_passed) - len(failed) - len(gaps)} work, {len(gaps)} gaps, {len(failed)} failed")
    if os.environ.get("UPDATE_GOLDEN"):
        page.write(failed)
