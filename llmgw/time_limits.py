"""Limits of time that say their name when they run out, so that an error tells which line of the file to look at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from llmgw.errors import TimeLimit, UpstreamTimeoutError


class Limit(NamedTuple):
    """How long something may take as the file says, and how much of that is left."""

    which: TimeLimit
    limit_s: float
    left_s: float

    def error(self) -> UpstreamTimeoutError:
        return UpstreamTimeoutError(self.which, self.limit_s)


def tightest(*limits: Limit) -> Limit:
    """The one that runs out first."""
    return min(limits, key=lambda limit: limit.left_s)


@asynccontextmanager
async def within(*limits: Limit) -> AsyncIterator[None]:
    """Raises UpstreamTimeoutError by the name of whichever limit runs out first."""
    limit = tightest(*limits)
    scope = asyncio.timeout(limit.left_s)
    try:
        async with scope:
            yield
    except TimeoutError:
        if not scope.expired():
            raise
        raise limit.error() from None
