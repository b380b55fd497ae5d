"""Real time, and ids."""

import os
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


def test_a_process_that_was_forked_makes_ids_of_its_own() -> None:
    new_request_id(1)  # so that some have been drawn
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writer, new_request_id(1).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    of_child = os.read(reader, 100).decode()
    os.close(reader)
    os.close(writer)

    assert len(of_child) == 28
    assert of_child not in {new_request_id(1) for _ in range(1000)}
