import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from llmgw.adapters import ledger_writer
from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.ledger_writer import LedgerWriter
from llmgw.adapters.sqlite import database
from llmgw.adapters.sqlite.retention import Retention
from llmgw.config.units import LONGEST_S
from tests.adapters.ledger_records import DAY_MS, START_MS, asked, costs, settled

NOW_S = START_MS / 1000 + 10 * 86_400


class Bench:
    """A writer at work."""

    def __init__(self, place: Path, retention: Retention) -> None:
        self.path = place / "a.db"
        self.journal = LedgerJournal(place / "a.db.d")
        self.told: list[str] = []
        self.writer = LedgerWriter(self.path, self.journal, retention, self.told.append, lambda: NOW_S)

    def append(self, number: int, at_ms: int = START_MS) -> None:
        self.journal.append(settled(number, at_ms=at_ms))
        if self.writer.idle:
            self.writer.wake()


@contextmanager
def at_work(place: Path, retention: Retention = Retention()) -> Iterator[Bench]:  # noqa: B008 - frozen
    bench = Bench(place, retention)
    bench.writer.start()
    try:
        yield bench
    finally:
        bench.writer.close()
        bench.journal.close()


def until(holds: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 10.0
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_records_are_in_the_database_soon(tmp_path: Path) -> None:
    with at_work(tmp_path) as bench:
        for number in range(3):
            until(lambda: bench.writer.idle)
            bench.append(number)
        until(lambda: bench.journal.applied == bench.journal.written)

        assert len(costs(bench.path)) == 3


def test_who_asks_for_it_has_them_there_at_once(tmp_path: Path) -> None:
    with at_work(tmp_path) as bench:
        bench.append(1)

        assert bench.writer.flush(10.0)
        assert len(costs(bench.path)) == 1


def test_what_is_in_the_journal_at_the_end_is_booked(tmp_path: Path) -> None:
    with at_work(tmp_path) as bench:
        for number in range(100):
            bench.append(number)

    assert len(costs(bench.path)) == 100


def test_while_another_one_holds_the_database_the_journal_grows_and_then_all_is_booked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.05)
    monkeypatch.setattr(ledger_writer, "RETRY_S", 0.05)
    with at_work(tmp_path) as bench:
        assert bench.writer.flush(10.0)
        with closing(sqlite3.connect(bench.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            bench.append(1)
            until(lambda: bench.writer.trouble)
            flushed = bench.writer.flush(10.0)
            bench.append(2)
            other.rollback()
        until(lambda: not bench.writer.trouble)

        assert (flushed, bench.writer.flush(10.0), len(costs(bench.path))) == (False, True, 2)
    assert [told.partition(":")[0] for told in bench.told] == [
        "the ledger cannot be written, its journal grows meanwhile",
        "the ledger can be written again",
    ]


def test_whatever_goes_wrong_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_writer, "RETRY_S", 0.05)
    with at_work(tmp_path, Retention(keep_s=5.0, timezone="No/Where")) as bench:
        until(lambda: bench.writer.trouble)
        bench.append(1)
        until(lambda: len(costs(bench.path)) == 1)
        trouble, bench.writer.retention = bench.writer.trouble, Retention()
        until(lambda: not bench.writer.trouble)

    assert "No/Where" in trouble
    assert [told.partition(":")[0] for told in bench.told] == [
        "the ledger cannot be written, its journal grows meanwhile",
        "the ledger can be written again",
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_has_ended_is_trouble_too(tmp_path: Path) -> None:
    def leave(_message: str) -> None:
        raise SystemExit

    journal = LedgerJournal(tmp_path / "a.db.d")
    writer = LedgerWriter(tmp_path / "a.db", journal, Retention(keep_s=5.0, timezone="No/Where"), leave)
    before = writer.trouble
    writer.start()
    writer._thread.join(10.0)

    assert (before, writer.trouble) == ("", "the thread that writes it has ended")
    assert not writer.flush(10.0)
    journal.close()


def test_the_longest_time_for_which_rows_can_be_kept_is_no_trouble(tmp_path: Path) -> None:
    with at_work(tmp_path, Retention(keep_s=LONGEST_S)) as bench:
        bench.append(1)

        assert (bench.writer.flush(10.0), bench.writer.trouble) == (True, "")


def test_of_several_over_one_ledger_one_only_tidies(tmp_path: Path) -> None:
    def tidied(bench: Bench) -> int:
        """The rows that are left."""
        bench.writer._tidied_s = float("-inf")
        assert bench.writer.flush(10.0)
        return len(costs(bench.path))

    brief = Retention(keep_s=86_400.0)
    with ExitStack() as later:
        with at_work(tmp_path, Retention(keep_s=20 * 86_400.0)) as first:
            first.append(1)
            before = tidied(first)
            second = later.enter_context(at_work(tmp_path, brief))
            beside = (before, tidied(second))
        alone = tidied(second)

    assert (beside, alone) == ((1, 1), 0)
    assert not (tmp_path / "a.db.tidy").exists()


def test_old_rows_are_summed_up_beside(tmp_path: Path) -> None:
    with at_work(tmp_path, Retention(keep_s=5 * 86_400.0)) as bench:
        for day in range(9):
            bench.append(day, START_MS + day * DAY_MS)
        assert bench.writer.flush(10.0)
        bench.writer._tidied_s = float("-inf")
        assert bench.writer.flush(10.0)

        assert (len(costs(bench.path)), asked(bench.path, "SELECT count(*) FROM daily")) == (4, [(5,)])


def test_what_others_left_is_booked_now_and_then(tmp_path: Path) -> None:
    with at_work(tmp_path) as bench:
        assert bench.writer.flush(10.0)
        other = LedgerJournal(tmp_path / "a.db.d")
        other.append(settled(1))
        other.close()
        bench.writer._tidied_s = float("-inf")

        assert bench.writer.flush(10.0)
        assert len(costs(bench.path)) == 1
