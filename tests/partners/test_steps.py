"""Behaviours are data: what splits and cuts them never changes a byte that is left."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.partners.bodies import chat_events
from tests.partners.steps import (
    CLOSE,
    HOLD,
    RESET,
    Behaviour,
    Gate,
    Pause,
    Turn,
    close_at,
    reset_at,
    slow_loris,
    split_at,
    split_every,
    stall_at,
    wire_bytes,
)

behaviours = st.lists(st.binary(min_size=1, max_size=20) | st.just(Pause(0.1)), max_size=8).map(tuple)


@given(behaviours, st.integers(min_value=1, max_value=30))
def test_splitting_keeps_the_bytes_and_bounds_each_write(behaviour: Behaviour, size_bytes: int) -> None:
    split = split_every(behaviour, size_bytes)

    assert wire_bytes(behaviour) == wire_bytes(split)
    assert all(len(step) <= size_bytes for step in split if isinstance(step, bytes))


@given(behaviours, st.integers(min_value=0, max_value=200))
def test_a_single_break_keeps_the_bytes_and_all_other_steps(behaviour: Behaviour, offset_bytes: int) -> None:
    split = split_at(behaviour, offset_bytes, pause_s=0.5)

    assert wire_bytes(behaviour) == wire_bytes(split)
    assert [*filter(lambda step: step == Pause(0.1), behaviour)] == [*filter(lambda step: step == Pause(0.1), split)]


@given(behaviours, st.integers(min_value=0, max_value=200))
def test_a_cut_keeps_exactly_the_first_bytes(behaviour: Behaviour, offset_bytes: int) -> None:
    first = wire_bytes(behaviour)[:offset_bytes]

    assert first == wire_bytes(reset_at(behaviour, offset_bytes))
    assert reset_at(behaviour, offset_bytes)[-1:] == RESET
    assert close_at(behaviour, offset_bytes)[-1:] == CLOSE
    assert stall_at(behaviour, offset_bytes)[-1:] == HOLD


def test_a_slow_loris_pauses_after_every_byte() -> None:
    assert (b"a", Pause(0.1), b"b", Pause(0.1)) == slow_loris((b"ab",), 0.1)


async def test_a_gate_lets_one_event_through_per_release() -> None:
    gate = Gate()
    gate.release()
    await gate.enter()

    assert gate.passed == 1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await gate.enter()
    assert gate.passed == 1

    gate.open()
    await gate.enter()
    await gate.wait_passed(2)


def test_events_can_be_split_inside_a_character() -> None:
    event = next(event for event in chat_events("König") if "ö".encode() in event)
    offset_bytes = event.index("ö".encode()) + 1
    before, pause, after = split_at((event,), offset_bytes)

    assert isinstance(before, bytes)
    assert isinstance(after, bytes)
    assert before.endswith(b"\xc3")
    assert after.startswith(b"\xb6")
    assert Pause(0.02) == pause


def test_a_turn_belongs_to_its_gate() -> None:
    gate = Gate()

    assert Turn(gate).gate is gate
