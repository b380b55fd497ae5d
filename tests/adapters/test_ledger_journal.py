import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.ledger_segments import line_of, read, segments
from llmgw.errors import LedgerUnavailableError
from llmgw.policy.entry import Record
from tests.adapters.ledger_records import settled

LINE_BYTES = len(line_of(settled(1)))


def records(journal: LedgerJournal) -> list[list[Record]]:
    """Of each segment."""
    return [read(segment.path, 0).records for segment in segments(journal.directory, journal.owner)]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """As a disk that is full: a write that does not fit is cut, the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_record_is_in_the_file_when_it_has_been_taken(tmp_path: Path) -> None:
    journal = LedgerJournal(tmp_path / "d")
    journal.append(settled(1))
    journal.append(settled(2))

    assert records(journal) == [[settled(1), settled(2)]]
    assert journal.written == 2 * LINE_BYTES
    journal.close()


def test_a_segment_that_is_long_enough_is_followed_by_another_one(tmp_path: Path) -> None:
    journal = LedgerJournal(tmp_path, segment_bytes_max=LINE_BYTES + 1, disk=True)
    for number in range(5):
        journal.append(settled(number))
    journal.close()

    assert [len(some) for some in records(journal)] == [2, 2, 1]


def test_over_its_bound_no_call_begins_and_those_that_have_begun_are_booked(tmp_path: Path) -> None:
    journal = LedgerJournal(tmp_path, bytes_max=2 * LINE_BYTES + 1024)
    for number in range(2):
        journal.append(settled(number))
        journal.check()
    journal.append(settled(2))
    with pytest.raises(LedgerUnavailableError, match="takes no more"):
        journal.check()
    journal.append(settled(3))
    journal.applied = 2 * LINE_BYTES
    journal.check()

    assert records(journal) == [[settled(number) for number in range(4)]]
    journal.close()


def test_a_line_that_does_not_fit_is_cut_back_and_the_next_ones_go_on_behind_the_last_whole_one(tmp_path: Path) -> None:
    journal = LedgerJournal(tmp_path)
    journal.append(settled(1))
    with files_no_longer_than(LINE_BYTES + 50):
        for _ in range(2):
            with pytest.raises(LedgerUnavailableError, match=r"the disk is full|cannot be written"):
                journal.append(settled(2))
        with pytest.raises(LedgerUnavailableError):
            journal.check()
    size = segments(tmp_path, journal.owner)[0].path.stat().st_size
    journal.check()
    journal.append(settled(3))

    assert (size, journal.written) == (LINE_BYTES, 2 * LINE_BYTES)
    assert records(journal) == [[settled(1), settled(3)]]
    journal.close()


def test_where_it_cannot_even_be_cut_back_another_segment_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = LedgerJournal(tmp_path)
    journal.append(settled(1))
    with files_no_longer_than(LINE_BYTES + 50), monkeypatch.context() as patched:
        patched.setattr("os.ftruncate", _fails)
        with pytest.raises(LedgerUnavailableError):
            journal.append(settled(2))
    journal.append(settled(3))

    assert records(journal) == [[settled(1)], [settled(3)]]
    journal.close()


def _fails(*_: object) -> None:
    raise OSError(5, "Input/output error")


def test_a_new_segment_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    journal = LedgerJournal(tmp_path / "d", segment_bytes_max=1)
    journal.append(settled(1))
    kept = tmp_path / "kept"
    (tmp_path / "d").rename(kept)
    (tmp_path / "d").write_text("no directory")
    with pytest.raises(LedgerUnavailableError, match="cannot be written"):
        journal.append(settled(2))
    (tmp_path / "d").unlink()
    kept.rename(tmp_path / "d")
    journal.append(settled(3))

    assert records(journal) == [[settled(1)], [settled(3)]]
    journal.close()


def test_what_is_abandoned_is_not_written_to_any_more(tmp_path: Path) -> None:
    journal = LedgerJournal(tmp_path)
    journal.append(settled(1))
    journal.abandon(journal.number)
    journal.append(settled(2))

    assert records(journal) == [[settled(1)], [settled(2)]]
    journal.close()


def test_two_owners_do_not_disturb_each_other(tmp_path: Path) -> None:
    journals = [LedgerJournal(tmp_path) for _ in range(2)]
    for number, journal in enumerate(journals):
        journal.append(settled(number))

    assert [records(journal) for journal in journals] == [[[settled(0)]], [[settled(1)]]]
    for journal in journals:
        journal.close()


def test_where_no_lock_can_be_had_there_is_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmgw.adapters.ledger_journal.take_lock", lambda _path: None)
    with pytest.raises(LedgerUnavailableError, match="no lock can be had"):
        LedgerJournal(tmp_path)
