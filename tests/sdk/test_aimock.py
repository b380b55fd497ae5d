"""The gateway in front of an independent provider mock: its journal shows what the gateway *sends*, its chaos what a
provider may do. Whatever happens there, every request ends in exactly one answer or one typed error.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.partners.aimock import AimockControls, Chaos, JournalEntry
from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import DONE, chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client
from tests.sdk.configs import one_try
from tests.served import Served, served

CALLS = 12

# Everything a request may have that we do not look at: it has to arrive as it left.
RICH: Mapping[str, Any] = {
    "model": "chat",
    "messages": [
        {"role": "system", "content": "Be brief. König 王さま 👑 \u2028 \\u0041"},
        {"role": "user", "content": [{"type": "text", "text": "Say hello"}], "name": "x"},
    ],
    "temperature": 0.30000000000000004,
    "seed": 9007199254740991,
    "logit_bias": {"50256": -100},
    "metadata": {"nested": {"left": "alone"}, "tier": "free"},
    "max_tokens": 5,
    "stop": ["\n", "END"],
    "vendor_extension": {"deep": [1, 2.5, None, True, {"x": []}]},
}

SECRETS = {
    "authorization": "Bearer sk-the-callers-own",
    "cookie": "session=callers-cookie",
    "x-api-key": "callers-x-api-key",
    "api-key": "callers-api-key",
    "x-forwarded-proto": "https",
    "x-private": "callers-private",
    "x-llmgw-metadata": '{"tier": "paid"}',
    "user-agent": "callers-agent/1",
}
ALLOWED = {
    "openai-organization": "org-1",
    "openai-beta": "assistants=v2",
    "anthropic-version": "2023-06-01",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "idempotency-key": "once",
}
OURS = {
    "host", "content-type", "content-length", "accept", "accept-encoding", "user-agent", "authorization", "connection",
}  # fmt: skip


async def post(
    gateway: Served,
    body: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    path: str = "/v1/chat/completions",
) -> RawAnswer:
    async with raw_client(gateway.url) as client:
        await client.post(path, body, headers)
        return await client.read_answer()


async def sent(aimock: AimockControls) -> JournalEntry:
    entries = await aimock.journal()
    assert len(entries) == 1
    return entries[0]


# What is sent.


async def test_a_body_is_changed_only_by_the_models_name(aimock: AimockControls) -> None:
    async with served(one_try(aimock.url)) as gateway:
        answer = await post(gateway, RICH)
    entry = await sent(aimock)

    assert answer.status == 200
    assert entry.body == {**RICH, "model": "partner-0"}
    assert list({**RICH}) == list(entry.body)
    assert (entry.method, entry.path) == ("POST", "/v1/chat/completions")


async def test_a_stream_is_asked_for_its_usage_and_the_callers_other_options_stay(aimock: AimockControls) -> None:
    body = {**RICH, "stream": True, "stream_options": {"include_obfuscation": False}}
    async with served(one_try(aimock.url)) as gateway:
        answer = await post(gateway, body)
    entry = await sent(aimock)

    assert answer.status == 200
    expected_options = {"include_obfuscation": False, "include_usage": True}
    assert {**body, "model": "partner-0", "stream_options": expected_options} == entry.body


async def test_only_allowed_headers_are_passed_on(aimock: AimockControls) -> None:
    async with served(one_try(aimock.url)) as gateway:
        await post(gateway, RICH, {**SECRETS, **ALLOWED})
    headers = (await sent(aimock)).headers

    assert {name: value for name, value in headers.items() if name in ALLOWED} == ALLOWED
    assert set() == set(headers) - set(ALLOWED) - OURS - {"x-request-id"}  # that one is the mock's own note
    assert "callers" not in json.dumps(headers)


async def test_the_providers_key_and_headers_are_ours(aimock: AimockControls) -> None:
    config = (
        f"providers: {{p: {{like: openai, base_url: {aimock.url}/v1, api_key: sk-ours, headers: {{x-team: blue}}}}}}\n"
        "models: {chat: {target: p/partner-9, set: {store: false}, default: {seed: 1, top_p: 0.5}, drop: [logit_bias]}}"
    )
    async with served(config) as gateway:
        answer = await post(gateway, RICH)
    entry = await sent(aimock)

    expected = {**RICH, "model": "partner-9", "store": False, "top_p": 0.5}
    del expected["logit_bias"]
    assert expected == entry.body
    assert entry.headers["x-team"] == "blue"
    assert "authorization" in entry.headers  # the mock redacts its value
    assert answer.headers["x-llmgw-dropped"] == "logit_bias"


async def test_azures_path_is_built_from_the_model(aimock: AimockControls) -> None:
    config = (
        f'providers: {{az: {{like: azure, base_url: "{aimock.url}", api_key: k, api_version: "2024-10-21"}}}}\n'
        "models: {chat: az/prod-chat}"
    )
    async with served(config) as gateway:
        answer = await post(gateway, RICH, path="/openai/deployments/chat/chat/completions?api-version=2024-06-01")
    entry = await sent(aimock)

    assert answer.status == 200
    assert entry.path.startswith("/openai/deployments/prod-chat/chat/completions")
    assert "api-key" in entry.headers
    assert "authorization" not in entry.headers


# Chaos.

ALL_FAULTS = {
    "drop": Chaos(drop_rate=1),
    "malformed": Chaos(malformed_rate=1),
    "rate limit": Chaos(rate_limit_rate=1),
    "disconnect": Chaos(disconnect_rate=1),
}
chaotic = pytest.mark.parametrize("chaos", ALL_FAULTS.values(), ids=ALL_FAULTS)


@chaotic
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_fallback_answers_whatever_goes_wrong_before_the_answer(
    aimock: AimockControls, upstream: FaultUpstream, chaos: Chaos, *, stream: bool
) -> None:
    upstream.script(event_stream(chat_events("From the second")) if stream else json_answer(chat_answer()))
    await aimock.set_chaos(chaos)
    async with served(one_try(aimock.url, upstream.url)) as gateway:
        answer = await post(gateway, {**RICH, "stream": stream})

    assert (answer.status, answer.whole) == (200, True)
    assert (answer.headers["x-llmgw-target"], answer.headers["x-llmgw-attempts"]) == ("m1", "2")
    assert (len(await aimock.journal()), len(upstream.requests)) == (1, 1)
    assert [attempt["target"] for attempt in gateway.log.requests[0]["attempts"]] == ["m0", "m1"]


@chaotic
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_without_a_fallback_there_is_one_typed_error(
    aimock: AimockControls, chaos: Chaos, *, stream: bool
) -> None:
    await aimock.set_chaos(chaos)
    async with served(one_try(aimock.url)) as gateway:
        answer = await post(gateway, {**RICH, "stream": stream})

    assert answer.whole
    assert answer.status in {429, 502}
    assert {"message", "type", "param", "code", "attempts"} == set(answer.json["error"])
    assert answer.headers["x-should-retry"] == "false"
    assert len(gateway.log.requests) == 1


async def test_under_mixed_chaos_every_request_ends_in_one_answer_or_one_typed_error(aimock: AimockControls) -> None:
    await aimock.set_chaos(Chaos(drop_rate=0.2, malformed_rate=0.2, rate_limit_rate=0.2, disconnect_rate=0.2))
    async with served(one_try(aimock.url, aimock.url)) as gateway:
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(post(gateway, {**RICH, "stream": bool(n % 2)})) for n in range(CALLS)]
        answers = [call.result() for call in calls]

    assert [is_one_answer_or_one_error(answer) for answer in answers] == [True] * CALLS
    assert len(gateway.log.requests) == CALLS
    attempts = sum(len(line["attempts"]) for line in gateway.log.requests)
    assert attempts == len(await aimock.journal())


async def test_a_stream_that_is_cut_ends_with_an_error_and_no_end_mark(aimock: AimockControls) -> None:
    body = {**RICH, "stream": True, "messages": [{"role": "user", "content": "Break off"}]}
    async with served(one_try(aimock.url)) as gateway:
        answer = await post(gateway, body)

    events = answer.body.removesuffix(b"\n\n").split(b"\n\n")
    assert (answer.status, answer.whole) == (200, True)
    assert json.loads(events[-1].removeprefix(b"data: "))["error"]["code"] == "stream_cut"
    assert DONE not in answer.body
    assert gateway.log.requests[0]["outcome"] == "stream_cut"


def is_one_answer_or_one_error(answer: RawAnswer) -> bool:
    """A whole answer, a whole stream, a stream that says how it broke, or an error with a code."""
    if not answer.whole:
        return False
    if answer.status != 200:
        return bool(answer.json["error"]["code"])
    if answer.headers["content-type"].startswith("text/event-stream"):
        return answer.body.endswith(DONE) != (b'"code":"stream_cut"' in answer.body)
    return bool(answer.json["choices"])
