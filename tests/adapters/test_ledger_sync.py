import asyncio
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.ledger_segments import segments
from llmgw.adapters.ledger_sync import GroupSync
from llmgw.errors import LedgerUnavailableError
from tests.adapters.ledger_records import settled


class Disk:
    """Counts what is brought to it, and can be slow or broken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.syncs = 0
        self.takes_s = 0.0
        self.broken = False
        self.files: list[int] = []
        self.directories: list[int] = []
        self.threads: set[threading.Thread] = set()
        monkeypatch.setattr("os.fdatasync", self._sync)
        monkeypatch.setattr("os.fsync", lambda descriptor: self.directories.append(os.fstat(descriptor).st_ino))

    def _sync(self, descriptor: int) -> None:
        self.files.append(os.fstat(descriptor).st_ino)  # it is open
        self.threads.add(threading.current_thread())
        self.syncs += 1
        time.sleep(self.takes_s)
        if self.broken:
            raise OSError(5, "Input/output error")


def inodes(paths: Sequence[Path]) -> list[int]:
    return [path.stat().st_ino for path in paths]


async def append(journal: LedgerJournal, sync: GroupSync, number: int) -> None:
    journal.append(settled(number))
    await sync.wait()


async def test_all_of_a_turn_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, journal = Disk(monkeypatch), LedgerJournal(tmp_path)
    sync = GroupSync(journal)
    await asyncio.gather(*(append(journal, sync, number) for number in range(100)))
    after_one_turn = disk.syncs
    await append(journal, sync, 100)

    assert (after_one_turn, disk.syncs) == (1, 2)
    sync.close()
    journal.close()


async def test_segments_that_ended_and_the_directory_of_new_ones_are_brought_along_and_not_by_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, place = Disk(monkeypatch), tmp_path / "d"
    journal = LedgerJournal(place, disk=True, segment_bytes_max=1)
    sync = GroupSync(journal)
    await asyncio.gather(*(append(journal, sync, number) for number in range(3)))
    files = [segment.path for segment in segments(place, journal.owner)]

    assert (disk.files, disk.directories) == (inodes(files), inodes([tmp_path, place]))
    assert threading.main_thread() not in disk.threads
    sync.close()
    journal.close()


async def test_one_that_is_not_new_needs_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, journal = Disk(monkeypatch), LedgerJournal(tmp_path, disk=True)
    sync = GroupSync(journal)
    for number in range(3):
        await append(journal, sync, number)

    assert (len(disk.files), len(disk.directories)) == (3, 2)
    sync.close()
    journal.close()


async def test_what_comes_while_one_is_under_way_shares_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, journal = Disk(monkeypatch), LedgerJournal(tmp_path)
    sync, disk.takes_s = GroupSync(journal), 0.05
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(append(journal, sync, number))
            await asyncio.sleep(0.001)

    assert 2 <= disk.syncs < 10
    sync.close()
    journal.close()


async def test_one_who_no_longer_waits_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, journal = Disk(monkeypatch), LedgerJournal(tmp_path)
    sync, disk.takes_s = GroupSync(journal), 0.05
    async with asyncio.TaskGroup() as group:
        impatient = group.create_task(append(journal, sync, 1))
        patient = group.create_task(append(journal, sync, 2))
        await asyncio.sleep(0.01)
        impatient.cancel()

    assert (impatient.cancelled(), patient.cancelled()) == (True, False)
    sync.close()
    journal.close()


async def test_a_disk_that_fails_is_told_to_all_who_wait_and_another_segment_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, journal = Disk(monkeypatch), LedgerJournal(tmp_path)
    sync, disk.broken = GroupSync(journal), True
    results = await asyncio.gather(*(append(journal, sync, number) for number in range(2)), return_exceptions=True)
    disk.broken = False
    await append(journal, sync, 3)

    assert [type(result) for result in results] == [LedgerUnavailableError] * 2
    assert len(segments(tmp_path, journal.owner)) == 2
    sync.close()
    journal.close()


async def test_no_descriptor_is_told_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = LedgerJournal(tmp_path)
    sync = GroupSync(journal)
    with monkeypatch.context() as patched:
        patched.setattr("os.dup", _none_left)
        with pytest.raises(LedgerUnavailableError, match="Too many open files"):
            await append(journal, sync, 1)
    await append(journal, sync, 2)

    sync.close()
    journal.close()


def _none_left(_descriptor: int) -> int:
    raise OSError(24, "Too many open files")
