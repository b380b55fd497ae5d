import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmgw.adapters import ledger_segments
from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.ledger_segments import line_of, segments
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.folding import ENTRY_COLUMNS, INTEGER_MAX, fold_others, fold_own, fold_segment
from llmgw.chat.usage import Usage
from llmgw.policy.entry import Charge, Entry, Record, Reserved, Settled
from tests.adapters.ledger_records import START_MS, all_of, costs, entry, left, request_id, reserved, settled, spent


class Books:
    """A database and its directory of journals."""

    def __init__(self, place: Path, connection: sqlite3.Connection) -> None:
        self.path = place / "a.db"
        self.directory = place / "a.db.d"
        self.connection = connection
        self.told: list[str] = []

    def journal(self, *records: Record, segment_bytes_max: int = 10**6) -> LedgerJournal:
        journal = LedgerJournal(self.directory, segment_bytes_max=segment_bytes_max)
        for record in records:
            journal.append(record)
        return journal

    def fold(self) -> None:
        fold_others(self.connection, self.directory, self.told.append)

    def fold_own(self, journal: LedgerJournal) -> None:
        fold_own(self.connection, journal, self.told.append)

    def files(self) -> list[str]:
        return sorted(path.suffix for path in self.directory.iterdir())

    def costs(self) -> list[tuple[int, int]]:
        """Attempt and cost of each row."""
        return [(attempt, nanousd) for _, attempt, nanousd in costs(self.path)]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with database(tmp_path / "a.db") as connection:
        yield Books(tmp_path, connection)


def test_a_row_has_everything_that_an_entry_has(books: Books) -> None:
    full = Entry(
        request_id=request_id(1),
        attempt=2,
        at_ms=START_MS,
        key="k",
        team="t",
        user="u",
        request_user="r",
        model="m",
        route="smart/fallback[1]=claude",
        target="one",
        provider="p",
        endpoint="chat",
        stream=True,
        status=200,
        outcome="ok",
        usage=Usage(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "flex"),
        cost_nanousd=12,
        saved_nanousd=13,
        estimated=True,
        overrun=True,
        latency_ms=14.5,
        first_token_ms=15.5,
        client_request_id="c",
        metadata={"tier": "paid"},
    )
    books.journal(Settled(full)).close()
    books.fold()
    books.connection.row_factory = sqlite3.Row
    (row,) = map(dict, books.connection.execute("SELECT * FROM entry"))
    usage = {name: getattr(full.usage, name) for name in full.usage.__struct_fields__}
    others = {name: getattr(full, name) for name in full.__struct_fields__ if name not in ("usage", "charges")}

    assert row == {**others, **usage, "metadata": '{"tier":"paid"}'}
    assert set(row) == set(ENTRY_COLUMNS)


def test_a_segment_is_folded_from_where_the_last_one_stopped_whoever_that_was(books: Books) -> None:
    journal = books.journal(settled(1))
    books.fold()
    books.fold()
    journal.append(settled(2))
    books.fold_own(journal)
    books.fold()

    assert (books.costs(), spent(books.path)) == ([(0, 1), (0, 2)], 3)
    assert journal.applied == journal.written
    journal.close()


def test_it_does_not_matter_in_how_many_pieces(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_segments, "CHUNK_BYTES", 700)
    books.journal(*(settled(number) for number in range(20))).close()
    books.fold()

    assert (len(books.costs()), spent(books.path)) == (20, sum(range(20)))


def test_what_is_there_is_not_booked_again(books: Books) -> None:
    books.journal(settled(1, cost_nanousd=5)).close()
    books.fold()
    books.journal(settled(1, cost_nanousd=7)).close()
    books.fold()

    assert (books.costs(), spent(books.path)) == ([(0, 5)], 5)


def test_charges_go_to_their_slots_and_keys_know_their_last_use(books: Books) -> None:
    charges = (Charge("b", "[]", 1), Charge("c", "[]", 1))
    books.journal(
        settled(1, charges=charges, at_ms=START_MS + 5),
        settled(2, charges=charges, key="other"),
        settled(3, charges=(Charge("b", "[]", 2),), cost_nanousd=None, key=""),
        settled(4, charges=(Charge("b", "[]", 3),), cost_nanousd=0, key=""),
    ).close()
    books.fold()

    assert all_of(books.connection, "SELECT * FROM spend") == [("b", "[]", 1, 3), ("c", "[]", 1, 3)]
    assert all_of(books.connection, "SELECT * FROM key_use") == [("k", START_MS + 5), ("other", START_MS)]


def test_numbers_that_nobody_can_mean_do_not_stop_the_others(books: Books) -> None:
    books.journal(settled(1, cost_nanousd=10**30, saved_nanousd=10**30), settled(2)).close()
    books.fold()

    assert books.costs() == [(0, INTEGER_MAX), (0, 2)]


def test_a_reservation_is_ended_by_its_settlement_in_whatever_batch(books: Books) -> None:
    journal = books.journal(reserved(1), settled(1, ends=1), reserved(2), reserved(3))
    books.fold_own(journal)
    open_now = left(books.path)
    journal.append(settled(2, ends=1))
    journal.append(Settled(entry(3, attempt=1), ends=1, is_row=False))
    books.fold_own(journal)
    journal.close()
    books.fold()

    assert (open_now, left(books.path)) == (2, 0)
    assert books.costs() == [(0, 1), (0, 2)]


