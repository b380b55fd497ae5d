"""Which limit ran out, by name."""

import asyncio

import pytest

from llmgw.errors import TimeLimit, UpstreamTimeoutError
from llmgw.time_limits import Limit, tightest, within

IDLE = Limit(TimeLimit.IDLE, 60.0, 60.0)
TOTAL = Limit(TimeLimit.TOTAL, 600.0, 0.01)


def test_the_tightest_is_the_one_that_has_least_left() -> None:
    assert tightest(IDLE, TOTAL) == TOTAL
    assert tightest(IDLE) == IDLE


async def test_in_time_nothing_happens() -> None:
    async with within(IDLE, TOTAL):
        pass


@pytest.mark.parametrize("left_s", [0.01, 0.0, -5.0])
async def test_it_is_named_with_what_the_file_says(left_s: float) -> None:
    with pytest.raises(UpstreamTimeoutError, match=r"^no answer within 600 s \(total\)$") as caught:
        async with within(IDLE, TOTAL._replace(left_s=left_s)):
            await asyncio.sleep(1)

    assert caught.value.limit is TimeLimit.TOTAL


async def test_a_timeout_of_somebody_else_stays_theirs() -> None:
    with pytest.raises(TimeoutError, match="theirs"):
        async with within(IDLE):
            raise TimeoutError("theirs")


async def test_a_cancellation_stays_one() -> None:
    async def wait() -> None:
        async with within(IDLE):
            await asyncio.sleep(60)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()

    assert task.cancelled()
