import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from llmgw.adapters.cache_entries import PACKED_FROM_BYTES, pack, read_entry, unpack, write_entry
from llmgw.policy.kept import Kept
from tests.adapters.cached import full, kept, noise

KEY = bytes(range(32))


def sealed(data: bytes) -> bytes:
    """With a sum that is right."""
    return data + zlib.crc32(data).to_bytes(4, "big")


@pytest.mark.parametrize("one", [kept(), kept(b""), full(), kept(noise(5000)), kept(b"a" * 2047), kept(b"a" * 2048)])
def test_what_was_written_is_what_is_read(one: Kept) -> None:
    assert read_entry(KEY, write_entry(KEY, one)) == one


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=5000), st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.binary(max_size=64))
def test_any_body_any_text_and_any_key_survive(body: bytes, question: str, key: bytes) -> None:
    one = kept(body, question=question)

    assert read_entry(key, write_entry(key, one)) == one


def test_large_bodies_take_less_room() -> None:
    stream = kept(b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n' * 1000)

    assert len(write_entry(KEY, stream)) < len(stream.body) / 50
    assert pack(b"a" * (PACKED_FROM_BYTES - 1)) is None
    assert pack(noise(PACKED_FROM_BYTES)) is None


@pytest.mark.parametrize("one", [kept(), full()])
def test_a_byte_that_is_another_anywhere_makes_it_none(one: Kept) -> None:
    data = write_entry(KEY, one)
    for at in range(len(data)):
        for bit in (0x01, 0x80):
            broken = bytearray(data)
            broken[at] ^= bit

            assert read_entry(KEY, bytes(broken)) is None


@pytest.mark.parametrize("one", [kept(), full()])
def test_a_part_of_it_is_none_and_so_is_more_than_it(one: Kept) -> None:
    data = write_entry(KEY, one)

    assert [size for size in range(len(data)) if read_entry(KEY, data[:size]) is not None] == []
    assert read_entry(KEY, data + b"\0") is None


def test_another_key_has_nothing_to_do_with_it() -> None:
    assert read_entry(KEY[::-1], write_entry(KEY, kept())) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_what_is_foreign_is_none_even_with_our_mark_and_a_right_sum(data: bytes) -> None:
    found = [read_entry(KEY, foreign) for foreign in (data, sealed(data), sealed(b"LGWE" + data))]
    found += [read_entry(KEY, sealed(b"LGWE\x01" + bytes([flags]) + data)) for flags in (0, 1)]

    assert found == [None] * 5


def test_a_newer_version_and_a_flag_that_nobody_knows_are_none() -> None:
    body = write_entry(KEY, kept())[:-4]
    newer, flagged = body[:4] + b"\x02" + body[5:], body[:5] + b"\x02" + body[6:]

    assert read_entry(KEY, sealed(body)) == kept()
    assert [read_entry(KEY, sealed(other)) for other in (newer, flagged)] == [None, None]


def test_a_body_that_would_be_larger_than_it_says_is_not_unpacked() -> None:
    packed = pack(b"\0" * 1_000_000)

    assert packed is not None
    assert unpack(packed, 1_000_000) == b"\0" * 1_000_000
    assert [unpack(packed, size) for size in (0, 999_999, 1_000_001, 2**31)] == [None] * 4
    assert unpack(packed + packed, 1_000_000) is None
    assert unpack(b"not packed at all", 17) is None


def test_fields_that_are_added_later_are_passed_over() -> None:
    """And what is not there has its default: the struct is a map."""
    sparse = replace(kept(), model="", target="", rule="", scope="")

    assert read_entry(KEY, write_entry(KEY, sparse)) == sparse


def test_a_text_that_is_none_and_a_number_beyond_all_cannot_be_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        write_entry(KEY, kept(question="\ud800"))
    with pytest.raises(OverflowError):
        write_entry(KEY, replace(kept(), cost_nanousd=2**80))
