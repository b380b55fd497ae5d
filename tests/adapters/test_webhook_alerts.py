"""Alerts over real sockets: they arrive once whatever happens on the way, or the log says that they did not."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from msgspec import structs

from llmgw.adapters import webhook_alerts as module
from llmgw.adapters.journal import make_logger
from llmgw.adapters.system import SystemClock
from llmgw.adapters.webhook_alerts import Pace, WebhookAlerts, webhook_alerts
from llmgw.policy.claims import Crossed
from tests.adapters.test_alert_message import crossed
from tests.partners.webhook_receiver import PATH, Answer, hanging, hanging_up, receiving, slowly, status
from tests.served import LogLines
from tests.server.calls import eventually

FAST = Pace(try_s=0.2, backoff_s=0.01, close_s=1.0)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@asynccontextmanager
async def alerting(log: LogLines, pace: Pace = FAST) -> AsyncIterator[WebhookAlerts]:
    async with webhook_alerts(SystemClock(), make_logger(log, pretty=False, level="debug"), pace) as alerts:
        yield alerts


@pytest.fixture
def log() -> LogLines:
    return LogLines()


def assert_no_url_in(log: LogLines) -> None:
    told = json.dumps(log.lines)

    assert [part for part in (PATH, "the-secret-part", "http://") if part in told] == []


async def test_an_alert_arrives_as_slack_and_programs_want_it(log: LogLines) -> None:
    async with receiving([status(200)]) as receiver, alerting(log) as alerts:
        alerts.tell(crossed(url=receiver.url))
        await receiver.came(1)
        (post,) = receiver.received

        assert (post.headers["content-type"], receiver.paths) == ("application/json", [PATH])
        assert post.json["text"].startswith("Budget team-month (key.team search): 80 % is used")
        assert post.json["bucket"] == {"key.team": "search"}
        assert log.lines == []


async def test_telling_does_not_wait(log: LogLines) -> None:
    async with receiving([hanging]) as receiver, alerting(log, replace(FAST, close_s=0.05)) as alerts:
        began_s = time.monotonic()
        for _ in range(100):
            alerts.tell(crossed(url=receiver.url))

        assert time.monotonic() - began_s < 0.1


async def test_a_budget_without_an_alert_tells_nobody(log: LogLines) -> None:
    async with alerting(log) as alerts:
        told = crossed()
        alerts.tell(structs.replace(told, rule=replace(told.rule, alert=None)))

    assert log.lines == []


# Signed.


@pytest.mark.parametrize(
    ("secret", "key"),
    [(SECRET, base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")), ("a plain secret", b"a plain secret")],
)
async def test_who_knows_the_secret_knows_that_it_is_ours(log: LogLines, secret: str, key: bytes) -> None:
    async with receiving([status(500), status(200)]) as receiver, alerting(log) as alerts:
        alerts.tell(crossed(url=receiver.url, secret=secret))
        await receiver.came(2)

    for post in receiver.received:
        told = [post.headers[f"webhook-{name}"] for name in ("id", "timestamp")]
        expected = hmac.new(key, f"{'.'.join(told)}.".encode() + post.body, hashlib.sha256).digest()

        assert post.headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
        assert abs(int(told[1]) - time.time()) < 5
    assert len({post.headers["webhook-id"] for post in receiver.received}) == 1


async def test_each_alert_has_an_id_of_its_own_and_without_a_secret_no_signature(log: LogLines) -> None:
    async with receiving([status(200)]) as receiver, alerting(log) as alerts:
        for _ in range(2):
            alerts.tell(crossed(url=receiver.url))
        await receiver.came(2)

    assert len({post.headers["webhook-id"] for post in receiver.received}) == 2
    assert ["webhook-signature" in post.headers for post in receiver.received] == [False, False]


# Again.


@pytest.mark.parametrize("answer", [status(500), status(503), status(408), status(429), hanging_up, slowly(0.4)])
async def test_what_did_not_arrive_twice_arrives_the_third_time(log: LogLines, answer: Answer) -> None:
    async with receiving([answer, answer, status(204)]) as receiver, alerting(log) as alerts:
        alerts.tell(crossed(url=receiver.url))
        await receiver.came(3)

    assert len(receiver.received) == 3
    assert len({post.body for post in receiver.received}) == 1
    assert log.lines == []


@pytest.mark.parametrize(
    ("answer", "tries", "failure"),
    [
        (status(500), 6, "server_error"),
        (status(400), 1, "invalid_request"),
        (status(401), 1, "unauthorized"),
        (status(404), 1, "not_found"),
        (status(410), 1, "invalid_request"),
    ],
)
async def test_what_never_arrives_is_one_line(log: LogLines, answer: Answer, tries: int, failure: str) -> None:
    async with receiving([answer]) as receiver, alerting(log) as alerts:
        alerts.tell(crossed(url=receiver.url, secret=SECRET))
        await eventually(lambda: log.lines)

    (line,) = log.lines
    assert len(receiver.received) == tries
    assert (line["event"], line["level"]) == ("alert_failed", "warning")
    assert (line["budget"], line["class"], line["attempts"]) == ("team-month", failure, tries)
    assert_no_url_in(log)


async def test_nobody_there_is_a_line_without_the_address(log: LogLines, refused: str) -> None:
    async with alerting(log) as alerts:
        alerts.tell(crossed(url=f"{refused}{PATH}"))
        await eventually(lambda: log.lines)

    assert [(line["class"], line["attempts"]) for line in log.lines] == [("connection", 6)]
    assert_no_url_in(log)


@pytest.mark.parametrize("url", ["no url", "ftp://127.0.0.1/x", "http://", "http://[half/x", "http://127.0.0.1:99999/"])
async def test_what_is_no_url_is_a_line_too(log: LogLines, url: str) -> None:
    async with alerting(log) as alerts:
        alerts.tell(crossed(url=url))
        await eventually(lambda: log.lines)

    assert [line["event"] for line in log.lines] == ["alert_failed"]
    assert url not in json.dumps(log.lines)


async def test_a_redirect_is_not_followed(log: LogLines) -> None:
    async with receiving([status(200)]) as elsewhere:
        answer = status(307, {"location": elsewhere.url})
        async with receiving([answer]) as receiver, alerting(log) as alerts:
            alerts.tell(crossed(url=receiver.url))
            await eventually(lambda: log.lines)

    assert (len(receiver.received), elsewhere.received) == (1, [])
    assert log.lines[0]["class"] == "protocol"
    assert_no_url_in(log)


async def test_whoever_asks_us_to_wait_is_waited_for(log: LogLines) -> None:
    async with receiving([status(429, {"retry-after": "0.3"}), status(200)]) as receiver, alerting(log) as alerts:
        began_s = time.monotonic()
        alerts.tell(crossed(url=receiver.url))
        await receiver.came(2)

        assert time.monotonic() - began_s >= 0.3


async def test_one_that_hangs_keeps_no_other_waiting(log: LogLines) -> None:
    pace = replace(FAST, try_s=5.0, close_s=0.05)
    async with receiving([hanging]) as dead, receiving([status(200)]) as receiver, alerting(log, pace) as alerts:
        for _ in range(module.POSTS_MAX - 1):
            alerts.tell(crossed(url=dead.url))
        alerts.tell(crossed(url=receiver.url))
        await receiver.came(1, within_s=1.0)


# Bounded.


async def test_what_does_not_fit_is_counted_and_told(log: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALERTS_WAITING_MAX", 3)
    async with receiving([slowly(0.05)]) as receiver, alerting(log) as alerts:
        for _ in range(5):
            alerts.tell(crossed(url=receiver.url))
        await receiver.came(3)
        await eventually(lambda: not alerts._pending)
        alerts.tell(crossed(url=receiver.url))
        await receiver.came(4)

    assert [(line["event"], line["count"]) for line in log.lines] == [("alerts_dropped", 2)]


# The end.


async def test_at_the_end_what_is_queued_still_arrives(log: LogLines) -> None:
    async with receiving([slowly(0.05)]) as receiver:
        async with alerting(log) as alerts:
            for _ in range(5):
                alerts.tell(crossed(url=receiver.url))

        assert len(receiver.received) == 5
        assert log.lines == []


async def test_at_the_end_what_waits_for_its_next_try_has_it_at_once(log: LogLines) -> None:
    async with receiving([status(500), status(200)]) as receiver:
        async with alerting(log, replace(FAST, backoff_s=60.0)) as alerts:
            alerts.tell(crossed(url=receiver.url))
            await receiver.came(1)
            await asyncio.sleep(0.05)

        assert len(receiver.received) == 2
        assert log.lines == []


async def test_the_end_does_not_wait_for_one_that_hangs(log: LogLines) -> None:
    async with receiving([hanging]) as receiver:
        began_s = time.monotonic()
        async with alerting(log, replace(FAST, try_s=20.0, close_s=0.2)) as alerts:
            alerts.tell(crossed(url=receiver.url))
            await receiver.came(1)

        assert time.monotonic() - began_s < 2
        assert [(line["event"], line["count"]) for line in log.lines] == [("alerts_dropped", 1)]


async def test_secrets_are_nowhere_in_what_can_be_seen_of_an_alert() -> None:
    told: Crossed = crossed(secret=SECRET, url="https://hooks.example/the-secret-part")

    assert [part for part in (SECRET, "the-secret-part") if part in f"{told!r}"] == []
