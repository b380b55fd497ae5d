"""The simulator behind the Upstream port: it keeps the pace that the pure simulator has written down.

A moment is set once, when the answer begins: a read that is cancelled and called again neither loses a byte nor
waits twice. Failures are drawn from the request's id, so that a log is enough to repeat them.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from llmgw.config.model import Simulate
from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass, StreamCutError
from llmgw.ports import Clock, Upstream, UpstreamCall, UpstreamStream
from llmgw.providers.simulator.answer import Manner, SimulatedAnswer, simulate
from llmgw.providers.simulator.faults import draw_failure
from llmgw.routing.dice import Dice, seed_of

READ_BYTES_MAX = 64 * 1024
FAILED_KEPT_MAX = 4096


class SimulatorUpstream:
    """Answers every call itself; no connection is made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, int] = OrderedDict()  # how often a call failed: a retry is a new draw

    @asynccontextmanager
    async def open(self, call: UpstreamCall) -> AsyncIterator[UpstreamStream]:
        began_s = self._clock.elapsed_s()
        call.leaves()
        settings = call.target.transport.simulate or Simulate()
        answer = simulate(
            call.body,
            Manner(float(settings.latency), settings.tokens_per_s, settings.output_tokens),
            self._failure(call, settings),
            request_id=call.request_id,
            created_s=int(self._clock.now_s()),
        )
        if answer.head_due_s == math.inf:
            await asyncio.get_running_loop().create_future()  # until the caller gives up
        await self._clock.sleep(answer.head_due_s)
        yield _SimulatedStream(answer, self._clock, began_s + answer.head_due_s)

    def _failure(self, call: UpstreamCall, settings: Simulate) -> FailureClass | None:
        """The draw of this call; every failure of the same request at the same target moves on by one."""
        if not settings.fail:
            return None
        attempt = f"{call.request_id} {call.target.id}"
        dice = Dice(seed_of(attempt))
        for _ in range(self._failed.get(attempt, 0)):
            dice.draw()
        failure = draw_failure(settings.fail, dice.draw)
        if failure is not None:
            self._note_failed(attempt)
        return failure

    def _note_failed(self, attempt: str) -> None:
        self._failed[attempt] = self._failed.pop(attempt, 0) + 1
        if len(self._failed) > FAILED_KEPT_MAX:
            self._failed.popitem(last=False)


class _SimulatedStream:
    """An answer under way; `began_s` is when its head was due."""

    __slots__ = ("_began_s", "_breaks", "_clock", "_next", "_pieces", "headers", "secrets", "status")

    def __init__(self, answer: SimulatedAnswer, clock: Clock, began_s: float) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.secrets: Sequence[Secret] = ()
        self._pieces = answer.pieces
        self._breaks = answer.breaks
        self._clock = clock
        self._began_s = began_s
        self._next = next(self._pieces, None)

    async def read(self) -> bytes:
        """All that is due, but never nothing before the end."""
        if self._next is None:
            if self._breaks:
                raise StreamCutError("simulated: connection reset in the middle of the body")
            return b""
        wait_s = self._began_s + self._next.due_s - self._clock.elapsed_s()
        if wait_s > 0:
            await self._clock.sleep(wait_s)
        else:
            await asyncio.sleep(0)  # as a socket would: other streams get their turn
        return self._due(self._clock.elapsed_s() - self._began_s)

    def _due(self, elapsed_s: float) -> bytes:
        data = bytearray()
        while self._next is not None and len(data) < READ_BYTES_MAX:
            if data and self._next.due_s > elapsed_s:
                break
            data += self._next.data
            self._next = next(self._pieces, None)
        return bytes(data)


_: type[Upstream] = SimulatorUpstream
