import asyncio

import pytest

from llmgw.adapters.beside import beside


async def forever(told: list[str]) -> None:
    try:
        told.append("begun")
        await asyncio.Event().wait()
    finally:
        told.append("ended")


async def raising() -> None:
    await asyncio.sleep(0)
    raise ValueError("as it is")


async def failing() -> None:
    raise ZeroDivisionError


async def test_it_goes_on_beside_and_ends_at_the_end() -> None:
    told: list[str] = []
    async with beside(forever(told)):
        await asyncio.sleep(0)
        told.append("inside")

    assert told == ["begun", "inside", "ended"]


async def test_what_fails_inside_is_raised_as_it_is_and_ends_the_work() -> None:
    told: list[str] = []
    with pytest.raises(ValueError, match="as it is"):
        async with beside(forever(told)):
            await raising()

    assert told == ["begun", "ended"]


async def test_work_that_fails_ends_what_is_done_inside() -> None:
    with pytest.raises(ZeroDivisionError):
        async with beside(failing()):
            await asyncio.Event().wait()


async def test_it_can_be_cancelled() -> None:
    told: list[str] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), beside(forever(told)):
            await asyncio.Event().wait()

    assert told == ["begun", "ended"]
