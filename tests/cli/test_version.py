"""`llmgw version`: for people and for programs."""

import json
import platform

from llmgw import __version__
from tests.cli.machine import called


def test_the_version_is_one_line() -> None:
    assert called("version").stdout == f"llmgw {__version__}\n"


def test_programs_read_which_python_too() -> None:
    told = json.loads(called("version", "--json").stdout)

    assert told == {"version": __version__, "python": platform.python_version()}
