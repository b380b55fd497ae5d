"""Alerts by webhook: posted beside the requests, several times if need be, and never waited for.

The URL is a secret (whoever has Slack's may write there), so it is in no log line and in no error.
"""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

import llmgw
from llmgw.adapters.alert_message import alert_body
from llmgw.adapters.beside import beside
from llmgw.adapters.http_upstream import make_session
from llmgw.adapters.journal import Logger
from llmgw.errors import FailureClass
from llmgw.graph.model import Transport
from llmgw.graph.rules import Alert
from llmgw.policy.claims import Crossed
from llmgw.ports import Alerts, Clock
from llmgw.routing.outcome import class_of_status
from llmgw.wire.retry_after import from_headers
from llmgw.wire.webhook_signature import signed

ALERTS_WAITING_MAX = 1000
POSTS_MAX = 16  # at once
TRIES_MAX = 6
WAIT_S_MAX = 600.0  # whatever the other side asks for

_TRIED_AGAIN = frozenset({408, 429})
_HEADERS = {"content-type": "application/json", "user-agent": f"llmgw/{llmgw.__version__}"}


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard we try: six times in about five minutes, and at the end of the process once more, shortly."""

    try_s: float = 10.0
    backoff_s: float = 12.0  # then twice as long each time, less a share by chance
    close_s: float = 5.0


@dataclass(slots=True)
class _Delivery:
    """One alert on its way. `id` is the same each time, so that the other side can tell that it has it."""

    budget: str
    alert: Alert
    body: bytes
    id: str = field(default_factory=lambda: f"msg_{secrets.token_hex(12)}")
    tries: int = 0


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why it did not arrive. `again`: trying once more might help, after `wait_s` if they say how long."""

    failure: FailureClass
    again: bool = True
    wait_s: float = 0.0


class WebhookAlerts:
    """Use `webhook_alerts`. What does not fit into the queue is counted, and the log says how much that was."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock, logger: Logger, pace: Pace) -> None:
        self._session = session
        self._clock = clock
        self._logger = logger
        self._pace = pace
        self._queue: asyncio.Queue[_Delivery] = asyncio.Queue()
        self._turns = asyncio.Semaphore(POSTS_MAX)
        self._pending = 0
        self._leaving = asyncio.Event()
        self._done = asyncio.Event()
        self.dropped = 0

    def tell(self, crossed: Crossed) -> None:
        alert = crossed.rule.alert
        if alert is None:
            return
        if self._pending >= ALERTS_WAITING_MAX:
            self.dropped += 1
            return
        self._tell_dropped()
        self._pending += 1
        self._queue.put_nowait(_Delivery(crossed.rule.scope.name, alert, alert_body(crossed)))

    async def work(self) -> None:
        """Post whatever comes; never ends by itself."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._deliver(await self._queue.get()))

    async def close(self) -> None:
        """What is on its way is tried once more, at once; what has not arrived shortly after is given up."""
        self._leaving.set()
        try:
            async with asyncio.timeout(self._pace.close_s):
                while self._pending:
                    self._done.clear()
                    await self._done.wait()
        except TimeoutError:
            self.dropped += self._pending
        self._tell_dropped()

    async def _deliver(self, delivery: _Delivery) -> None:
        """To the end, good or bad."""
        try:
            while (failed := await self._post(delivery)) is not None:
                if not failed.again or delivery.tries >= TRIES_MAX or self._leaving.is_set():
                    self._tell_failed(delivery, failed)
                    return
                await self._wait(max(self._backoff_s(delivery.tries), failed.wait_s))
        finally:
            self._pending -= 1
            self._done.set()

    async def _post(self, delivery: _Delivery) -> _Failed | None:
        delivery.tries += 1
        secret = delivery.alert.secret
        sent_s = int(self._clock.now_s())
        headers = signed(delivery.id, sent_s, delivery.body, None if secret is None else secret.reveal())
        try:
            async with (
                self._turns,
                asyncio.timeout(self._pace.try_s),
                self._session.post(
                    URL(delivery.alert.webhook.reveal()),
                    data=delivery.body,
                    headers={**_HEADERS, **headers},
                    allow_redirects=False,
                ) as response,
            ):
                return self._refused(response)
        except TimeoutError:
            return _Failed(FailureClass.TIMEOUT)
        except (aiohttp.ClientConnectionError, OSError):
            return _Failed(FailureClass.CONNECTION)
        except ValueError:  # it is no URL
            return _Failed(FailureClass.PROTOCOL, again=False)
        except aiohttp.ClientError:
            return _Failed(FailureClass.PROTOCOL)

    def _refused(self, response: aiohttp.ClientResponse) -> _Failed | None:
        """None: they have it."""
        status = response.status
        if 200 <= status < 300:
            return None
        if status < 400:
            return _Failed(FailureClass.PROTOCOL, again=False)
        again = status >= 500 or status in _TRIED_AGAIN
        headers = {name.lower(): value for name, value in response.headers.items()}
        asked_s = from_headers(headers, self._clock.now_s()) or 0.0
        return _Failed(class_of_status(status), again, min(asked_s, WAIT_S_MAX))

    def _backoff_s(self, tries: int) -> float:
        """Half of it is by chance, so that those of many machines do not come together."""
        return self._pace.backoff_s * 2.0 ** (tries - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    async def _wait(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._leaving.wait()
        except TimeoutError:
            return

    def _tell_failed(self, delivery: _Delivery, failed: _Failed) -> None:
        told = {"class": failed.failure.value}
        self._logger.warning("alert_failed", budget=delivery.budget, attempts=delivery.tries, **told)

    def _tell_dropped(self) -> None:
        if self.dropped:
            self._logger.warning("alerts_dropped", count=self.dropped)
            self.dropped = 0


@asynccontextmanager
async def webhook_alerts(clock: Clock, logger: Logger, pace: Pace = Pace()) -> AsyncIterator[WebhookAlerts]:
    """For as long as one is in here; leaving waits a little for what is on its way."""
    async with make_session(Transport()) as session:
        alerts = WebhookAlerts(session, clock, logger, pace)
        async with beside(alerts.work()):
            try:
                yield alerts
            finally:
                await alerts.close()


_: type[Alerts] = WebhookAlerts
