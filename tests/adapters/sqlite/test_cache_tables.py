import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmgw.adapters.cache_stock import EVERYTHING, Wanted
from llmgw.adapters.sqlite.cache_file import cache_file
from llmgw.adapters.sqlite.cache_tables import (
    SLICE,
    Trimmed,
    entries,
    find,
    keep,
    purge,
    purges,
    remembered,
    stats,
    touch,
    trim,
)
from tests.adapters.cached import MIB, NOW_MS, full, kept, key_of, noise


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with cache_file(tmp_path / "cache.db") as opened:
        yield opened


def counted(connection: sqlite3.Connection) -> tuple[int, int]:
    """Entries and bytes, by looking at each."""
    entries_, size_bytes = connection.execute("SELECT count(*), coalesce(sum(bytes), 0) FROM entry").fetchone()
    return entries_, size_bytes


def test_what_there_is_is_counted_whatever_happens(connection: sqlite3.Connection) -> None:
    keep(connection, {key_of(number): kept(noise(number * 10)) for number in range(50)}, NOW_MS, MIB)
    keep(connection, {key_of(number): kept(noise(number * 90)) for number in range(20)}, NOW_MS, MIB)
    purge(connection, Wanted(key=key_of(3)), NOW_MS)
    trim(connection, NOW_MS, 20_000)
    touch(connection, {key_of(30): 2}, NOW_MS + 5)
    found = stats(connection, 7)

    assert (found.entries, found.bytes) == counted(connection)
    assert (found.max_bytes, found.rules["faq"].entries, found.rules["faq"].hits) == (7, found.entries, 2)
    assert purge(connection, EVERYTHING, NOW_MS) != []
    assert (stats(connection, 7).entries, stats(connection, 7).bytes) == counted(connection) == (0, 0)


def test_the_shape_of_a_name_is_asked_of_whatever_stands_there(connection: sqlite3.Connection) -> None:
    models = ("'gpt-4'", "'claude'", "4", "x'6770742dff'", "CAST(x'6770742dff' AS TEXT)")
    for number, model in enumerate(models):
        keep(connection, {key_of(number): kept()}, NOW_MS, MIB)
        connection.execute(f'UPDATE entry SET model = {model} WHERE "key" = ?', (key_of(number),)).close()

    assert sorted(purge(connection, Wanted(model="gpt-*"), NOW_MS)) == [key_of(number) for number in (0, 3, 4)]


def test_what_is_larger_than_it_may_be_is_not_taken(connection: sqlite3.Connection) -> None:
    lacking = keep(connection, {key_of(1): kept(), key_of(2): kept(noise(5000)), key_of(3): full()}, NOW_MS, 5000)

    assert lacking == 1
    assert [find(connection, key_of(number), NOW_MS) for number in (1, 2, 3)] == [kept(), None, full()]


def test_what_has_expired_goes_first_and_then_what_was_used_the_longest_ago(connection: sqlite3.Connection) -> None:
    for number in range(6):
        one = kept(noise(1000, number), ttl_s=1 if number == 5 else 3600)
        keep(connection, {key_of(number): one}, NOW_MS + number, MIB)
    touch(connection, {key_of(0): 1}, NOW_MS + 100)
    room = stats(connection, 0).bytes - 2500
    expired = trim(connection, NOW_MS + 1000, room)
    evicted = trim(connection, NOW_MS + 1000, room)
    nothing = trim(connection, NOW_MS + 1000, room)

    assert expired == Trimmed(expired=[key_of(5)])
    assert evicted == Trimmed(evicted=[key_of(1)])
    assert nothing == Trimmed()


def test_no_more_than_a_slice_goes_at_once(connection: sqlite3.Connection) -> None:
    keep(connection, {key_of(number): kept() for number in range(3 * SLICE)}, NOW_MS, MIB)

    assert len(trim(connection, NOW_MS, 0).evicted) == SLICE
    assert len(trim(connection, NOW_MS + 10_000_000, 0).expired) == SLICE


