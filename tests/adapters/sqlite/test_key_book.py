import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmgw.adapters.sqlite import key_book as module
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.key_book import KeyBook, KeyDigest, ManagedKey
from llmgw.config.secrets import digest
from llmgw.errors import InvalidRequestError, KeyExistsError, UnknownKeyError
from llmgw.graph.principal import Principal

NOW_MS = 1_790_000_000_000
HOUR_MS = 3_600_000


def key(name: str = "search", secret: str = "one", **terms: object) -> ManagedKey:
    return ManagedKey(name, created_ms=NOW_MS, digests=(KeyDigest(digest(secret), NOW_MS),), **terms)  # type: ignore[arg-type]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with database(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture
def book(connection: sqlite3.Connection) -> KeyBook:
    return KeyBook(connection)


def test_a_key_is_read_as_it_was_written(book: KeyBook) -> None:
    full = key(
        team="t", user="u", models=("a", "b*"), endpoints=("chat",), metadata={"tier": "paid"}, expires_ms=NOW_MS + 1
    )
    plain = key("plain", "two")
    book.add(full)
    book.add(plain)

    assert book.all() == (plain, full)
    assert book.one("search") == full


def test_everybody_is_found_by_the_digests_of_their_secrets(book: KeyBook) -> None:
    book.add(key(team="t", models=("a",), endpoints=("chat",), metadata={"tier": "paid"}, expires_ms=NOW_MS))
    version, found = book.load()

    assert version == 1
    assert found == {
        digest("one"): Principal(
            "search", "t", "", ("a",), frozenset({"chat"}), {"tier": "paid"}, expires_s=NOW_MS / 1000
        )
    }


def test_every_change_has_a_number_of_its_own(book: KeyBook) -> None:
    numbers = [book.version()]
    book.add(key())
    numbers.append(book.version())
    book.rotate("search", KeyDigest(digest("two"), NOW_MS), NOW_MS)
    numbers.append(book.version())
    book.expire("search", NOW_MS)
    numbers.append(book.version())
    book.revoke("search", NOW_MS)

    assert [*numbers, book.version()] == [0, 1, 2, 3, 4]


def test_a_change_that_fails_has_not_happened(book: KeyBook) -> None:
    book.add(key())
    with pytest.raises(KeyExistsError):
        book.add(key("other", "one"))

    assert ([one.name for one in book.all()], book.version()) == (["search"], 1)


def test_names_are_given_once(book: KeyBook) -> None:
    book.add(key())
    book.revoke("search", NOW_MS)
    with pytest.raises(KeyExistsError, match="names are given once"):
        book.add(key("search", "two"))


def test_a_name_that_is_not_there_is_told(book: KeyBook) -> None:
    for change in (
        lambda: book.one("x"),
        lambda: book.rotate("x", KeyDigest("d", 0), 0),
        lambda: book.revoke("x", 0),
        lambda: book.expire("x", None),
    ):
        with pytest.raises(UnknownKeyError, match="no key of that name in the ledger"):
            change()

    assert book.version() == 0


def test_rotation_leaves_the_old_secret_its_time(book: KeyBook) -> None:
    book.add(key())
    book.rotate("search", KeyDigest(digest("two"), NOW_MS + 1), NOW_MS + HOUR_MS)
    _, found = book.load()

    assert {name: found[digest(name)].expires_s for name in ("one", "two")} == {
        "one": (NOW_MS + HOUR_MS) / 1000,
        "two": None,
    }


def test_rotation_never_gives_an_old_secret_more_time(book: KeyBook) -> None:
    book.add(key())
    book.rotate("search", KeyDigest(digest("two"), NOW_MS + 1), NOW_MS + HOUR_MS)
    book.rotate("search", KeyDigest(digest("three"), NOW_MS + 2), NOW_MS + 2 * HOUR_MS)
    _, found = book.load()

    assert [found[digest(name)].expires_s for name in ("one", "two")] == [
        (NOW_MS + HOUR_MS) / 1000,
        (NOW_MS + 2 * HOUR_MS) / 1000,
    ]


def test_secrets_that_are_over_make_room(book: KeyBook) -> None:
    book.add(key())
    for number in range(20):
        at_ms = NOW_MS + number * HOUR_MS
        book.rotate("search", KeyDigest(digest(f"{number}"), at_ms), at_ms + HOUR_MS)

    assert len(book.one("search").digests) == 2


def test_a_key_has_only_so_many_secrets_at_once(book: KeyBook) -> None:
    book.add(key())
    for number in range(1, module.SECRETS_MAX):
        book.rotate("search", KeyDigest(digest(f"{number}"), NOW_MS), NOW_MS + HOUR_MS)
    with pytest.raises(InvalidRequestError, match="has 8 secrets that hold"):
        book.rotate("search", KeyDigest(digest("one too many"), NOW_MS), NOW_MS + HOUR_MS)

    assert len(book.one("search").digests) == module.SECRETS_MAX


def test_there_are_only_so_many_keys(book: KeyBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEYS_MAX", 1)
    book.add(key())
    with pytest.raises(InvalidRequestError, match="there are 1 keys"):
        book.add(key("other", "two"))


def test_who_is_revoked_is_over_at_once_and_for_good(book: KeyBook) -> None:
    book.add(key(expires_ms=NOW_MS * 2))
    book.revoke("search", NOW_MS)
    book.revoke("search", NOW_MS + 1)
    _, found = book.load()

    assert found[digest("one")].expires_s == 0.0
    assert book.one("search").revoked_ms == NOW_MS
    with pytest.raises(InvalidRequestError, match="has been revoked"):
        book.rotate("search", KeyDigest(digest("two"), NOW_MS), NOW_MS)
    with pytest.raises(InvalidRequestError, match="has been revoked"):
        book.expire("search", None)


def test_the_end_of_a_key_can_be_moved_and_taken_away(book: KeyBook) -> None:
    book.add(key())
    ends = []
    for at_ms in (NOW_MS, None):
        book.expire("search", at_ms)
        ends.append(book.load()[1][digest("one")].expires_s)

    assert ends == [NOW_MS / 1000, None]


def test_no_secret_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with database(path) as opened:
        KeyBook(opened).add(key(secret="the-secret-itself"))

    assert [file.name for file in tmp_path.iterdir() if b"the-secret-itself" in file.read_bytes()] == []
