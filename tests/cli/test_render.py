"""Lines in a pipe and on a terminal."""

import io
import json
import re

import pytest

from llmgw.cli.render import (
    count,
    plain,
    problem_json,
    problem_lines,
    problems_of,
    seconds,
    show,
    show_json,
    show_table,
)
from llmgw.config.problems import Mark, Problem, Severity
from llmgw.errors import ConfigError

ERROR = Problem(Mark("a.yaml", 9, 3), "models.smart", "'target' is missing", "add it")
WARNING = Problem(Mark("a.yaml", 1, 1), "", "odd [bold]thing[/bold]", None, Severity.WARNING)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def painted(out: Terminal) -> str:
    """What is read on the terminal, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def test_a_line_is_its_pieces() -> None:
    assert plain(("a", ("b", "bold red"), "c")) == "abc"


def test_a_pipe_gets_problems_as_editors_read_them() -> None:
    out = io.StringIO()

    show(problem_lines([ERROR, WARNING], out), out)

    assert out.getvalue() == (
        "a.yaml:9:3: models.smart: 'target' is missing (add it)\na.yaml:1:1: warning: odd [bold]thing[/bold]\n"
    )


def test_a_terminal_gets_them_in_colours_and_no_markup_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()

    show(problem_lines([ERROR, WARNING], out), out)

    assert painted(out) == (
        "a.yaml:9:3  error  models.smart  'target' is missing\n    add it\n"
        "a.yaml:1:1  warning  odd [bold]thing[/bold]\n"
    )
    assert "\x1b[" in out.getvalue()


def test_long_lines_are_left_to_the_terminal() -> None:
    out = Terminal()

    show([("x" * 500,)], out)

    assert painted(out) == "x" * 500 + "\n"


def test_columns_in_a_pipe_are_as_wide_as_they_need_to_be() -> None:
    out = io.StringIO()

    show_table(["name", "url"], [("a" * 6, ("u" * 300, "dim")), ("[b]x", "")], out)

    assert out.getvalue() == f"name    url\naaaaaa  {'u' * 300}\n[b]x\n"


def test_columns_on_a_terminal_fit_it_and_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    out = Terminal()

    show_table(["name", "url"], [("a" * 6, ("u" * 100, "dim")), ("[b]x", "")], out)

    assert max(map(len, painted(out).splitlines())) <= 40
    assert painted(out).count("u") == 101
    assert "[b]x" in painted(out)


def test_problems_for_programs() -> None:
    assert [problem_json(ERROR), problem_json(WARNING)["hint"]] == [
        {
            "file": "a.yaml",
            "line": 9,
            "column": 3,
            "path": "models.smart",
            "severity": "error",
            "message": "'target' is missing",
            "hint": "add it",
        },
        None,
    ]


def test_json_is_one_document() -> None:
    out = io.StringIO()

    show_json({"a": ["ü"]}, out)

    assert json.loads(out.getvalue()) == {"a": ["ü"]}


def test_an_error_gives_its_problems() -> None:
    assert problems_of(ConfigError([ERROR, "odd"])) == (ERROR,)


def test_things_are_counted_as_people_do() -> None:
    assert [count(number, "error") for number in (0, 1, 2)] == ["0 errors", "1 error", "2 errors"]


@pytest.mark.parametrize(
    ("value_s", "expected"),
    [(0.25, "250ms"), (0.0, "0ms"), (1.0, "1s"), (1.5, "1.5s"), (90.0, "90s"), (600.0, "10m"), (7200.0, "2h")],
)
def test_durations_are_spelled_as_in_the_file(value_s: float, expected: str) -> None:
    assert seconds(value_s) == expected
