"""`llmgw usage`: what was used, for people and for programs."""

import csv
import json
import os
import pty
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from llmgw.adapters.ledger import journal_directory
from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.retention import Retention, tidy
from llmgw.chat.usage import Usage
from llmgw.policy.entry import Record
from llmgw.policy.usage import Counts
from tests.adapters.ledger_records import DAY_MS, START_MS, request_id, settled
from tests.cli.machine import Ended, called, command, environment

CONFIG = "models: {gpt: simulator/gpt}\nserver: {timezone: Asia/Tokyo}\nstate: {ledger: sqlite:///money.db}\n"
CALLS: Sequence[Record] = (
    settled(1, team="search", cost_nanousd=1_500_000_000, usage=Usage(1000, 20)),
    settled(2, team="search", cost_nanousd=7, usage=Usage(10, 20)),
    settled(3, team="", cost_nanousd=0, outcome="timeout", status=504, at_ms=START_MS + DAY_MS),
)


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "llmgw.yaml"
    file.write_text(CONFIG)
    return str(file)


def served(config: str, *records: Record) -> Path:
    """Its ledger, by a server that was killed: all is in its journal still."""
    path = Path(config).with_name("money.db")
    journal = LedgerJournal(journal_directory(path))
    for record in records:
        journal.append(record)
    journal.close()
    return path


def table(told: Ended) -> list[list[str]]:
    assert (told.returncode, told.stderr) == (0, "")
    return [line.split() for line in told.stdout.splitlines()]


def test_a_table_tells_who_spent_what_and_their_sum(config: str) -> None:
    served(config, *CALLS)

    assert table(called("usage", config, "--by", "team")) == [
        ["team", "requests", "errors", "input", "output", "cost", "USD"],
        ["search", "2", "0", "1010", "40", "1.500000007"],
        ["-", "1", "1", "10", "2", "0.000000000"],
        ["total", "3", "1", "1020", "42", "1.500000007"],
    ]


def test_without_names_it_is_the_sum_alone(config: str) -> None:
    served(config, *CALLS)

    assert table(called("usage", config)) == [
        ["requests", "errors", "input", "output", "cost", "USD"],
        ["3", "1", "1020", "42", "1.500000007"],
    ]


def test_what_is_rare_has_a_column_where_there_is_some(config: str) -> None:
    served(config, settled(1, attempt=1), settled(1, usage=Usage(5, 3, 2, 1), estimated=True, saved_nanousd=1))
    heads = called("usage", config).stdout.splitlines()[0]

    assert heads.split()[6:] == ["attempts", "estimated", "cached", "input", "reasoning", "saved", "USD"]


def test_days_are_those_of_the_file_s_time_zone_and_filters_and_times_hold(config: str) -> None:
    served(config, *CALLS)
    told = table(called("usage", config, "--by", "day,status", "--since", "2023-11-15", "--until", "2023-11-15"))
    filtered = table(called("usage", config, "--where", "key.team=search", "--where", "key=k"))

    assert [line[:3] for line in told[1:]] == [["2023-11-15", "200", "2"], ["total", "2", "0"]]
    assert filtered[1][0] == "2"


def test_calls_without_a_price_are_told_apart_with_what_to_do(config: str) -> None:
    served(config, *CALLS, settled(4, cost_nanousd=None))
    told = called("usage", config)

    assert told.returncode == 0
    assert "unpriced" in told.stdout
    assert told.stderr.startswith("the price of 1 call is not known, and not in the sums: give the models a `price`")


def test_programs_get_whole_numbers(config: str) -> None:
    served(config, *CALLS)
    told = json.loads(called("usage", config, "--json", "--by", "team", "--since", "2023-11-15").stdout)

    assert told.pop("since_ms") == 1_699_974_000_000
    assert told["rows"][0] == {
        "team": "search",
        **Counts(requests=2, attempts=2, input_tokens=1010, output_tokens=40, cost_nanousd=1_500_000_007).as_dict(),
    }
    assert told["total"]["requests"] == 3
    assert {name: told[name] for name in ("by", "where", "until_ms", "timezone")} == {
        "by": ["team"],
        "where": {},
        "until_ms": None,
        "timezone": "Asia/Tokyo",
    }


