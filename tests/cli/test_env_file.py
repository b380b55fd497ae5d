"""`--env-file`: what each line means, and where a bad one stands."""

from pathlib import Path

import pytest

from llmgw.cli.env_file import FILE_BYTES_MAX, environment, parse_env, read_env_file
from llmgw.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("KEY=value", "value"),
        ("  export KEY = value  ", "value"),
        ("KEY=", ""),
        ("KEY=a=b#c", "a=b#c"),
        ("KEY=value # said so", "value"),
        ("KEY= # nothing", ""),
        ("KEY='a # $b \\n'  # said so", "a # $b \\n"),
        (r'KEY="a \"b\" \\ \n # c"', 'a "b" \\ \n # c'),
        ("KEY=${OTHER}", "${OTHER}"),
        ("KEY=value\r", "value"),
        ("KEY=sk-schlüssel", "sk-schlüssel"),
    ],
)
def test_a_line_gives_a_variable(line: str, expected: str) -> None:
    assert parse_env("e", line) == {"KEY": expected}


def test_comments_and_blank_lines_say_nothing_and_the_last_of_equal_names_wins() -> None:
    text = "# keys\n\n   # more\nA=1\nB=2\nA=3\n"

    assert parse_env("e", text) == {"A": "3", "B": "2"}


def test_every_bad_line_is_named_with_its_place_and_no_value_is_told() -> None:
    text = 'A=1\n  sk-secret\nB=\'open secret\nC="x" y secret\n1D=secret\n'

    with pytest.raises(ConfigError) as caught:
        parse_env(".env", text)

    assert [str(problem) for problem in caught.value.problems] == [
        ".env:2:3: not NAME=VALUE (as in OPENAI_API_KEY=…)",
        ".env:3:3: the quotes of B do not match (a value stands on one line, in one pair of quotes or none)",
        ".env:4:3: the quotes of C do not match (a value stands on one line, in one pair of quotes or none)",
        ".env:5:1: not NAME=VALUE (as in OPENAI_API_KEY=…)",
    ]


def test_the_environment_wins_over_the_file_but_an_empty_variable_is_unset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("FROM_FILE=file\nFROM_BOTH=file\nEMPTY=file\n")
    monkeypatch.setenv("FROM_BOTH", "environment")
    monkeypatch.setenv("EMPTY", "")

    env = environment(file)

    assert (env["FROM_FILE"], env["FROM_BOTH"], env["EMPTY"]) == ("file", "environment", "file")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfA=1\n")

    assert read_env_file(file) == {"A": "1"}


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.env:1:1: cannot be read: No such file"):
        read_env_file(tmp_path / ".env")


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"#" * (FILE_BYTES_MAX + 1))

    with pytest.raises(ConfigError, match="larger than"):
        read_env_file(file)
