"""Real time, and ids."""

import time

import pytest

from llmgw.adapters.system import SystemClock, new_request_id


async def test_time_passes() -> None:
    clock = SystemClock()
    before = clock.elapsed_s()
    await clock.sleep(0.01)

    assert clock.elapsed_s() - before >= 0.01
    assert abs(clock.now_s() - time.time()) < 1


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_no_time_is_no_wait(seconds: float) -> None:
    before = time.monotonic()
    await SystemClock().sleep(seconds)

    assert time.monotonic() - before < 0.1


def test_ids_sort_by_time_and_never_repeat() -> None:
    ids = [new_request_id(1_700_000_000 + number / 1000) for number in range(1000)]

    assert ids == sorted(ids)
    assert len({new_request_id(1_700_000_000) for _ in range(1000)}) == 1000
    assert {28} == {len(one) for one in ids}
    assert all(int(one, 16) for one in ids)
