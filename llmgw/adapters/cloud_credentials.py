"""Credentials that a cloud's own library makes: found, kept and renewed here, put into the headers of a call.

What a library does takes time and blocks, so it is done in threads: once for all calls that wait for it. A credential
is renewed while the old one still holds, and the old one serves until the new one is there.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from llmgw.adapters.cloud_libraries import CredentialError, Held, Source, source_of
from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass, TimeLimit, UpstreamConnectError, UpstreamError, UpstreamTimeoutError
from llmgw.graph.model import CloudAuth
from llmgw.ports import Clock, UpstreamCall
from llmgw.providers.clouds import CLOUDS

AGAIN_S = 5.0  # for so long nobody asks again for what could not be had
LOOKED_S = 60.0  # what was found so lately is not what is wrong when it is refused
SIGNED_HERE_BYTES_MAX = 1024 * 1024  # the digest of more would keep all other calls waiting
CONNECT_S_MIN = 0.1  # what is left for connecting, however long the credential took


@dataclass(frozen=True, slots=True)
class Signed:
    """A call with its credential, and what of that nobody else may see."""

    call: UpstreamCall
    secrets: tuple[Secret, ...]


class CloudCredentials:
    """The credentials of all targets that are called with a cloud's own. Use inside a running loop."""

    def __init__(self, clock: Clock, make_source: Callable[[CloudAuth], Source] = source_of) -> None:
        self._clock = clock
        self._make_source = make_source
        self._kept: dict[CloudAuth, _Kept] = {}

    async def signed(self, call: UpstreamCall, auth: CloudAuth) -> Signed:
        """The call as it may go out. Waiting for a credential is bounded as connecting is, and counts as that.

        Raises UpstreamTimeoutError (connect), UpstreamConnectError, or UpstreamError (unauthorized) with what to do.
        """
        kept = self._kept.get(auth)
        if kept is None:
            kept = self._kept[auth] = _Kept(auth, self._clock, self._make_source(auth))
        began_s = self._clock.elapsed_s()
        held = await kept.get(call.connect_s)
        left_s = max(call.connect_s - (self._clock.elapsed_s() - began_s), CONNECT_S_MIN)
        own = await _headers(held, call)
        signed = replace(call, headers={**call.headers, **own}, connect_s=left_s)
        return Signed(signed, _secrets(own))

    def refused(self, auth: CloudAuth) -> None:
        """A call with it was turned away: look for another, as it may have been taken back before its time."""
        kept = self._kept.get(auth)
        if kept is not None and self._clock.elapsed_s() - kept.since_s >= LOOKED_S:
            del self._kept[auth]

    def forget(self) -> None:
        """After a reload all are looked for again: what stands in files and variables may be new."""
        self._kept.clear()


async def _headers(held: Held, call: UpstreamCall) -> Mapping[str, str]:
    """Some sign all of the body: a long one in a thread, since others are waiting here."""
    if len(call.body) > SIGNED_HERE_BYTES_MAX:
        return await asyncio.to_thread(held.headers, call.url, call.headers, call.body)
    return held.headers(call.url, call.headers, call.body)


def _secrets(headers: Mapping[str, str]) -> tuple[Secret, ...]:
    """Tokens, and of a signature its last part: what else stands there are words that an error may contain."""
    found = (headers.get("authorization", "").rpartition("Signature=")[2], headers.get("x-amz-security-token", ""))
    return tuple(Secret(value) for value in found if value)


class _Kept:
    """One credential, for as long as it holds."""

    def __init__(self, auth: CloudAuth, clock: Clock, source: Source) -> None:
        self._auth = auth
        self._clock = clock
        self._source = source
        self._held: Held | None = None
        self._error: BaseException | None = None
        self._flight: asyncio.Future[Held] | None = None
        self.since_s = self._ask_at_s = clock.elapsed_s()

    async def get(self, connect_s: float) -> Held:
        held = self._holding()
        if held is None or self._clock.now_s() >= held.fresh_until_s:
            flight = self._renewal()
            if held is None and flight is not None:
                await self._landing(flight, connect_s)
                held = self._holding()
        if held is None:
            raise self._failed()
        return held

    def _holding(self) -> Held | None:
        held = self._held
        return held if held is not None and self._clock.now_s() < held.expires_s else None

    def _renewal(self) -> asyncio.Future[Held] | None:
        """The one under way, else a new one, unless it is too early for that. It goes on if nobody waits any more."""
        if self._flight is None and self._clock.elapsed_s() >= self._ask_at_s:
            self._flight = asyncio.get_running_loop().run_in_executor(None, self._source, self._clock.now_s())
            self._flight.add_done_callback(self._land)
        return self._flight

    async def _landing(self, flight: asyncio.Future[Held], connect_s: float) -> None:
        """Until then, or as long as connecting may take. Who leaves does not cancel it for the others."""
        done, _ = await asyncio.wait([flight], timeout=connect_s)
        if not done:
            told = f"no credentials of {CLOUDS[self._auth.kind].name} within {connect_s:g} s"
            raise UpstreamTimeoutError(TimeLimit.CONNECT, connect_s, told)

    def _land(self, flight: asyncio.Future[Held]) -> None:
        self._flight = None
        self._error = None if flight.cancelled() else flight.exception()
        if flight.cancelled() or self._error is not None:
            self._ask_at_s = self._clock.elapsed_s() + AGAIN_S
        else:
            self._held = flight.result()

    def _failed(self) -> UpstreamError:
        """What a library raises unexpectedly is no credential either."""
        cloud = CLOUDS[self._auth.kind]
        error = self._error
        told = str(error) if isinstance(error, CredentialError) else f"its library failed ({type(error).__name__})"
        if isinstance(error, CredentialError) and error.is_unreachable:
            return UpstreamConnectError(f"no credentials of {cloud.name}: {told}")
        return UpstreamError(FailureClass.UNAUTHORIZED, f"no credentials of {cloud.name}: {told}; {cloud.remedy}")
