"""`llmgw cache stats|ls|purge` over a file, for people and for programs."""

import json
import os
import pty
import subprocess
import time
from pathlib import Path

import msgspec
import pytest

from llmgw.adapters.cache_stock import CacheStats, Listed
from llmgw.adapters.sqlite.cache_file import cache_file
from llmgw.adapters.sqlite.cache_tables import keep, touch
from llmgw.cli.cache import duration, size
from tests.adapters.cached import MIB, kept, key_of
from tests.cli.machine import called, command, environment

CONFIG = """
models: {m: simulator/m}
cache: {store: sqlite:///answers.db, max_size: 8MiB, rules: [{name: faq, ttl: 1d}]}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "llmgw.yaml"
    file.write_text(CONFIG)
    return str(file)


@pytest.fixture
def filled(config: str) -> str:
    now_ms = int(time.time() * 1000)
    with cache_file(Path(config).with_name("answers.db")) as connection:
        for number in range(4):
            one = kept(
                rule="ab"[number % 2],
                model="m",
                kept_ms=now_ms - number * 3_600_000 - 1000,
                ttl_s=86_400,
                question=f"What\nis {number}?" + " really" * 20,
            )
            keep(connection, {key_of(number): one}, now_ms, MIB)
        touch(connection, {key_of(0): 3}, now_ms)
    return config


def test_figures_are_told_as_a_table(filled: str) -> None:
    told = called("cache", "stats", filled)
    lines = [line.split() for line in told.stdout.splitlines()]

    assert (told.returncode, told.stderr) == (0, "")
    assert lines[0] == ["store", "sqlite"]
    assert lines[1] == ["entries", "4"]
    assert lines[2][2:4] == ["of", "8MiB"]
    assert lines[3][:2] == ["hits", "\u2013"]
    assert [line[0] for line in lines[5:]] == ["rule", "a", "b"]
    assert lines[6][1] == "2"
    assert lines[6][3] == "3"


def test_what_a_file_cannot_tell_is_null_for_programs(filled: str) -> None:
    told = json.loads(called("cache", "stats", filled, "--json").stdout)
    names = ("hits", "misses", "kept", "evicted", "expired", "rejected", "dropped")

    assert {name: told[name] for name in names} == dict.fromkeys(names)
    assert (told["entries"], told["trouble"]) == (4, "")


def test_the_newest_come_first_and_questions_are_one_short_line(filled: str) -> None:
    told = called("cache", "ls", filled, "--limit", "3")
    lines = told.stdout.splitlines()

    assert (told.returncode, told.stderr, len(lines)) == (0, "", 4)
    assert " ".join(lines[0].split()) == "key rule scope model target form bytes age ends in hits question"
    assert lines[1].split()[1:6] == ["a", "key=search", "m", "gpt", "whole"]
    assert lines[1].split()[7:11] == ["1s", "23h", "3", "What"]
    assert lines[1].endswith("…")
    assert [line.split()[7] for line in lines[2:]] == ["1h", "2h"]


def test_programs_get_all_of_it(filled: str) -> None:
    stats = msgspec.json.decode(called("cache", "stats", filled, "--json").stdout, type=CacheStats)
    found = msgspec.json.decode(called("cache", "ls", filled, "--json", "--rule", "b").stdout, type=list[Listed])

    assert (stats.entries, stats.max_bytes, stats.rules["a"].hits) == (4, 8 * MIB, 3)
    assert [one.key for one in found] == [key_of(1).hex(), key_of(3).hex()]
    assert found[0].question.startswith("What\nis 1?")


@pytest.mark.parametrize(
    ("flags", "purged"),
    [
        (["--rule", "a"], 2),
        (["--model", "m", "--older-than", "90m"], 2),
        (["--model", "*"], 4),
        (["--model", "m?"], 0),
        (["--scope", "key=search"], 4),
        (["--key", key_of(2).hex()], 1),
        (["--rule", "none"], 0),
        (["--all"], 4),
    ],
)
def test_what_is_said_is_thrown_away(filled: str, flags: list[str], purged: int) -> None:
    told = called("cache", "purge", filled, *flags, "--json")
    left = json.loads(called("cache", "stats", filled, "--json").stdout)

    assert (told.returncode, json.loads(told.stdout)) == (0, {"purged": purged})
    assert left["entries"] == 4 - purged


def test_how_many_are_thrown_away_is_told(filled: str) -> None:
    assert called("cache", "purge", filled, "--key", key_of(2).hex()).stdout == "1 answer thrown away\n"
    assert called("cache", "purge", filled, "--all").stdout == "3 answers thrown away\n"
    assert called("cache", "ls", filled).stdout == "nothing is kept\n"
    assert called("cache", "ls", filled, "--rule", "a").stdout == "nothing of that is kept\n"


def hashed(config: str, *keys: str) -> None:
    """Entries with these keys, as long ones as real ones are."""
    now_ms = int(time.time() * 1000)
    with cache_file(Path(config).with_name("answers.db")) as connection:
        for key in keys:
            keep(connection, {bytes.fromhex(key): kept(kept_ms=now_ms, ttl_s=86_400)}, now_ms, MIB)


def test_an_entry_is_named_by_the_digits_that_the_list_shows(config: str) -> None:
    hashed(config, "ab12cd34ef56" + "0" * 52, "ab12cd34ef57" + "0" * 52)
    shown = called("cache", "ls", config, "--key", "AB12CD34ef56").stdout.splitlines()[1].split()[0]
    some = called("cache", "purge", config, "--key", shown)
    none = called("cache", "purge", config, "--key", shown)

    assert (shown, some.stdout, none.stdout) == ("ab12cd34ef56", "1 answer thrown away\n", "0 answers thrown away\n")


@pytest.mark.parametrize("name", ["ls", "purge"])
def test_digits_of_several_keys_name_none_of_them(config: str, name: str) -> None:
    hashed(config, "ab12cd34ef56" + "0" * 52, "ab12cd34ef57" + "0" * 52)
    told = called("cache", name, config, "--key", "ab12cd34")
    left = json.loads(called("cache", "stats", config, "--json").stdout)["entries"]

    assert (told.returncode, told.stdout, left) == (1, "", 2)
    assert " ".join(told.stderr.split()) == "2 entries have a key that begins so: write more of it"


def test_too_few_digits_are_wrong_usage(config: str) -> None:
    told = called("cache", "purge", config, "--key", "ab12cd3")

    assert told.returncode == 2
    assert "not the key of an entry" in " ".join(told.stderr.split())


@pytest.mark.parametrize("name", ["ls", "purge"])
def test_a_rule_that_nobody_knows_is_told(filled: str, name: str) -> None:
    unknown = called("cache", name, filled, "--rule", "fqa")
    empty = called("cache", name, filled, "--rule", "faq")
    former = called("cache", name, filled, "--rule", "a", "--model", "none")

    assert (unknown.returncode, empty.stderr, former.stderr) == (0, "", "")
    assert " ".join(unknown.stderr.split()) == (
        'no rule is called "fqa", in the file or among what is kept (did you mean "faq"?)'
    )


def test_a_store_in_which_nothing_was_ever_kept_is_1(config: str) -> None:
    told = called("cache", "stats", config)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("nothing has been kept yet: there is no cache at ")
    assert not Path(config).with_name("answers.db").exists()


def test_a_file_that_is_none_of_ours_is_1(config: str) -> None:
    Path(config).with_name("answers.db").write_text("text\n" * 1000)
    told = called("cache", "ls", config)

    assert (told.returncode, told.stdout) == (1, "")
    assert "is no database: name another file" in told.stderr


def test_a_file_that_is_damaged_is_told_with_what_to_do(filled: str) -> None:
    path = Path(filled).with_name("answers.db")
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    told = called("cache", "stats", filled)

    assert (told.returncode, told.stdout) == (1, "")
    assert "malformed; a gateway moves it aside at its next start, and begins a new one; or move it away" in " ".join(
        told.stderr.split()
    )


def test_a_bad_file_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("modles: {}\n")
    told = called("cache", "stats", str(file))

    assert told.returncode == 1
    assert "bad.yaml:1:1" in told.stderr


@pytest.mark.parametrize("args", [["stats"], ["ls"]])
def test_the_help_names_what_programs_read(filled: str, args: list[str]) -> None:
    helped = " ".join(called("cache", *args, "--help").stdout.split())
    told = json.loads(called("cache", *args, filled, "--json").stdout)
    names = {*told} if isinstance(told, dict) else {*told[0]}

    assert [name for name in names if name not in helped] == []


def test_people_get_it_in_colours(filled: str) -> None:
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        command("cache", "stats", filled),
        stdout=secondary,
        stderr=secondary,
        stdin=subprocess.DEVNULL,
        env=environment({"TERM": "xterm"}),
    ) as process:
        os.close(secondary)
        process.wait(60)
    text = os.read(primary, 65536).decode()
    os.close(primary)

    assert process.returncode == 0
    assert "\x1b[" in text


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [(0, "0B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1.5KiB"), (3 * MIB, "3MiB"), (5 * 1024**3, "5GiB")],
)
def test_sizes_are_told_by_their_largest_unit(size_bytes: int, expected: str) -> None:
    assert size(size_bytes) == expected


@pytest.mark.parametrize(("whole_s", "expected"), [(0, "0s"), (59, "59s"), (60, "1m"), (7199, "1h"), (200_000, "2d")])
def test_times_are_told_by_their_largest_unit(whole_s: int, expected: str) -> None:
    assert duration(whole_s) == expected