def test_what_has_a_vector_comes_in_slices(connection: sqlite3.Connection) -> None:
    keep(connection, {key_of(number): kept(vector=b"v" * 16) for number in range(SLICE + 5)}, NOW_MS, MIB)
    keep(connection, {key_of(900): kept()}, NOW_MS, MIB)
    connection.execute("UPDATE entry SET data = x'00' WHERE \"key\" = ?", (key_of(0),))
    first = remembered(connection, 0, NOW_MS)
    assert first is not None
    second = remembered(connection, first[0], NOW_MS)
    assert second is not None

    assert [len(first[1]), len(second[1])] == [SLICE - 1, 5]
    assert remembered(connection, second[0], NOW_MS) is None


def test_that_something_was_thrown_away_is_counted(connection: sqlite3.Connection) -> None:
    before = purges(connection)
    purge(connection, EVERYTHING, NOW_MS)

    assert purges(connection) == before + 1


LOST = {
    "no row": "DELETE FROM total",
    "two rows": "INSERT INTO total VALUES (1, 1, 1)",
    "text": "UPDATE total SET entries = 'many', bytes = 'much', purges = 'often'",
    "a blob": "UPDATE total SET bytes = x'00'",
    "no whole number": "UPDATE total SET purges = 0.5",
    "too little": "UPDATE total SET entries = -3",
    "nothing": """
        DROP TABLE total; CREATE TABLE total (entries INTEGER, bytes INTEGER, purges INTEGER);
        INSERT INTO total VALUES (NULL, NULL, NULL);
    """,
}


@pytest.mark.parametrize("how", LOST)
def test_a_count_that_is_lost_is_made_anew(connection: sqlite3.Connection, how: str) -> None:
    keep(connection, {key_of(number): kept(noise(1000, number)) for number in range(9)}, NOW_MS, MIB)
    whole, before = counted(connection), purges(connection)
    connection.executescript(LOST[how])
    found = stats(connection, 0)
    after = purges(connection)

    assert (found.entries, found.bytes) == whole
    assert after not in (before, before + 1)
    assert len(trim(connection, NOW_MS, whole[1] - 1).evicted) == 1
    assert (stats(connection, 0).entries, stats(connection, 0).bytes) == counted(connection)


@pytest.mark.parametrize("how", LOST)
def test_without_a_count_what_is_thrown_away_is_told_to_others_all_the_same(
    connection: sqlite3.Connection, how: str
) -> None:
    keep(connection, {key_of(1): kept()}, NOW_MS, MIB)
    before = purges(connection)
    connection.executescript(LOST[how])

    assert purge(connection, EVERYTHING, NOW_MS) == [key_of(1)]
    assert purges(connection) > before + 1


def test_an_entry_whose_size_is_no_number_makes_room_too(connection: sqlite3.Connection) -> None:
    keep(connection, {key_of(number): kept() for number in range(3)}, NOW_MS, MIB)
    connection.execute("UPDATE entry SET bytes = 'large' WHERE id = 1")

    assert trim(connection, NOW_MS, 0).evicted == [key_of(number) for number in range(3)]


def test_nothing_is_older_than_time_itself(connection: sqlite3.Connection) -> None:
    keep(connection, {key_of(1): kept()}, NOW_MS, MIB)

    assert purge(connection, Wanted(older_than_s=1e30), NOW_MS) == []


def test_a_row_that_is_not_sound_is_left_out_of_the_list(connection: sqlite3.Connection) -> None:
    keep(connection, {key_of(number): kept() for number in range(3)}, NOW_MS, MIB)
    connection.execute("UPDATE entry SET data = 'text' WHERE id = 2")

    assert [one.key for one in entries(connection, EVERYTHING, 10, NOW_MS)] == [key_of(0).hex(), key_of(2).hex()]
