import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from llmgw.adapters import usage_lines as module
from llmgw.adapters.ledger import CannotOpenLedgerError, SqliteLedger
from llmgw.adapters.usage_lines import usage_lines
from llmgw.policy.usage import UsageQuery
from tests.adapters.ledger_records import settled
from tests.server.calls import eventually


async def filled(path: Path, count: int) -> Path:
    ledger = SqliteLedger.open(path, lambda _: None)
    for number in range(count):
        await ledger.append(settled(number))
    await ledger.close()
    return path


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("usage-lines")]


async def test_all_come_in_order_and_in_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES_PER_CHUNK", 3)
    path = await filled(tmp_path / "a.db", 10)
    async with aclosing(usage_lines(path, UsageQuery())) as chunks:
        found = [chunk async for chunk in chunks]

    assert [len(chunk.splitlines()) for chunk in found] == [3, 3, 3, 1]
    assert [json.loads(line)["cost_nanousd"] for line in b"".join(found).splitlines()] == [*range(10)]


async def test_who_leaves_early_leaves_no_thread_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES_PER_CHUNK", 1)
    path = await filled(tmp_path / "a.db", 3)
    async with aclosing(usage_lines(path, UsageQuery())) as chunks:
        await anext(chunks)

    await eventually(lambda: not readers())
    assert not (tmp_path / "a.db-wal").exists()  # the last one to leave clears up


async def test_a_search_ends_when_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(connection: sqlite3.Connection, _: UsageQuery) -> Iterator[object]:
        yield from connection.execute(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n WHERE x < 0"
        )

    monkeypatch.setattr(module, "requests", endless)
    path = await filled(tmp_path / "a.db", 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), aclosing(usage_lines(path, UsageQuery())) as chunks:
            await anext(chunks)

    await eventually(lambda: not readers())


async def test_what_is_no_ledger_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database " * 1000)
    async with aclosing(usage_lines(tmp_path / "a.db", UsageQuery())) as chunks:
        with pytest.raises(CannotOpenLedgerError):
            await anext(chunks)
