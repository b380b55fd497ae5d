"""Rows as they cross the disk."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.usage import Usage
from llmgw.policy.entry import (
    Charge,
    Entry,
    Record,
    Reserved,
    Settled,
    bucket_name,
    bucket_values,
    errand_id,
    request_id_of,
)

ENTRY = Entry(
    request_id="r", attempt=2, at_ms=5, model="m", usage=Usage(9, 3), cost_nanousd=7, charges=(Charge("b", '["t"]', 4),)
)


@pytest.mark.parametrize("record", [Reserved(ENTRY, 3), Settled(ENTRY, 3), Settled(ENTRY, 3, is_row=False)])
def test_a_record_is_the_same_when_it_is_read_again(record: Record) -> None:
    assert record == msgspec.json.decode(msgspec.json.encode(record), type=Record)


def test_what_an_older_journal_does_not_say_is_as_usual() -> None:
    old = b'{"type":"settled","entry":{"request_id":"r","charges":[["b","[]",4]]}}'

    assert Settled(Entry(request_id="r", charges=(Charge("b", "[]", 4),))) == msgspec.json.decode(old, type=Record)


def test_a_line_says_nothing_that_is_usual() -> None:
    assert msgspec.json.encode(Entry(request_id="r")) == b'{"request_id":"r"}'


def test_a_row_of_an_errand_tells_whose_it_was_and_stands_right_after_it() -> None:
    rows = [f"{number:028x}" for number in (1, 2)]
    ids = [row_id for row in rows for row_id in (row, errand_id(row))]

    assert ids == sorted(ids)
    assert [request_id_of(row_id) for row_id in ids] == [rows[0], rows[0], rows[1], rows[1]]


def test_no_price_is_another_thing_than_no_cost() -> None:
    free, unknown = Entry(request_id="r", cost_nanousd=0), Entry(request_id="r", cost_nanousd=None)

    assert free != msgspec.json.decode(msgspec.json.encode(unknown), type=Entry)


@given(one=st.lists(st.text(), max_size=4).map(tuple), other=st.lists(st.text(), max_size=4).map(tuple))
def test_buckets_of_any_values_can_be_told_apart_and_read_back(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert one == bucket_values(bucket_name(one))
    assert (one == other) is (bucket_name(one) == bucket_name(other))
