"""What a serving process counts and writes, with a real ledger: opened, left, and opened again."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.journal import make_logger
from llmgw.adapters.ledger import CannotOpenLedgerError
from llmgw.adapters.ledger_lock import LedgerInUseError
from llmgw.adapters.memory_quota import Booked, MemoryQuota
from llmgw.adapters.no_ledger import NoLedger
from llmgw.adapters.sqlite.database import database
from llmgw.config.model import Duration, StateSection
from llmgw.graph.model import Graph
from llmgw.policy.claims import BudgetClaim, Claim, Grant, Granted, Refused, WorstCase
from llmgw.policy.entry import Charge, Entry, Reserved, Settled
from llmgw.server.books import LATE_S, OpenBooks, open_books
from tests.adapters.ledger_records import asked, costs, request_id
from tests.policy.rules import NOON_S, HandClock
from tests.served import LogLines
from tests.server.calls import eventually

MODELS = "models: {gpt: {target: simulator/gpt, price: {input_usd_per_mtok: 1, output_usd_per_mtok: 10}}}\n"
DAY = "budgets: [{name: day, each: key.team, limit_usd: 0.000001, per: day}]\n"
LIMIT = "limits: [{name: rate, each: target, requests: 1/m}]\n"
NOON_MS = int(NOON_S * 1000)
LIMIT_NANOUSD = 1000


@dataclass
class Opened:
    """Books that are open, and what they say to whoever looks after them."""

    graph: Graph
    books: OpenBooks
    log: LogLines = field(default_factory=LogLines)

    async def admit(self, nanousd: int, team: str = "search") -> Granted | Refused:
        claim = Claim((), (BudgetClaim(self.graph.rules.budgets[0], (team,)),), WorstCase(nanousd, 0, 0, may_cap=False))
        return await self.books.books.quota.admit([claim])

    async def spend(self, number: int, nanousd: int) -> None:
        """A whole request: reserved, settled and booked."""
        grant = await self.grant(nanousd)
        entry = entry_of(number, nanousd, grant)
        await self.books.books.ledger.append(Reserved(entry, 1))
        await self.books.books.quota.settle(grant, nanousd=nanousd, tokens=0, output_tokens=0)
        await self.books.books.ledger.append(Settled(entry, 1))

    async def grant(self, nanousd: int) -> Grant:
        granted = await self.admit(nanousd)
        assert isinstance(granted, Granted)
        return granted.grants[0]

    async def book(self, number: int, nanousd: int, team: str = "search") -> None:
        """A whole request that no budget pays for, at the time of the clock."""
        entry = structs.replace(entry_of(number, nanousd, None), team=team)
        await self.books.books.ledger.append(Settled(entry))

    async def all_is_over(self) -> None:
        """All calls have ended that began before the budgets were in force."""
        assert isinstance(self.books._clock, HandClock)
        self.books._clock.run_s += LATE_S[-1]
        await self.books.look()

    @property
    def known(self) -> int:
        assert self.books.path is not None
        return int(asked(self.books.path, "SELECT count(*) FROM known_budget")[0][0])

    async def take(self, config: str) -> None:
        self.graph = graph_of(config)
        await self.books.take(self.graph, StateSection())

    @property
    def spent(self) -> list[tuple[str, tuple[str, ...], int]]:
        return [(it.budget, it.values, it.spent_nanousd) for it in self.books.quota.standings()]


def entry_of(number: int, nanousd: int, grant: Grant | None) -> Entry:
    charges: tuple[Charge, ...] = () if grant is None else grant.charges
    asked_by: dict[str, Any] = {"team": "search", "key": "k", "model": "gpt"}
    return Entry(
        request_id=request_id(number, NOON_MS), at_ms=NOON_MS, cost_nanousd=nanousd, charges=charges, **asked_by
    )


def graph_of(config: str) -> Graph:
    return build([Text("a.yaml", MODELS + config)], {}, need_secrets=True).checked()


@asynccontextmanager
async def opened(
    config: str, path: Path | None, state: StateSection | None = None, clock: HandClock | None = None
) -> AsyncIterator[Opened]:
    graph, log = graph_of(config), LogLines()
    logger = make_logger(log, pretty=False, level="debug")
    async with open_books(graph, state or StateSection(), path, clock or HandClock(), logger) as books:
        yield Opened(graph, books, log)


# Without a ledger.


async def test_without_a_ledger_there_are_counters_and_a_book_that_keeps_nothing() -> None:
    async with opened(DAY, None) as one, opened(DAY, None) as two:
        assert isinstance(await one.admit(LIMIT_NANOUSD), Granted)
        assert isinstance(await one.admit(1), Refused)
        assert isinstance(await two.admit(1), Granted)
        assert isinstance(one.books.books.ledger, NoLedger)
        assert (one.books.keys, one.books.ledger, one.books.path) == (None, None, None)


async def test_without_a_ledger_a_reload_takes_new_rules_too() -> None:
    async with opened(DAY, None) as one:
        await one.admit(400)
        await one.take(DAY.replace("0.000001", "0.0000005"))
        refused = await one.admit(101)

        assert isinstance(refused, Refused)
        assert refused.left_nanousd == 100


# With one.


async def test_what_is_written_is_in_the_ledger_when_the_books_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(DAY, path) as one:
        await one.spend(1, 300)

        assert one.books.path == path
        assert one.books.keys is not None
    assert costs(path) == [(request_id(1, NOON_MS), 0, 300)]
    assert sorted(os.listdir(tmp_path)) == ["a.db", "a.db.d", "a.db.lock"]  # noqa: PTH208 - nothing to wait for
    assert os.listdir(tmp_path / "a.db.d") == []  # noqa: PTH208


async def test_after_a_restart_as_much_is_spent_as_before(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(DAY, path) as one:
        await one.spend(1, 300)
        await one.spend(2, 400)
    async with opened(DAY, path) as two:
        refused = await two.admit(301)

        assert two.spent == [("day", ("search",), 700)]
        assert isinstance(refused, Refused)
        assert isinstance(await two.admit(301, "ads"), Granted)


async def test_what_was_reserved_when_a_process_ended_is_spent_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(DAY, path) as one:
        grant = await one.grant(600)
        await one.books.books.ledger.append(Reserved(entry_of(1, 600, grant), 1))
    async with opened(DAY, path) as two:
        assert two.spent == [("day", ("search",), 600)]


async def test_another_window_begins_at_nothing(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.db", HandClock()
    async with opened(DAY, path, clock=clock) as one:
        await one.spend(1, 300)
    clock.move(86_400.0)
    async with opened(DAY, path, clock=clock) as two:
        assert [it for it in two.spent if it[2]] == []


async def test_durability_is_that_of_the_file(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db", StateSection(durability="disk")) as one:
        await one.spend(1, 300)

        assert one.books.ledger is not None
        assert one.books.ledger._sync is not None


async def test_what_is_wrong_with_a_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database at all, and long enough to be taken for none" * 20)
    with pytest.raises(CannotOpenLedgerError, match=r"a\.db cannot be used"):
        async with opened(DAY, tmp_path / "a.db"):
            pass


# One process only may count.


@pytest.mark.parametrize("rules", [DAY, LIMIT])
async def test_two_may_not_count_over_one_ledger(rules: str, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(rules, path):
        with pytest.raises(LedgerInUseError, match=f"process {os.getpid()}"):
            async with opened(rules, path):
                pass
    async with opened(rules, path):
        pass


async def test_whoever_counts_nothing_may_write_beside_one_who_does(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(DAY, path) as one, opened("", path) as two:
        await one.spend(1, 300)
        await two.books.books.ledger.append(Settled(Entry(request_id=request_id(2, NOON_MS), cost_nanousd=7)))
    assert [cost for _, _, cost in costs(path)] == [300, 7]


async def test_a_reload_that_would_count_where_another_does_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(DAY, path), opened("", path) as two:
        with pytest.raises(LedgerInUseError):
            await two.take(DAY)

        assert two.spent == []


async def test_a_lock_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.db.lock").mkdir()
    with pytest.raises(CannotOpenLedgerError, match="limits and budgets cannot be counted"):
        async with opened(DAY, tmp_path / "a.db"):
            pass


# A reload.


async def test_a_reload_keeps_what_was_counted_and_takes_new_amounts(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        await one.spend(1, 300)
        held = await one.grant(400)
        await one.take(DAY.replace("0.000001", "0.0000008"))
        refused = await one.admit(101)
        await one.books.quota.settle(held, nanousd=100, tokens=0, output_tokens=0)

        assert isinstance(refused, Refused)
        assert refused.left_nanousd == 100
        assert one.spent == [("day", ("search",), 400)]


@pytest.mark.parametrize("more", [", match: 'model == \"gpt\"'", ", timezone: Europe/Berlin"])
async def test_a_budget_that_is_new_starts_at_what_the_ledger_says(more: str, tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        await one.spend(1, 300)
        await one.take(DAY.replace("per: day", f"per: day{more}"))

        assert one.spent == [("day", ("search",), 300)]


async def test_what_the_ledger_cannot_say_of_a_new_budget_is_told(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        await one.spend(1, 300)
        await one.take(DAY.replace("key.team", "ip"))
        (line,) = one.log.of("ledger")

        assert "the budget day starts at nothing" in line["message"]
        assert one.spent == []


async def test_how_long_rows_are_kept_may_change(tmp_path: Path) -> None:
    windows = "{name: w, limit_usd: 1, per: week}, {name: r, limit_usd: 1, per: 36h}"
    async with opened(DAY, tmp_path / "a.db") as one:
        assert one.books.ledger is not None
        graph = graph_of(f"budgets: [{windows}]\n")
        await one.books.take(graph, StateSection(keep=Duration(3600.0)))
        retention = one.books.ledger._writer.retention

        assert (retention.keep_s, sorted(retention.windows_s.values())) == (3600.0, [36 * 3600.0, 7 * 86_400.0])


async def test_a_reload_that_is_refused_changes_nothing_of_how_long_rows_are_kept(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        assert one.books.ledger is not None
        before = one.books.ledger._writer.retention
        with database(tmp_path / "a.db") as connection:
            connection.execute("ALTER TABLE known_budget RENAME TO gone")
        with pytest.raises(CannotOpenLedgerError, match="known_budget"):
            await one.books.take(graph_of(""), StateSection(keep=Duration(3600.0)))

        assert one.books.ledger._writer.retention is before


# Budgets that come, go, and come back.


async def test_a_budget_that_was_away_has_spent_what_was_paid_meanwhile(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        await one.spend(1, 300)
        await one.all_is_over()
        await one.take("")
        await one.book(2, 400)
        await one.take(DAY)

        assert one.spent == [("day", ("search",), 700)]


async def test_it_has_so_if_it_was_away_in_another_process_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(DAY, path) as one:
        await one.spend(1, 300)
        await one.all_is_over()
    async with opened("", path) as two:
        await two.book(2, 400)
    async with opened(DAY, path) as three:
        assert three.spent == [("day", ("search",), 700)]


async def test_it_has_so_if_somebody_was_under_it_all_the_time(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        await one.spend(1, 300)
        grant = await one.grant(50)
        await one.all_is_over()
        await one.take("")
        await one.book(2, 400)
        await one.take(DAY)
        await one.books.quota.settle(grant, nanousd=20, tokens=0, output_tokens=0)

        assert one.spent == [("day", ("search",), 720)]


async def test_calls_that_began_before_a_budget_was_in_force_are_paid_by_it_when_they_have_ended(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    async with opened("", tmp_path / "a.db", clock=clock) as one:
        await one.book(1, 100)
        await one.take(DAY)
        await one.spend(2, 300)
        await one.book(4, 200)
        grant = await one.grant(50)
        await one.books.quota.settle(grant, nanousd=50, tokens=0, output_tokens=0)  # and is not booked yet
        before = one.spent
        clock.move(LATE_S[0])
        await one.books.look()
        found = one.spent
        await one.all_is_over()

        assert (before, found) == ([("day", ("search",), 450)], [("day", ("search",), 650)])
        assert one.spent == found
        assert one.known == 1


async def test_a_budget_is_not_known_before_they_have(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.db", HandClock()
    async with opened("", path) as one:
        await one.take(DAY)
        await one.book(1, 100)
    async with opened(DAY, path, clock=clock) as two:
        spent, known = two.spent, [two.known]
        for late_s in LATE_S:
            clock.wall_s, clock.run_s = NOON_S + late_s, 1000.0 + late_s
            await two.books.look()
            known.append(two.known)

        assert (spent, known) == ([("day", ("search",), 100)], [0, 0, 0, 1])


async def test_a_reload_without_new_budgets_asks_for_no_rows(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        await one.all_is_over()
        await one.take(DAY.replace("0.000001", "0.0000008"))

        assert one.books._late_s == []


async def test_calls_get_their_turns_while_much_is_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        for number in range(1, 8):
            await one.book(number, 10, team=f"t{number}")
    monkeypatch.setattr("llmgw.server.books.RESTORED_AT_ONCE", 2)
    restored: list[int] = []

    def restore(self: MemoryQuota, budget_id: str, booked: Sequence[Booked]) -> None:
        restored.append(len(booked))
        asyncio.get_running_loop().call_soon(restored.append, 0)  # somebody's turn

    monkeypatch.setattr(MemoryQuota, "restore", restore)
    async with opened(DAY, tmp_path / "a.db"):
        pass

    assert restored[:8] == [2, 0, 2, 0, 2, 0, 1, 0]


async def test_rows_are_asked_for_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmgw.server.books.LOOK_S", 0.01)
    clock = HandClock()
    async with opened("", tmp_path / "a.db", clock=clock) as one:
        await one.take(DAY)
        await one.book(1, 100)
        clock.move(LATE_S[-1])
        await eventually(lambda: one.known == 1)

        assert one.spent == [("day", ("search",), 100)]


async def test_rows_that_cannot_be_had_are_asked_for_until_they_can(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        with database(tmp_path / "a.db") as connection:
            connection.execute("ALTER TABLE known_budget RENAME TO gone")
            with pytest.raises(CannotOpenLedgerError):
                await one.all_is_over()
            connection.execute("ALTER TABLE gone RENAME TO known_budget")
        await one.books.look()

        assert one.known == 1


async def test_managed_keys_are_there_beside_those_of_the_file(tmp_path: Path) -> None:
    async with opened("keys: [{name: k, secret: the-secret-of-key-k}]\n", tmp_path / "a.db") as one:
        assert one.books.keys is not None
        needed = one.books.keys.needed
        await one.take("")

        assert (needed, one.books.keys.needed) == (True, False)


async def test_counters_are_those_of_the_process(tmp_path: Path) -> None:
    async with opened(DAY, tmp_path / "a.db") as one:
        assert isinstance(one.books.quota, MemoryQuota)
        assert one.books.quota is one.books.books.quota
