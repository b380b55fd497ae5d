"""Keys of the file and of the ledger together: what is changed anywhere holds within a second."""

import sqlite3
from pathlib import Path

import pytest

from llmgw.adapters.beside import beside
from llmgw.adapters.journal import make_logger
from llmgw.adapters.key_register import KeyRegister
from llmgw.adapters.managed_keys import ManagedKeys
from llmgw.adapters.new_key import NewKey
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.key_book import KeyBook
from llmgw.config.secrets import digest
from llmgw.errors import LedgerUnavailableError
from llmgw.policy import access
from tests.graph.files import MODELS, sound
from tests.served import LogLines
from tests.server.calls import eventually

NOW_S = 1_790_000_000.0
OF_FILE = f"{MODELS}keys: [{{name: of-file, sha256: {digest('of-file')}}}]\n"


@pytest.fixture
def log() -> LogLines:
    return LogLines()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def managed(ledger: Path, log: LogLines, file: str = MODELS) -> ManagedKeys:
    keys = ManagedKeys(ledger, make_logger(log, pretty=False, level="debug"))
    keys.take(sound(file))
    return keys


def create(ledger: Path, name: str, file: str = MODELS, sha256: str | None = None) -> str | None:
    with database(ledger) as connection:
        _, secret = KeyRegister(connection, sound(file), "UTC", NOW_S).create(NewKey(name=name, sha256=sha256))
    return secret


def revoke(ledger: Path, name: str) -> None:
    with database(ledger) as connection:
        KeyBook(connection).revoke(name, 0)


async def name_of(keys: ManagedKeys, secret: str | None) -> str | None:
    found = await keys.find(digest(secret or ""))
    return None if found is None or access.is_expired(found, NOW_S) else found.key


async def test_both_kinds_are_found(ledger: Path, log: LogLines) -> None:
    keys = managed(ledger, log, OF_FILE)
    secret = create(ledger, "of-ledger")
    await keys.refresh()

    assert [await name_of(keys, one) for one in ("of-file", secret, "nobody")] == ["of-file", "of-ledger", None]


async def test_what_changes_is_seen_without_being_asked_for(ledger: Path, log: LogLines) -> None:
    keys = managed(ledger, log)
    await keys.refresh()
    async with beside(keys.work(every_s=0.01)):
        secret = create(ledger, "k")
        await eventually(lambda: keys.needed)
        found = await name_of(keys, secret)
        revoke(ledger, "k")
        await eventually(lambda: keys._version == 2)

        assert (found, await name_of(keys, secret)) == ("k", None)
    assert [line["version"] for line in log.of("keys_changed")] == [1, 2]


async def test_a_key_is_needed_as_soon_as_there_is_one_and_also_when_it_is_over(ledger: Path, log: LogLines) -> None:
    keys = managed(ledger, log)
    await keys.refresh()
    needed = [keys.needed]
    create(ledger, "k")
    await keys.refresh()
    needed.append(keys.needed)
    revoke(ledger, "k")
    await keys.refresh()

    assert [*needed, keys.needed] == [False, True, True]


async def test_the_file_wins_with_its_name_and_it_is_said_once(ledger: Path, log: LogLines) -> None:
    secret = create(ledger, "of-file")
    keys = managed(ledger, log, OF_FILE)
    await keys.refresh()
    create(ledger, "another")
    await keys.refresh()
    while_in_the_file = await name_of(keys, secret)
    keys.take(sound(MODELS))

    assert (while_in_the_file, await name_of(keys, secret)) == (None, "of-file")
    assert [(line["key"], line["level"]) for line in log.of("key_shadowed")] == [("of-file", "warning")]


async def test_the_file_wins_with_its_secret(ledger: Path, log: LogLines) -> None:
    create(ledger, "other", sha256=digest("of-file"))
    keys = managed(ledger, log, OF_FILE)
    await keys.refresh()

    assert await name_of(keys, "of-file") == "of-file"


async def test_a_new_file_keeps_the_keys_of_the_ledger(ledger: Path, log: LogLines) -> None:
    secret = create(ledger, "of-ledger")
    keys = managed(ledger, log)
    await keys.refresh()
    keys.take(sound(OF_FILE))

    assert [await name_of(keys, one) for one in ("of-file", secret)] == ["of-file", "of-ledger"]


async def test_what_cannot_be_read_at_the_start_is_an_error(tmp_path: Path, log: LogLines) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database " * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        await managed(tmp_path / "ledger.db", log).refresh()


async def test_when_the_ledger_goes_away_what_is_known_holds_and_that_is_said_once(ledger: Path, log: LogLines) -> None:
    secret = create(ledger, "k")
    keys = managed(ledger, log)
    await keys.refresh()
    for file in ledger.parent.iterdir():
        file.unlink()
    async with beside(keys.work(every_s=0.01)):
        await eventually(lambda: log.of("keys_stale"))
        await eventually(lambda: True)

    assert (await name_of(keys, secret), keys.needed) == ("k", True)
    assert [line["level"] for line in log.of("keys_stale")] == ["warning"]
    with pytest.raises(LedgerUnavailableError, match="another ledger"):
        await keys.refresh()


async def test_what_nobody_can_read_in_it_ends_nothing(ledger: Path, log: LogLines) -> None:
    secret = create(ledger, "k")
    keys = managed(ledger, log)
    await keys.refresh()
    with database(ledger) as connection:
        connection.execute("UPDATE managed_key SET metadata = 'no json'")
        connection.execute("UPDATE keys_version SET version = version + 1")
    async with beside(keys.work(every_s=0.01)):
        await eventually(lambda: log.of("keys_stale"))

        assert await name_of(keys, secret) == "k"
