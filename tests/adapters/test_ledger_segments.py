import os
from pathlib import Path

import pytest

from llmgw.adapters import ledger_segments
from llmgw.adapters.ledger_segments import (
    RECORD_BYTES_MAX,
    Segment,
    heirs_of,
    line_of,
    lock_path,
    owners,
    read,
    segments,
    take_lock,
)
from llmgw.policy.entry import Record
from tests.adapters.ledger_records import reserved, settled

RECORDS: list[Record] = [reserved(1), settled(1, ends=1), settled(2)]
TEXT = b"".join(map(line_of, RECORDS))


def file_with(data: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "a-00000001.journal"
    path.write_bytes(data)
    return path


def test_what_is_written_is_read_and_the_end_is_told(tmp_path: Path) -> None:
    lines = read(file_with(TEXT, tmp_path), 0)

    assert (lines.records, lines.end, lines.damaged) == (RECORDS, len(TEXT), False)


def test_a_line_without_its_end_is_left_wherever_it_is_torn(tmp_path: Path) -> None:
    whole = len(TEXT) - len(line_of(RECORDS[2]))
    found = [read(file_with(TEXT[:size], tmp_path), 0) for size in range(whole, len(TEXT))]

    assert [(lines.records, lines.end, lines.damaged) for lines in found] == [(RECORDS[:2], whole, False)] * len(found)


def test_reading_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = file_with(TEXT, tmp_path)
    first = len(line_of(RECORDS[0]))

    assert read(path, first).records == RECORDS[1:]


def test_reading_goes_by_chunks_and_a_line_may_be_longer_than_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_segments, "CHUNK_BYTES", 100)
    path, offset, found = file_with(TEXT, tmp_path), 0, []
    while lines := read(path, offset).records:
        offset = read(path, offset).end
        found.append(lines)

    assert found == [[record] for record in RECORDS]


def test_whether_there_is_more_is_told_by_a_chunk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, first = file_with(TEXT, tmp_path), len(line_of(RECORDS[0]))
    at_once = read(path, 0).more
    monkeypatch.setattr(ledger_segments, "CHUNK_BYTES", first)

    assert not at_once
    assert [read(path, offset).more for offset in (0, first, len(TEXT) - 1, len(TEXT))] == [True, True, False, False]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda line: line[:20] + b"!" + line[21:], id="another byte"),
        pytest.param(lambda line: b"\n", id="an empty line"),
        pytest.param(lambda line: line[9:], id="no checksum"),
        pytest.param(lambda line: b"%08x %b\n" % (0xE5E5A1E5, b"{}"), id="no record"),
        pytest.param(lambda line: b"\0" * 40, id="nothing but noughts"),
    ],
)
def test_what_is_no_line_of_ours_is_damage_and_what_stands_before_it_is_not(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    first, second, third = map(line_of, RECORDS)
    lines = read(file_with(first + damage(second) + third, tmp_path), 0)

    assert (lines.records, lines.end, lines.damaged) == (RECORDS[:1], len(first), True)


def test_a_sound_line_of_an_unknown_kind_is_damage_too(tmp_path: Path) -> None:
    from zlib import crc32

    body = b'{"type":"refunded"}'

    assert read(file_with(b"%08x %b\n" % (crc32(body), body), tmp_path), 0).damaged


def test_noughts_after_the_last_line_are_damage(tmp_path: Path) -> None:
    lines = read(file_with(TEXT + b"\0" * 10, tmp_path), 0)

    assert (len(lines.records), lines.damaged) == (3, True)


def test_what_a_caller_writes_can_neither_be_too_long_nor_no_text(tmp_path: Path) -> None:
    long = settled(1, model="m" * 10**6, metadata={"n" * 9000: "v" * 9000, **{str(i): "v" * 9000 for i in range(50)}})
    half = settled(2, client_request_id="\udcff", metadata={"\ud800": "x"})
    lines = read(file_with(line_of(long) + line_of(half), tmp_path), 0)

    assert (len(line_of(long)) < RECORD_BYTES_MAX, lines.damaged) == (True, False)
    assert lines.records[0].entry.model == "m" * 500
    assert (lines.records[1].entry.client_request_id, lines.records[1].entry.metadata) == ("?", {"?": "x"})


def test_segments_are_found_by_owner_in_order(tmp_path: Path) -> None:
    for name in (
        "b-00000001.journal",
        "a-00000010.journal",
        "a-00000002.journal",
        "a-x.journal",
        "c.lock",
        "d.damaged",
    ):
        (tmp_path / name).touch()

    assert owners(tmp_path) == ["a", "b", "c"]
    assert segments(tmp_path, "a") == [Segment(tmp_path, "a", 2), Segment(tmp_path, "a", 10)]


def test_a_segment_that_is_set_aside_is_found_no_more(tmp_path: Path) -> None:
    (tmp_path / "a-00000001.journal").write_bytes(b"x")
    (segment,) = segments(tmp_path, "a")

    assert segment.set_aside().read_bytes() == b"x"
    assert (segments(tmp_path, "a"), owners(tmp_path)) == ([], [])


def test_heirs_are_those_of_a_dead_one_and_his_lock_goes_with_his_last_segment(tmp_path: Path) -> None:
    (tmp_path / "a-00000001.journal").touch()
    descriptor = take_lock(lock_path(tmp_path, "a"))
    assert descriptor is not None
    with heirs_of(tmp_path, "a") as while_it_lives:
        pass
    os.close(descriptor)
    with heirs_of(tmp_path, "a") as after_it, heirs_of(tmp_path, "a") as another:
        pass
    left = owners(tmp_path)
    with heirs_of(tmp_path, "a"):
        segments(tmp_path, "a")[0].remove()

    assert (while_it_lives, after_it, another) == (False, True, False)
    assert (left, [*tmp_path.iterdir()]) == (["a"], [])