def test_what_a_dead_one_had_reserved_is_spent(books: Books) -> None:
    """As the request's own row if it has none."""
    books.journal(
        reserved(1, 1, cost_nanousd=10),
        Settled(entry(1, attempt=1, cost_nanousd=3), ends=1),
        reserved(1, 2, cost_nanousd=20),
        reserved(1, 3, cost_nanousd=30),
        reserved(2, 1, cost_nanousd=40),
        settled(3, cost_nanousd=50),
        reserved(3, 1, cost_nanousd=60),
    ).close()
    books.fold()

    assert books.costs() == [(0, 30), (1, 3), (2, 20), (0, 40), (0, 50), (1, 60)]
    assert (spent(books.path), left(books.path), books.files()) == (203, 0, [])


def test_what_a_living_one_has_reserved_is_his(books: Books) -> None:
    journal = books.journal(reserved(1))
    books.fold()

    assert (books.costs(), left(books.path), books.files()) == ([], 1, [".journal", ".lock"])
    journal.close()


def test_finished_segments_are_deleted_and_forgotten(books: Books) -> None:
    journal = books.journal(*(settled(number) for number in range(5)), segment_bytes_max=1)
    books.fold_own(journal)
    after_own = books.files()
    books.fold()
    known = all_of(books.connection, "SELECT number FROM segment")
    journal.close()
    books.fold()

    assert (after_own, known) == ([".journal", ".lock"], [(5,)])
    assert (books.files(), all_of(books.connection, "SELECT * FROM segment")) == ([], [])


def test_a_segment_that_is_gone_is_none(books: Books) -> None:
    journal = books.journal(settled(1))
    (segment,) = segments(books.directory, journal.owner)
    segment.remove()

    assert fold_segment(books.connection, segment) is None
    journal.close()


@pytest.mark.parametrize("tail", [b"", b"12345678 {", line_of(settled(9))[:-1]])
def test_a_torn_last_line_was_never_taken(books: Books, tail: bytes) -> None:
    journal = books.journal(settled(1))
    journal.close()
    with segments(books.directory, journal.owner)[0].path.open("ab") as file:
        file.write(tail)
    books.fold()

    assert (books.costs(), books.files(), books.told) == ([(0, 1)], [], [])


def damage(path: Path) -> None:
    """In the second line."""
    data = path.read_bytes()
    second = data.index(b"\n") + 30
    path.write_bytes(data[:second] + b"~" + data[second + 1 :])


def test_what_a_dead_one_left_damaged_is_set_aside_and_told(books: Books) -> None:
    journal = books.journal(reserved(1), settled(1, ends=1), settled(2))
    journal.close()
    damage(segments(books.directory, journal.owner)[0].path)
    books.fold()
    books.fold()

    assert (books.costs(), books.files()) == ([(0, 1)], [".damaged"])
    assert len(books.told) == 1
    assert ".damaged is damaged: what follows its first" in books.told[0]


def test_what_is_damaged_in_ones_own_is_followed_by_another_segment(books: Books) -> None:
    journal = books.journal(settled(1), settled(2))
    damage(segments(books.directory, journal.owner)[0].path)
    books.fold()
    books.fold_own(journal)
    journal.append(settled(3))
    books.fold_own(journal)

    assert (books.costs(), books.files()) == ([(0, 1), (0, 3)], [".damaged", ".journal", ".lock"])
    assert (len(books.told), journal.applied) == (1, journal.written)
    journal.close()


def test_ones_own_segment_that_somebody_deleted_is_told_and_another_one_begins(books: Books) -> None:
    journal = books.journal(settled(1))
    segments(books.directory, journal.owner)[0].remove()
    books.fold_own(journal)
    journal.append(settled(2))
    books.fold_own(journal)

    assert (books.costs(), journal.applied) == ([(0, 2)], journal.written)
    assert [told.endswith("was removed while it was in use") for told in books.told] == [True]
    journal.close()


@pytest.mark.parametrize("seed", range(5))
def test_any_number_of_owners_folded_by_anybody_at_any_time_is_booked_exactly_once(books: Books, seed: int) -> None:
    dice = random.Random(seed)
    journals = [books.journal(segment_bytes_max=2000) for _ in range(3)]
    for number in range(200):
        journal = dice.choice(journals)
        journal.append(Reserved(entry(number, cost_nanousd=number), 1))
        if dice.random() < 0.8:
            journal.append(settled(number, ends=1))
        match dice.randrange(8):
            case 0:
                books.fold()
            case 1:
                books.fold_own(journal)
            case 2:
                journals.remove(journal)
                journal.close()
                journals.append(books.journal(segment_bytes_max=2000))
    for journal in journals:
        journal.close()
    books.fold()

    assert books.costs() == [(0, number) for number in range(200)]
    assert (spent(books.path), left(books.path), books.files(), books.told) == (sum(range(200)), 0, [], [])
