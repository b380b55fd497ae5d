"""Whoever a target says it is: a provider over HTTP, with a cloud's credential if it takes one, or the simulator."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from llmgw.adapters.cloud_credentials import CloudCredentials
from llmgw.adapters.http_upstream import HttpUpstream
from llmgw.adapters.simulator_upstream import SimulatorUpstream
from llmgw.graph.model import CloudAuth, Transport
from llmgw.ports import Clock, Upstream, UpstreamCall, UpstreamStream

_REFUSED = frozenset({401, 403})


class Upstreams:
    """Each call goes to the upstream of its target's transport."""

    def __init__(self, clock: Clock) -> None:
        self._http = HttpUpstream()
        self._simulator = SimulatorUpstream(clock)
        self._credentials = CloudCredentials(clock)

    def open(self, call: UpstreamCall) -> AbstractAsyncContextManager[UpstreamStream]:
        if call.target.transport.simulate is not None:
            return self._simulator.open(call)
        if call.target.cloud is not None:
            return self._signed(call, call.target.cloud)
        return self._http.open(call)

    @asynccontextmanager
    async def _signed(self, call: UpstreamCall, auth: CloudAuth) -> AsyncIterator[UpstreamStream]:
        signed = await self._credentials.signed(call, auth)
        async with self._http.open(signed.call) as stream:
            stream.secrets = signed.secrets
            if stream.status in _REFUSED:
                self._credentials.refused(auth)
            yield stream

    async def retire(self, keep: Iterable[Transport]) -> None:
        """After a reload: let go of connections that no target needs, and of credentials, which may be others now."""
        self._credentials.forget()
        await self._http.retire(keep)

    async def close(self) -> None:
        await self._http.close()


_: type[Upstream] = Upstreams
