"""An answer under way, and those who read it: each has all of it, however late he came and however slow he is."""

import asyncio

import pytest

from llmgw.errors import StreamCutError
from llmgw.flight import LAG_BYTES_MAX, Flight, Reader, Room
from llmgw.policy.kept import Form
from tests.fakes import fake_call, fake_transcript


def flight(bytes_max: int = 1000, room: Room | None = None) -> Flight:
    return Flight(fake_transcript(fake_call()), bytes_max, room or Room(1_000_000_000))


async def all_of(reader: Reader) -> bytes:
    pieces = []
    while piece := await reader.next():
        pieces.append(piece)
    return b"".join(pieces)


async def test_all_read_the_whole_stream_whenever_they_join() -> None:
    shared = flight()
    early = shared.boarded()
    await shared.start({})
    await shared.write(b"one ")
    assert await early.next() == b"one "

    late = shared.join()
    assert late is not None
    await shared.write(b"two")
    await shared.end()

    assert (await all_of(early), await all_of(late)) == (b"two", b"one two")
    assert (shared.form, shared.body, shared.has_ended) == (Form.STREAM, b"one two", True)


async def test_readers_wait_for_what_comes() -> None:
    shared = flight()
    readers = [shared.boarded() for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(all_of(reader)) for reader in readers]
        await asyncio.sleep(0)
        assert all(reader.is_waiting for reader in readers)
        await shared.answer(200, {"content-type": "application/json"}, b"{}")

    assert [task.result() for task in tasks] == [b"{}"] * 3
    assert (shared.form, shared.is_sound) == (Form.WHOLE, True)


async def test_comments_are_not_kept() -> None:
    shared = flight()
    await shared.start({})
    await shared.write(b": waiting\n\n")
    await shared.write(b"data: 1\n\n")

    assert shared.body == b"data: 1\n\n"


async def test_a_failure_before_the_first_byte_is_told_to_whoever_waits() -> None:
    shared = flight()
    shared.fail(StreamCutError("broken"))
    with pytest.raises(StreamCutError, match="broken"):
        await shared.begun()


async def test_a_cut_is_shared_after_all_that_has_come() -> None:
    shared = flight()
    reader = shared.boarded()
    await shared.start({})
    await shared.write(b"one")
    shared.fail(StreamCutError("cut"))

    assert await reader.next() == b"one"
    with pytest.raises(StreamCutError, match="cut"):
        await reader.next()
    assert not shared.is_sound


async def test_an_answer_that_has_grown_too_large_is_joined_by_nobody() -> None:
    shared = flight(bytes_max=3)
    reader = shared.boarded()
    await shared.start({})
    await shared.write(b"abcd")

    assert (shared.join(), await reader.next()) == (None, b"abcd")
    await shared.write(b"ef")
    assert (await reader.next(), shared.body) == (b"ef", b"")


async def test_the_slowest_reader_slows_what_is_not_kept() -> None:
    shared = flight(bytes_max=3)
    reader = shared.boarded()
    await shared.start({})
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(shared.write(bytes(LAG_BYTES_MAX + 1)))
        await asyncio.sleep(0.01)
        assert not writing.done()
        await reader.next()

    assert writing.done()


async def test_whoever_leaves_slows_nobody() -> None:
    shared = flight(bytes_max=3)
    reader = shared.boarded()
    await shared.start({})
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(shared.write(bytes(LAG_BYTES_MAX + 1)))
        await asyncio.sleep(0.01)
        reader.leave()

    assert (writing.done(), shared.readers) == (True, 0)


async def test_it_is_done_when_it_has_ended_or_nobody_reads() -> None:
    shared = flight()
    reader = shared.boarded()
    async with asyncio.TaskGroup() as group:
        done = group.create_task(shared.is_done())
        await asyncio.sleep(0)
        assert not done.done()
        reader.leave()

    assert done.done()


async def test_what_comes_after_the_end_breaks_nothing() -> None:
    shared = flight()
    reader = shared.boarded()
    await shared.answer(200, {}, b"{}")
    shared.fail(StreamCutError("too late"))

    assert await all_of(reader) == b"{}"


async def test_all_flights_together_hold_so_much_and_no_more() -> None:
    room = Room(5)
    first, second = flight(room=room), flight(room=room)
    first.boarded()
    second.boarded()
    await first.write(b"abcd")
    await second.write(b"ef")

    assert (first.is_whole, second.is_whole, room.held_bytes) == (True, False, 6)


@pytest.mark.parametrize("ends_first", [True, False])
async def test_what_nobody_reads_or_writes_any_more_holds_nothing(*, ends_first: bool) -> None:
    room = Room(1000)
    shared = flight(room=room)
    reader = shared.boarded()
    await shared.write(b"abcd")
    for step in (shared.end, reader.leave) if ends_first else (reader.leave, shared.end):
        assert room.held_bytes == 4
        result = step()
        if result is not None:
            await result

    assert room.held_bytes == 0


async def test_what_is_read_of_an_answer_that_is_not_kept_is_held_no_longer() -> None:
    room = Room(1000)
    shared = flight(bytes_max=3, room=room)
    reader = shared.boarded()
    await shared.write(b"abcd")
    await reader.next()

    assert room.held_bytes == 0


async def test_that_the_end_is_coming_is_known_before_its_last_bytes_can_be_read() -> None:
    """Whoever writes them may have to wait for a slow reader, and only then end it."""
    shared = flight(bytes_max=3)
    slow, fast = shared.boarded(), shared.boarded()
    await shared.start({})
    async with asyncio.TaskGroup() as group:
        group.create_task(shared.write(bytes(LAG_BYTES_MAX)))
        await fast.next()
        assert not shared.is_ending
        shared.leader.ending = True
        writing = group.create_task(shared.write(b"the end"))
        known = (await fast.next(), shared.is_ending, writing.done())
        await slow.next()

    assert known == (b"the end", True, False)
