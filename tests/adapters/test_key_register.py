import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llmgw.adapters.key_register import KeyRegister
from llmgw.adapters.new_key import NewKey
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.key_book import KeyBook
from llmgw.config.secrets import digest, literal_key_shape
from llmgw.errors import InvalidRequestError, KeyExistsError, RequestError, UnknownKeyError
from tests.graph.files import MODELS, sound

NOW_S = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()
OF_FILE = digest("the-secret-of-the-file")
FILE = f"""{MODELS}
keys: [{{name: of-file, sha256: {OF_FILE}, team: t, models: ["*"], endpoints: [chat], expires: 2026-12-31}}]
"""


class Registers:
    """Of the same ledger, at any time, with any file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.book = KeyBook(connection)

    def at(self, now_s: float = NOW_S, file: str = FILE, timezone: str = "UTC") -> KeyRegister:
        return KeyRegister(self.connection, sound(file), timezone, now_s)


@pytest.fixture
def registers(tmp_path: Path) -> Iterator[Registers]:
    with database(tmp_path / "ledger.db") as connection:
        yield Registers(connection)


def test_a_new_key_has_a_secret_that_is_told_once(registers: Registers) -> None:
    created, secret = registers.at().create(NewKey(name="search", team="s", metadata={"seats": 3}))
    assert secret is not None
    shown = registers.at().show("search").as_dict(with_digests=True)

    assert literal_key_shape(secret) == "llmgw-…"
    assert digest(secret) in registers.book.load()[1]
    assert secret not in json.dumps(shown)
    assert created.as_dict(with_digests=True) == shown
    assert shown == {
        "name": "search",
        "source": "ledger",
        "state": "active",
        "team": "s",
        "user": "",
        "models": None,
        "endpoints": None,
        "metadata": {"seats": "3"},
        "created": "2026-11-01T12:00:00Z",
        "expires": None,
        "revoked": None,
        "last_used": None,
        "secrets": [{"sha256": digest(secret), "created": "2026-11-01T12:00:00Z", "not_after": None}],
    }


def test_who_has_a_secret_already_keeps_it(registers: Registers) -> None:
    _, secret = registers.at().create(NewKey(name="moved", sha256=digest("sk-from-elsewhere").upper()))

    assert secret is None
    assert registers.book.load()[1][digest("sk-from-elsewhere")].key == "moved"


def test_all_are_listed_the_files_first_and_no_digest(registers: Registers) -> None:
    registers.at().create(NewKey(name="a"))
    registers.connection.execute("INSERT INTO key_use VALUES ('a', 1000), ('of-file', 2000)")
    listed = [found.as_dict() for found in registers.at().list()]

    assert [(key["name"], key["source"], key["last_used"]) for key in listed] == [
        ("of-file", "file", "1970-01-01T00:00:02Z"),
        ("a", "ledger", "1970-01-01T00:00:01Z"),
    ]
    assert [digest for key in listed for digest in key if digest == "secrets"] == []


def test_one_of_the_file_is_shown_as_the_file_has_it(registers: Registers) -> None:
    shown = registers.at().show("of-file").as_dict(with_digests=True)

    assert (shown["source"], shown["team"], shown["models"], shown["endpoints"]) == ("file", "t", ("*",), ("chat",))
    assert (shown["created"], shown["expires"]) == (None, "2027-01-01T00:00:00Z")
    assert shown["secrets"] == [{"sha256": OF_FILE, "created": None, "not_after": None}]


def test_one_of_the_file_is_changed_in_the_file(registers: Registers) -> None:
    register = registers.at()
    for change in (
        lambda: register.rotate("of-file", 0),
        lambda: register.revoke("of-file"),
        lambda: register.expire("of-file", "now"),
    ):
        with pytest.raises(InvalidRequestError, match="is in the file: change it there"):
            change()


def test_names_and_secrets_of_the_file_are_taken(registers: Registers) -> None:
    for asked, param in ((NewKey(name="of-file"), "name"), (NewKey(name="new", sha256=OF_FILE), "sha256")):
        with pytest.raises(KeyExistsError) as caught:
            registers.at().create(asked)

        assert caught.value.param == param


def test_one_whose_name_came_into_the_file_later_does_not_count(registers: Registers) -> None:
    registers.at(file=MODELS).create(NewKey(name="of-file"))
    states = [(found.source, found.state) for found in registers.at().list()]

    assert states == [("file", "active"), ("ledger", "shadowed")]


def test_rotation_tells_the_new_secret_and_until_when_the_old_one_holds(registers: Registers) -> None:
    _, first = registers.at().create(NewKey(name="k"))
    rotated, second = registers.at(NOW_S + 60).rotate("k", 3600.0)
    assert first is not None

    assert [(one.digest, one.not_after_ms) for one in rotated.key.digests] == [
        (digest(first), int((NOW_S + 3660) * 1000)),
        (digest(second), None),
    ]


def test_an_overlap_has_its_bounds(registers: Registers) -> None:
    registers.at().create(NewKey(name="k"))
    for overlap_s in (-1.0, 91 * 86400.0):
        with pytest.raises(InvalidRequestError, match="at most 90d"):
            registers.at().rotate("k", overlap_s)


def test_what_is_over_is_told_as_such(registers: Registers) -> None:
    for name in ("revoked", "expired"):
        registers.at().create(NewKey(name=name))
    revoked = registers.at().revoke("revoked")
    expired = registers.at().expire("expired", "now")

    assert (revoked.state, expired.state) == ("revoked", "expired")
    assert revoked.as_dict()["revoked"] == "2026-11-01T12:00:00Z"
    with pytest.raises(UnknownKeyError):
        registers.at().revoke("nobody")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-30", "2026-11-30T23:00:00Z"),
        ("2026-11-30T14:30", "2026-11-30T13:30:00Z"),
        ("2026-11-30T14:30Z", "2026-11-30T14:30:00Z"),
        ("30d", "2026-12-01T12:00:00Z"),
        ("90m", "2026-11-01T13:30:00Z"),
        ("never", None),
        ("now", "2026-11-01T12:00:00Z"),
        ("2020-01-01", "2020-01-01T23:00:00Z"),
    ],
)
def test_when_a_key_ends_may_be_said_in_many_ways(registers: Registers, when: str, expected: str | None) -> None:
    registers.at().create(NewKey(name="k"))
    found = registers.at(timezone="Europe/Berlin").expire("k", when)

    assert found.as_dict()["expires"] == expected


@pytest.mark.parametrize("when", ["soon", "", "30", "2026-13-01", "999999999d", "10000-01-01"])
def test_a_time_that_is_none_is_told(registers: Registers, when: str) -> None:
    registers.at().create(NewKey(name="k"))
    with pytest.raises(InvalidRequestError, match="is not a time: write 2027-01-31"):
        registers.at().expire("k", when)


def test_nobody_begins_with_his_end(registers: Registers) -> None:
    with pytest.raises(RequestError, match="has passed already"):
        registers.at().create(NewKey(name="k", expires="2020-01-01"))

    assert registers.book.all() == ()