def test_csv_has_the_same_names_and_no_sum(config: str) -> None:
    served(config, *CALLS, settled(5, team='a "b", c'))
    rows = [*csv.DictReader(called("usage", config, "--csv", "--by", "team").stdout.splitlines())]

    assert [(row["team"], row["cost_nanousd"]) for row in rows] == [
        ("search", "1500000007"),
        ('a "b", c', "5"),
        ("", "0"),
    ]
    assert [*rows[0]] == ["team", *Counts().as_dict()]


def test_every_request_is_a_line(config: str) -> None:
    served(config, *CALLS)
    lines = [json.loads(line) for line in called("usage", config, "--requests").stdout.splitlines()]

    assert [(line["request_id"], line["cost_nanousd"]) for line in lines] == [
        (request_id(1), 1_500_000_000),
        (request_id(2), 7),
        (request_id(3, START_MS + DAY_MS), 0),
    ]


def test_the_help_names_what_programs_read(config: str) -> None:
    served(config, *CALLS)
    helped = " ".join(called("usage", "--help").stdout.split())
    told = json.loads(called("usage", config, "--json", "--by", "team").stdout)

    assert [field for field in (*told, *told["rows"][0]) if field not in helped] == []


def test_days_of_which_only_sums_are_left_are_told_where_it_matters(config: str) -> None:
    path = served(config, *CALLS)
    called("usage", config)
    with database(path) as connection:
        while tidy(connection, Retention(86_400.0, "Asia/Tokyo"), (START_MS + 2 * DAY_MS) / 1000):
            pass
    by_team, by_tier = called("usage", config, "--by", "team"), called("usage", config, "--by", "metadata.tier")
    lines = called("usage", config, "--requests")

    assert table(by_team)[1][:2] == ["search", "2"]
    assert by_tier.stderr.startswith("of the days up to 2023-11-15 only sums are left")
    assert (by_tier.stderr, len(lines.stdout.splitlines())) == (lines.stderr, 1)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--by", "taem"], "Invalid value for --by: 'taem' is not known: did you mean team?"),
        (["--where", "team"], "Invalid value for --where: 'team' is not NAME=VALUE"),
        (["--since", "yesterday"], "Invalid value for --since: 'yesterday' is no time"),
        (["--until", "7"], "Invalid value for --until: '7' is no time"),
        (["--csv", "--json"], "one of --csv, --json and --requests"),
    ],
)
def test_a_wrong_question_is_wrong_usage(config: str, args: Sequence[str], expected: str) -> None:
    told = called("usage", config, *args)

    assert (told.returncode, told.stdout) == (2, "")
    assert expected in " ".join(told.stderr.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONFIG, "nothing has been booked yet: there is no ledger at"),
        ("models: {gpt: simulator/gpt}\nstate: {ledger: none}\n", "this file keeps no ledger (state.ledger: none)"),
        ("modles: {}\n", "modles"),
    ],
)
def test_without_a_ledger_it_is_1(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "llmgw.yaml"
    file.write_text(text)
    told = called("usage", str(file))

    assert (told.returncode, told.stdout) == (1, "")
    assert expected in told.stderr


def test_people_get_a_table_in_colours(config: str) -> None:
    served(config, *CALLS)
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        command("usage", config, "--by", "team"),
        stdout=secondary,
        stderr=secondary,
        stdin=subprocess.DEVNULL,
        env=environment({"TERM": "xterm", "COLUMNS": "120"}),
    ) as process:
        os.close(secondary)
        text = read_all(primary)

    assert process.returncode == 0
    assert "\x1b[1m" in text
    assert "1.500000007" in text


def read_all(descriptor: int) -> str:
    data = b""
    try:
        while chunk := os.read(descriptor, 65536):
            data += chunk
    except OSError:
        pass  # how a terminal says that its other end has closed
    finally:
        os.close(descriptor)
    return data.decode()


def test_a_reader_who_has_enough_is_no_fault_of_the_ledger(config: str) -> None:
    served(config, *(settled(number) for number in range(500)))
    with subprocess.Popen(
        command("usage", config, "--requests"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({})
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
        code = process.wait(60)

    assert first.startswith(b"{")
    assert (code, told) == (141, b"")
