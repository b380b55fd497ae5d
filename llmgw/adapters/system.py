"""The clock of this machine, and ids that sort by time."""

import asyncio
import os
import secrets
import time

from llmgw.ports import Clock

_HALF_CHARS = 16  # of an id: the digits that are chance
_DRAWN_AT_ONCE = 256

_drawn: list[str] = []  # and not used yet
os.register_at_fork(after_in_child=_drawn.clear)  # else both would go on with the same


class SystemClock:
    """Real time, without a step between: a call asks for it some twenty times."""

    now_s = staticmethod(time.time)
    elapsed_s = staticmethod(time.monotonic)

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)


def new_request_id(now_s: float) -> str:
    """28 hex digits: 48 bits of milliseconds, then 64 of chance. Sorts by time, cannot be guessed."""
    return f"{int(now_s * 1000):012x}{_chance()}"


def _chance() -> str:
    """Many are drawn at once: asking the kernel lets go of the interpreter, and waiting for it again takes long."""
    while True:
        try:
            return _drawn.pop()
        except IndexError:  # be it that another thread was faster
            digits = secrets.token_hex(_DRAWN_AT_ONCE * _HALF_CHARS // 2)
            _drawn.extend(digits[at : at + _HALF_CHARS] for at in range(0, len(digits), _HALF_CHARS))


_: type[Clock] = SystemClock
