import os
from pathlib import Path

import pytest
import yaml

from llmgw.config import nodes
from llmgw.config.load import load
from llmgw.config.problems import Severity

CASES = Path(__file__).parents[1] / "golden" / "problems"
ENV = {"PORT": "4001", "MANY": "plenty"}


def no_file(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def problems_text(case: Path) -> str:
    files = sorted(case.glob("*.yaml"))
    loaded = load([(file.name, file.read_bytes()) for file in files], ENV, no_file)
    found = [*loaded.problems, *loaded.missing_problems(severity=Severity.WARNING)]
    return "".join(f"{problem}\n" for problem in sorted(found, key=lambda problem: problem.mark))


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_every_golden_file_has_the_problems_written_beside_it(case):
    actual = problems_text(case)
    golden = case / "problems.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(actual, encoding="utf-8")

    assert golden.read_text(encoding="utf-8") == actual
