"""Whoever a target says it is: a provider over HTTP, or the built-in simulator."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager

from llmgw.adapters.http_upstream import HttpUpstream
from llmgw.adapters.simulator_upstream import SimulatorUpstream
from llmgw.graph.model import Transport
from llmgw.ports import Clock, Upstream, UpstreamCall, UpstreamStream


class Upstreams:
    """Each call goes to the upstream of its target's transport."""

    def __init__(self, clock: Clock) -> None:
        self._http = HttpUpstream()
        self._simulator = SimulatorUpstream(clock)

    def open(self, call: UpstreamCall) -> AbstractAsyncContextManager[UpstreamStream]:
        if call.target.transport.simulate is not None:
            return self._simulator.open(call)
        return self._http.open(call)

    async def retire(self, keep: Iterable[Transport]) -> None:
        """After a reload: let go of connections that no target needs."""
        await self._http.retire(keep)

    async def close(self) -> None:
        await self._http.close()


_: type[Upstream] = Upstreams
