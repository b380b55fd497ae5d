"""The provider mock answers by our fixtures, and its journal and chaos do what the tests rely on."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.partners.aimock import AimockControls, Chaos, read_fixtures

LIMIT = aiohttp.ClientTimeout(total=10)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=LIMIT, headers={"authorization": "Bearer sk-partner"}) as opened:
        yield opened


async def ask(
    session: aiohttp.ClientSession, aimock: AimockControls, prompt: str = "Say hello", **fields: Any
) -> tuple[int, bytes]:
    body = {"model": "partner-1", "messages": [{"role": "user", "content": prompt}], **fields}
    async with session.post(f"{aimock.url}/v1/chat/completions", json=body) as answer:
        return answer.status, await answer.read()


async def test_it_is_ready_when_the_fixture_says_so(session: aiohttp.ClientSession, aimock: AimockControls) -> None:
    async with session.get(f"{aimock.url}/ready") as answer:
        assert answer.status == 200


async def test_it_answers_with_text_and_the_usage_of_the_fixture(
    session: aiohttp.ClientSession, aimock: AimockControls
) -> None:
    status, body = await ask(session, aimock)
    answer = json.loads(body)

    assert status == 200
    assert answer["choices"][0]["message"]["content"] == "Hello! How can I help you today?"
    assert answer["usage"] == {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}


async def test_it_streams_in_pieces_with_usage_and_an_end_mark(
    session: aiohttp.ClientSession, aimock: AimockControls
) -> None:
    _, body = await ask(session, aimock, stream=True, stream_options={"include_usage": True})
    events = body.decode().removesuffix("\n\n").split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]

    assert events[-1] == "data: [DONE]"
    assert len(chunks) > 4
    assert chunks[-1]["usage"]["total_tokens"] == 21


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_it_fails_by_fixture(session: aiohttp.ClientSession, aimock: AimockControls, status: int) -> None:
    assert status == (await ask(session, aimock, f"Fail with {status}"))[0]


async def test_it_breaks_a_stream_off(session: aiohttp.ClientSession, aimock: AimockControls) -> None:
    with pytest.raises(aiohttp.ClientError):
        await ask(session, aimock, "Break off", stream=True)


async def test_the_journal_holds_what_arrived(session: aiohttp.ClientSession, aimock: AimockControls) -> None:
    await ask(session, aimock, temperature=0.5)
    await ask(session, aimock, "Fail with 503")
    first, second = await aimock.journal()

    assert (first.method, first.path) == ("POST", "/v1/chat/completions")
    assert first.body == {
        "model": "partner-1",
        "messages": [{"role": "user", "content": "Say hello"}],
        "temperature": 0.5,
    }
    assert first.headers["authorization"] == "[REDACTED]"
    assert [first.response.status, second.response.status] == [200, 503]
    await aimock.clear_journal()
    assert await aimock.journal() == []


async def test_chaos_can_limit_garble_and_drop(session: aiohttp.ClientSession, aimock: AimockControls) -> None:
    await aimock.set_chaos(Chaos(rate_limit_rate=1))
    limited, _ = await ask(session, aimock)
    await aimock.set_chaos(Chaos(malformed_rate=1))
    status, garbled = await ask(session, aimock)
    await aimock.set_chaos(Chaos(drop_rate=1))
    dropped, _ = await ask(session, aimock)
    actions = [entry.response.chaos_action for entry in await aimock.journal()]

    assert (limited, status, dropped) == (429, 200, 500)
    with pytest.raises(json.JSONDecodeError):
        json.loads(garbled)
    assert actions == ["rateLimit", "malformed", "drop"]


async def test_chaos_can_disconnect_and_be_cleared(session: aiohttp.ClientSession, aimock: AimockControls) -> None:
    await aimock.set_chaos(Chaos(disconnect_rate=1))
    with pytest.raises(aiohttp.ClientError):
        await ask(session, aimock)
    await aimock.clear_chaos()

    assert (await ask(session, aimock))[0] == 200


async def test_chaos_can_delay(session: aiohttp.ClientSession, aimock: AimockControls) -> None:
    await aimock.set_chaos(Chaos(latency_ms=2000))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await ask(session, aimock)


async def test_the_next_request_alone_can_fail(session: aiohttp.ClientSession, aimock: AimockControls) -> None:
    await aimock.fail_next(503, "Once", code="once")
    statuses = [(await ask(session, aimock))[0] for _ in range(2)]

    assert statuses == [503, 200]


async def test_fixtures_can_be_added_and_replaced(session: aiohttp.ClientSession, aimock: AimockControls) -> None:
    await aimock.add_fixtures([{"match": {"userMessage": "Something new"}, "response": {"content": "New"}}])
    added, _ = await ask(session, aimock, "Something new")
    await aimock.use_fixtures([{"match": {"userMessage": "Say hello"}, "response": {"content": "Other"}}])
    _, replaced = await ask(session, aimock)
    await aimock.reset()
    _, restored = await ask(session, aimock)

    assert added == 200
    assert [json.loads(body)["choices"][0]["message"]["content"] for body in (replaced, restored)] == [
        "Other",
        "Hello! How can I help you today?",
    ]


def test_fixtures_cover_what_the_tests_of_the_gateway_need() -> None:
    prompts = {fixture["match"]["userMessage"] for fixture in read_fixtures()}

    assert {"Say hello", "Tell a story", "Talk slowly", "Break off", "Extract the event"} <= prompts
    assert {f"Fail with {status}" for status in (400, 401, 404, 429, 500, 503)} <= prompts
