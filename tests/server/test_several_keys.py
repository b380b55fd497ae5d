"""A provider with several keys: one that is dead or at its limit costs no caller an answer."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping

import msgspec
import pytest

from llmgw.adapters.system import SystemClock
from llmgw.routing.health import HealthSnapshot
from llmgw.routing.health_board import HealthBoard
from llmgw.routing.rotation import TERMS
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.exchange import ReceivedRequest
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error_answer, rate_limited_seconds
from tests.partners.steps import Behaviour
from tests.served import served
from tests.server.calls import chat
from tests.server.test_access import send

GOOD: Behaviour = json_answer(chat_answer())
DEAD = openai_error_answer(401, code="invalid_api_key")
KEYS = ("key-of-the-first", "key-of-the-second", "key-of-the-third")
ADMIN = "sk-the-admin-key-of-a-test"
LONGEST_S = max(term.longest_s for term in TERMS.values())


def config(url: str) -> str:
    return f"""
server: {{admin_key: {ADMIN}}}
providers:
  o: {{like: openai, base_url: "{url}/v1", api_key: [{", ".join(KEYS)}]}}
models: {{gpt: o/gpt}}
defaults: {{retry: {{attempts: 1}}}}
"""


def used(request: ReceivedRequest) -> str:
    """The key that it came with."""
    return (request.header("authorization") or "").removeprefix("Bearer ")


def by_key(upstream: FaultUpstream, behaviours: Mapping[str, Behaviour]) -> None:
    """Each key has its own fate; those that are not named are well."""
    upstream.script(otherwise=lambda request: behaviours.get(used(request), GOOD))


class Ahead:
    """Lets the gateway's clock run ahead."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_s = 0.0
        real = SystemClock().elapsed_s
        monkeypatch.setattr(SystemClock, "elapsed_s", lambda _clock: real() + self.by_s)


async def test_no_request_fails_and_the_dead_one_is_tried_once_per_cool_down(
    upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead, answers, tried = Ahead(monkeypatch), list[int](), list[Counter[str]]()
    by_key(upstream, {KEYS[0]: DEAD, KEYS[1]: rate_limited_seconds(60)})
    async with served(config(upstream.url)) as gateway:
        for _ in range(4):
            before = len(upstream.requests)
            for together in (1, 1, *(6,) * 8):
                found = await asyncio.gather(*(chat(gateway.url, "gpt") for _ in range(together)))
                answers += [answer.status for answer in found]
            tried.append(Counter(used(request) for request in upstream.requests[before:]))
            ahead.by_s += LONGEST_S

    assert Counter(answers) == {200: 200}
    assert tried == [Counter({KEYS[0]: 1, KEYS[1]: 1, KEYS[2]: 50})] * 4


async def test_the_log_and_the_admin_tell_which_one_it_was_and_never_the_key(upstream: FaultUpstream) -> None:
    by_key(upstream, {KEYS[0]: DEAD})
    async with served(config(upstream.url)) as gateway:
        answer = await chat(gateway.url, "gpt")
        told = await send(gateway.url, b"", {"authorization": f"Bearer {ADMIN}"}, "/admin/health", "GET")
        (line,) = gateway.log.requests
    health = json.loads(told.body)["providers"]["o"]["credentials"]

    assert answer.status == 200
    assert [(attempt["credential"], attempt["class"]) for attempt in line["attempts"]] == [
        ("o#1", "unauthorized"),
        ("o#2", "ok"),
    ]
    assert (health["o#1"]["state"], health["o#1"]["failure"], sorted(health)) == (
        "set_aside",
        "unauthorized",
        ["o#1", "o#2", "o#3"],
    )
    assert not any(key in text for key in KEYS for text in (json.dumps(gateway.log.lines), told.body.decode()))


async def test_where_all_are_dead_the_error_names_each_and_the_next_request_still_tries_one(
    upstream: FaultUpstream,
) -> None:
    by_key(upstream, dict.fromkeys(KEYS, DEAD))
    async with served(config(upstream.url)) as gateway:
        first, second = [await chat(gateway.url, "gpt") for _ in range(2)]
    attempts = [[attempt["credential"] for attempt in answer.json["error"]["attempts"]] for answer in (first, second)]

    assert (first.status, second.status) == (502, 502)
    assert attempts == [["o#1", "o#2", "o#3"], ["o#1"]]
    assert "gpt with o#1: unauthorized" in first.json["error"]["message"]


async def test_the_one_with_most_room_is_preferred(upstream: FaultUpstream) -> None:
    def left(requests: int) -> Behaviour:
        limits = {"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": str(requests)}
        return json_answer(chat_answer(), headers={**limits, "x-ratelimit-reset-requests": "1m0s"})

    by_key(upstream, {KEYS[0]: left(20), KEYS[1]: left(80), KEYS[2]: left(50)})
    async with served(config(upstream.url)) as gateway:
        for _ in range(8):
            await chat(gateway.url, "gpt")

    assert [used(request) for request in upstream.requests] == [*KEYS, *[KEYS[1]] * 5]


async def test_the_dry_run_goes_on_from_what_the_admin_tells(upstream: FaultUpstream) -> None:
    by_key(upstream, dict.fromkeys(KEYS, DEAD))
    async with served(config(upstream.url)) as gateway:
        await chat(gateway.url, "gpt")
        told = await send(gateway.url, b"", {"authorization": f"Bearer {ADMIN}"}, "/admin/health", "GET")
        target = gateway.running.graph.targets["gpt"]
    ejected = HealthBoard.of(msgspec.json.decode(told.body, type=HealthSnapshot)).ejected(target, 0.0)

    assert ejected is not None
    assert ejected.reason == "all 3 credentials are set aside after unauthorized"
