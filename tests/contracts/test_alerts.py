"""What every `Alerts` does: it takes what it is told at once, in whatever number, and troubles nobody with it."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from llmgw.adapters.journal import make_logger
from llmgw.adapters.system import SystemClock
from llmgw.adapters.webhook_alerts import ALERTS_WAITING_MAX, Pace, webhook_alerts
from llmgw.ports import Alerts
from tests.adapters.test_alert_message import crossed
from tests.fakes import FakeAlerts
from tests.served import LogLines

Make = Callable[[], AbstractAsyncContextManager[Alerts]]


@asynccontextmanager
async def by_webhook() -> AsyncIterator[Alerts]:
    logger = make_logger(LogLines(), pretty=False, level="debug")
    async with webhook_alerts(SystemClock(), logger, Pace(try_s=0.1, backoff_s=0.01, close_s=0.1)) as alerts:
        yield alerts


@asynccontextmanager
async def fake() -> AsyncIterator[Alerts]:
    yield FakeAlerts()


every = pytest.mark.parametrize("make", [by_webhook, fake])


@every
async def test_nobody_waits_however_much_is_told(make: Make) -> None:
    async with make() as alerts:
        began_s = time.monotonic()
        for _ in range(2 * ALERTS_WAITING_MAX):
            alerts.tell(crossed())

        assert time.monotonic() - began_s < 1.0


@every
async def test_what_cannot_arrive_is_nobodys_error(make: Make) -> None:
    async with make() as alerts:
        for url in ("http://127.0.0.1:1/", "no url at all", ""):
            alerts.tell(crossed(url=url))
    alerts.tell(crossed())
