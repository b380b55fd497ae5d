import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from llmgw.adapters import ledger_writer
from llmgw.adapters.ledger import CannotOpenLedgerError, SqliteLedger, journal_directory, ledger_to_read
from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.sqlite import database as sqlite_database
from llmgw.adapters.sqlite.reading import spend
from llmgw.adapters.sqlite.retention import Retention
from llmgw.errors import LedgerUnavailableError
from tests.adapters.ledger_records import costs, reserved, settled, spent
from tests.adapters.test_ledger_journal import LINE_BYTES, files_no_longer_than

ROOT = Path(__file__).resolve().parents[2]


def silent(message: str) -> None:
    raise AssertionError(message)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("disk", [False, True])
async def test_what_was_appended_is_there_when_it_is_asked(tmp_path: Path, disk: bool) -> None:
    ledger = SqliteLedger.open(tmp_path / "a.db", silent, disk=disk)
    await asyncio.gather(*(ledger.append(settled(number)) for number in range(50)))
    found = await ledger.ask(lambda connection: sum(slot.nanousd for slot in spend(connection, ["b", "c"])))
    await ledger.close()

    assert found == sum(range(50))


async def test_while_it_cannot_be_brought_up_to_date_it_answers_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_database, "BUSY_S", 0.05)
    monkeypatch.setattr(ledger_writer, "RETRY_S", 0.05)
    ledger = SqliteLedger.open(tmp_path / "a.db", lambda _: None)
    assert await ledger.flush()
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await ledger.append(settled(1))
        with pytest.raises(CannotOpenLedgerError, match=r"a\.db cannot be asked: database is locked"):
            await ledger.ask(lambda _: None)
        other.rollback()
    await ledger.close()

    assert len(costs(tmp_path / "a.db")) == 1


async def test_by_whatever_link_it_is_one_ledger(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "a.db", tmp_path / "b.db"
    real.parent.mkdir()
    link.symlink_to(real)
    ledger = SqliteLedger.open(link, silent)
    await ledger.append(settled(1))
    with ledger_to_read(real, silent) as connection:
        found = connection.execute("SELECT count(*) FROM entry").fetchone()
    await ledger.close()

    assert journal_directory(link) == journal_directory(real)
    assert (found, names(tmp_path)) == ((1,), ["b.db", "real"])
    assert (names(real.parent), real.stat().st_mode & 0o777) == (["a.db", "a.db.d"], 0o600)


async def test_closed_it_leaves_nothing_but_the_database(tmp_path: Path) -> None:
    ledger = SqliteLedger.open(tmp_path / "a.db", silent, segment_bytes_max=1000)
    for number in range(20):
        await ledger.append(settled(number))
    await ledger.append(reserved(99, cost_nanousd=7))
    await ledger.close()

    assert names(tmp_path) == ["a.db", "a.db.d"]
    assert names(journal_directory(tmp_path / "a.db")) == []
    assert (len(costs(tmp_path / "a.db")), spent(tmp_path / "a.db")) == (21, sum(range(20)) + 7)


async def test_a_full_disk_refuses_and_loses_nothing_and_goes_on_by_itself(tmp_path: Path) -> None:
    told: list[str] = []
    ledger = SqliteLedger.open(tmp_path / "a.db", told.append)
    await ledger.append(settled(1))
    assert await ledger.flush()
    with files_no_longer_than(LINE_BYTES + 10):
        with pytest.raises(LedgerUnavailableError):
            await ledger.append(settled(2))
        with pytest.raises(LedgerUnavailableError):
            ledger.check()
    ledger.check()
    await ledger.append(settled(3))
    assert await ledger.flush()
    await ledger.close()

    assert [cost for _, _, cost in costs(tmp_path / "a.db")] == [1, 3]


async def test_a_database_on_a_full_disk_is_tried_again(tmp_path: Path) -> None:
    """Here the journal still has room, and the database has none."""
    told: list[str] = []
    ledger = SqliteLedger.open(tmp_path / "a.db", told.append)
    assert await ledger.flush()
    with files_no_longer_than(20 * LINE_BYTES):
        for number in range(15):
            await ledger.append(settled(number))
        flushed, trouble = await ledger.flush(), ledger.trouble
    assert await ledger.flush()
    await ledger.close()

    assert (flushed, trouble != "") == (False, True)
    assert len(costs(tmp_path / "a.db")) == 15
    assert [text.partition(":")[0] for text in told][-1] == "the ledger can be written again"


async def test_it_begins_by_booking_what_dead_ones_have_left(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    dead = LedgerJournal(journal_directory(path))
    dead.append(settled(1))
    dead.append(reserved(2))
    dead.close()
    ledger = SqliteLedger.open(path, silent)

    assert [cost for _, _, cost in costs(path)] == [1, 2]
    await ledger.close()


async def test_how_long_rows_are_kept_can_be_changed(tmp_path: Path) -> None:
    ledger = SqliteLedger.open(tmp_path / "a.db", silent)
    ledger.retain(Retention(keep_s=60.0))

    assert ledger._writer.retention.keep_s == 60.0
    await ledger.close()


async def test_a_command_sees_what_a_running_server_has_answered(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    ledger = SqliteLedger.open(path, silent)
    for number in range(10):
        await ledger.append(settled(number))
        with ledger_to_read(path, silent) as connection:
            assert connection.execute("SELECT count(*) FROM entry").fetchone() == (number + 1,)
    await ledger.close()

    assert spent(path) == sum(range(10))


def test_a_ledger_that_is_not_there_is_not_made_by_asking(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with pytest.raises(CannotOpenLedgerError, match="nothing has been booked yet"), ledger_to_read(path, silent):
        pass

    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("made", ["text", "directory"])
async def test_what_is_no_ledger_is_told(tmp_path: Path, made: str) -> None:
    path = tmp_path / "a.db"
    if made == "text":
        path.write_text("not a database" * 100)
    else:
        path.mkdir()
    with pytest.raises(CannotOpenLedgerError, match=f"the ledger at {path} cannot be used"):
        SqliteLedger.open(path, silent)


async def test_where_nothing_may_be_written_the_database_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "a.db", list[str]()
    ledger = SqliteLedger.open(path, silent)
    await ledger.append(settled(1))
    await ledger.close()
    LedgerJournal(journal_directory(path)).append(settled(2))
    monkeypatch.setattr("os.access", lambda _path, mode: mode != os.W_OK)
    with ledger_to_read(path, told.append) as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (1,)

    assert len(told) == 1
    assert "may only be read" in told[0]


async def test_one_that_cannot_be_closed_is_booked_when_it_is_opened_next(tmp_path: Path) -> None:
    path, told = tmp_path / "a.db", list[str]()
    ledger = SqliteLedger.open(path, told.append)
    assert await ledger.flush()
    with files_no_longer_than(4 * LINE_BYTES):
        await ledger.append(settled(1))
        await ledger.close()
    await SqliteLedger.open(path, silent).close()

    assert len(costs(path)) == 1
    assert told[-1].startswith("the ledger could not be closed")


def kill(place: Path, kills: int, seed: int) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.ledger_kills", str(place), str(kills), str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_killed_at_any_instant_it_loses_nothing_and_books_nothing_twice(tmp_path: Path) -> None:
    assert kill(tmp_path, 30, seed=1) == ""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_times(tmp_path: Path) -> None:
    assert kill(tmp_path, 200, seed=2) == ""
