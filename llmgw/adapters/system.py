"""The clock of this machine, and ids that sort by time."""

import asyncio
import secrets
import time

from llmgw.ports import Clock


class SystemClock:
    """Real time."""

    def now_s(self) -> float:
        return time.time()

    def elapsed_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)


def new_request_id(now_s: float) -> str:
    """28 hex digits: 48 bits of milliseconds, then 64 of chance. Sorts by time, cannot be guessed."""
    return f"{int(now_s * 1000):012x}{secrets.token_hex(8)}"


_: type[Clock] = SystemClock
