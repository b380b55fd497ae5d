"""What every `Ledger` does: it takes records in order, or says that it cannot, and then takes nothing of them."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from llmgw.adapters.ledger import SqliteLedger, journal_directory
from llmgw.adapters.ledger_segments import owners, read, segments
from llmgw.errors import LedgerUnavailableError
from llmgw.policy.entry import Record
from llmgw.ports import Ledger
from tests.adapters.ledger_records import reserved, settled
from tests.adapters.test_ledger_journal import files_no_longer_than
from tests.fakes import FakeLedger


@dataclass(frozen=True, slots=True)
class Scene:
    """A ledger, what it has taken, and how to leave it no room for a while."""

    ledger: Ledger
    taken: Callable[[], Sequence[Record]]
    full: Callable[[], AbstractContextManager[None]]


Open = Callable[[Path], AbstractAsyncContextManager[Scene]]


@asynccontextmanager
async def in_memory(_place: Path) -> AsyncIterator[Scene]:
    fake = FakeLedger()

    @contextmanager
    def full() -> Iterator[None]:
        fake.full = True
        yield
        fake.full = False

    yield Scene(fake, lambda: fake.records, full)


def in_sqlite(*, disk: bool) -> Open:
    @asynccontextmanager
    async def opened(place: Path) -> AsyncIterator[Scene]:
        path = place / "a.db"
        ledger = SqliteLedger.open(path, print, disk=disk)
        try:
            yield Scene(ledger, lambda: [*journals(journal_directory(path))], lambda: files_no_longer_than(10))
        finally:
            await ledger.close()

    return opened


def journals(directory: Path) -> Iterator[Record]:
    for owner in owners(directory):
        for segment in segments(directory, owner):
            yield from read(segment.path, 0).records


every = pytest.mark.parametrize(
    "make", [in_memory, in_sqlite(disk=False), in_sqlite(disk=True)], ids=["fake", "process", "disk"]
)


@every
async def test_it_takes_records_in_order(make: Open, tmp_path: Path) -> None:
    records: list[Record] = [reserved(1), settled(1, ends=1), settled(2, metadata={"tier": "ü"})]
    async with make(tmp_path) as scene:
        for record in records:
            scene.ledger.check()
            await scene.ledger.append(record)

        assert records == [*scene.taken()]


@every
async def test_without_room_it_takes_nothing_and_says_so_and_goes_on_when_there_is_some(
    make: Open, tmp_path: Path
) -> None:
    async with make(tmp_path) as scene:
        await scene.ledger.append(settled(0))
        with scene.full():
            with pytest.raises(LedgerUnavailableError):
                await scene.ledger.append(settled(1))
            with pytest.raises(LedgerUnavailableError):
                scene.ledger.check()
        scene.ledger.check()
        await scene.ledger.append(settled(2))

        assert [settled(0), settled(2)] == [*scene.taken()]
