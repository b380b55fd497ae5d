"""AWS Bedrock behind the running gateway: frames cut anywhere, exceptions at any time, models in the path."""

import json
from typing import Any

import pytest

from tests.partners.behaviours import CHUNKS_END, chunk, head, json_answer
from tests.partners.event_stream import chunk as invoked
from tests.partners.event_stream import event, exception
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client
from tests.partners.steps import CLOSE, Behaviour, split_at
from tests.served import Served, served
from tests.server.calls import CHAT, chat_body

MESSAGES = "/v1/messages"
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2"
ESCAPED = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2"
FRAMES = [
    event("messageStart", role="assistant"),
    event("contentBlockDelta", contentBlockIndex=0, delta={"text": "Grüße"}),
    event("contentBlockDelta", contentBlockIndex=0, delta={"text": " 🦜"}),
    event("contentBlockStop", contentBlockIndex=0),
    event("messageStop", stopReason="end_turn"),
    event("metadata", usage={"inputTokens": 3, "outputTokens": 2, "cacheReadInputTokens": 5}),
]
INVOKED = [
    invoked(
        type="message_start", message={"id": "msg_1", "model": "claude", "content": [], "usage": {"input_tokens": 3}}
    ),
    invoked(type="content_block_start", index=0, content_block={"type": "text", "text": ""}),
    invoked(type="content_block_delta", index=0, delta={"type": "text_delta", "text": "Grüße"}, new_field={"a": 1}),
    invoked(type="content_block_stop", index=0),
    invoked(type="message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
    invoked(type="message_stop"),
]
THROTTLED = exception("throttlingException", "Too many requests")
UNAVAILABLE = exception("serviceUnavailableException", "Try again")


def config(url: str, *, row: str = "bedrock", model: str = MODEL) -> str:
    return f"""
providers:
  aws: {{like: {row}, base_url: "{url}", api_key: k-aws}}
models:
  chat: {{target: "aws/{model}"}}
defaults: {{retry: {{attempts: 2, backoff: 1ms}}}}
"""


def frames(*events: bytes, then: Behaviour = CHUNKS_END) -> Behaviour:
    headers = {"content-type": "application/vnd.amazon.eventstream", "transfer-encoding": "chunked"}
    return (head(200, headers), *map(chunk, events), *then)


def body_of(path: str, *, stream: bool = True) -> dict[str, Any]:
    return {**chat_body(stream=stream), **({"max_tokens": 50} if path == MESSAGES else {})}


async def ask(gateway: Served, path: str, *, stream: bool = True, **headers: str) -> RawAnswer:
    async with raw_client(gateway.url) as client:
        await client.post(
            path, body_of(path, stream=stream), {name.replace("_", "-"): value for name, value in headers.items()}
        )
        return await client.read_answer()


def events_of(answer: RawAnswer) -> list[Any]:
    lines = [line.removeprefix(b"data: ") for line in answer.body.splitlines() if line.startswith(b"data: {")]
    return [json.loads(line) for line in lines]


def text_of(path: str, answer: RawAnswer) -> str:
    told = events_of(answer)
    if path == CHAT:
        return "".join(one["choices"][0]["delta"].get("content") or "" for one in told if one.get("choices"))
    return "".join(one["delta"].get("text", "") for one in told if one["type"] == "content_block_delta")


def counted(line: dict[str, Any]) -> tuple[str, int, int, int]:
    usage = line["usage"]
    return line["outcome"], usage["input_tokens"], usage["cached_input_tokens"], usage["output_tokens"]


both = pytest.mark.parametrize("path", [CHAT, MESSAGES])


@both
async def test_a_stream_says_the_same_wherever_its_bytes_were_cut(upstream: FaultUpstream, path: str) -> None:
    behaviour = frames(b"".join(FRAMES))
    start = len(behaviour[0]) if isinstance(behaviour[0], bytes) else 0
    borders = [start + 6 + sum(map(len, FRAMES[:count])) for count in range(1, len(FRAMES) + 1)]
    places = [border + offset for border in borders for offset in (-3, 0, 4, 9, 30)]
    async with served(config(upstream.url)) as gateway:
        for place in places:
            upstream.script(split_at(behaviour, place, pause_s=0.001))
            answer = await ask(gateway, path)

            assert answer.whole
            assert text_of(path, answer) == "Grüße 🦜"
        lines = gateway.log.requests

    assert {counted(line) for line in lines} == {("ok", 8, 5, 2)}


@both
async def test_an_exception_before_the_first_word_leads_to_another_try(upstream: FaultUpstream, path: str) -> None:
    upstream.script(frames(FRAMES[0], UNAVAILABLE), frames(*FRAMES))
    async with served(config(upstream.url)) as gateway:
        answer = await ask(gateway, path)
        (line,) = gateway.log.requests

    assert text_of(path, answer) == "Grüße 🦜"
    assert [attempt["class"] for attempt in line["attempts"]] == ["overloaded", "ok"]


@both
async def test_an_exception_that_stays_is_told_with_its_status(upstream: FaultUpstream, path: str) -> None:
    upstream.script(frames(THROTTLED))
    async with served(config(upstream.url)) as gateway:
        answer = await ask(gateway, path)

    assert answer.status == 429
    assert b"throttlingException: Too many requests" in answer.body


@both
async def test_an_exception_after_the_first_word_ends_the_stream_with_an_error(
    upstream: FaultUpstream, path: str
) -> None:
    upstream.script(frames(*FRAMES[:2], THROTTLED))
    async with served(config(upstream.url)) as gateway:
        answer = await ask(gateway, path)
        (line,) = gateway.log.requests

    assert text_of(path, answer) == "Grüße"
    assert "error" in events_of(answer)[-1]
    assert (b"[DONE]" in answer.body, b"message_stop" in answer.body) == (False, False)
    assert line["outcome"] == "stream_cut"


@both
@pytest.mark.parametrize("then", [CHUNKS_END, CLOSE], ids=["ended", "closed"])
async def test_a_stream_without_its_end_is_told_to_be_cut(upstream: FaultUpstream, path: str, then: Behaviour) -> None:
    upstream.script(frames(*FRAMES[:3], FRAMES[4][:-5], then=then))
    async with served(config(upstream.url)) as gateway:
        answer = await ask(gateway, path)
        (line,) = gateway.log.requests

    assert "error" in events_of(answer)[-1]
    assert line["outcome"] == "stream_cut"


@both
async def test_usage_may_be_missing_at_the_end(upstream: FaultUpstream, path: str) -> None:
    upstream.script(frames(*FRAMES[:5]))
    async with served(config(upstream.url)) as gateway:
        answer = await ask(gateway, path)
        (line,) = gateway.log.requests

    assert text_of(path, answer) == "Grüße 🦜"
    assert line["outcome"] == "ok"


@both
async def test_a_broken_frame_is_a_broken_stream(upstream: FaultUpstream, path: str) -> None:
    broken = bytearray(FRAMES[2])
    broken[40] ^= 1
    upstream.script(frames(*FRAMES[:2], bytes(broken), *FRAMES[3:]))
    async with served(config(upstream.url)) as gateway:
        answer = await ask(gateway, path)

    assert "error" in events_of(answer)[-1]


async def test_the_class_of_an_error_is_in_a_header(upstream: FaultUpstream) -> None:
    named = {"x-amzn-errortype": "ModelErrorException:http://internal.amazon.com/coral/"}
    whole = {"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn"}
    upstream.script(json_answer({"message": "no"}, 424, named), json_answer(whole))
    async with served(config(upstream.url)) as gateway:
        answer = await ask(gateway, CHAT, stream=False)
        (line,) = gateway.log.requests

    assert answer.json["choices"][0]["message"]["content"] == "Hi"
    assert [attempt["class"] for attempt in line["attempts"]] == ["server_error", "ok"]


@pytest.mark.parametrize(
    ("model", "escaped"), [(MODEL, MODEL.replace(":", "%3A")), (ARN, ESCAPED)], ids=["model", "arn"]
)
async def test_the_model_is_a_part_of_the_path(upstream: FaultUpstream, model: str, escaped: str) -> None:
    upstream.script(json_answer({"message": "no"}, 400))
    async with served(config(upstream.url, model=model)) as gateway:
        await ask(gateway, CHAT, stream=False)
        await ask(gateway, CHAT, stream=True)
    sent = [exchange.request for exchange in upstream.exchanges]

    assert [one.path for one in sent] == [f"/model/{escaped}/converse", f"/model/{escaped}/converse-stream"]
    assert {one.header("authorization") for one in sent} == {"Bearer k-aws"}
    assert sent[0].json == {"messages": [{"role": "user", "content": [{"text": "Say hello"}]}]}


# Claude behind InvokeModel.


async def test_claudes_callers_are_forwarded_unknown_fields_and_events_included(upstream: FaultUpstream) -> None:
    upstream.script(frames(*INVOKED))
    async with served(config(upstream.url, row="bedrock-invoke")) as gateway:
        answer = await ask(gateway, MESSAGES, anthropic_beta="one-1,two-2")
        (line,) = gateway.log.requests
    (exchange,) = upstream.exchanges
    plain = {name: value for name, value in body_of(MESSAGES).items() if name not in ("model", "stream")}

    assert exchange.request.path.endswith("/invoke-with-response-stream")
    assert exchange.request.json == {
        **plain,
        "anthropic_version": "bedrock-2023-05-31",
        "anthropic_beta": ["one-1", "two-2"],
    }
    assert exchange.request.header("anthropic-beta") is None
    assert text_of(MESSAGES, answer) == "Grüße"
    assert events_of(answer)[2]["new_field"] == {"a": 1}
    assert counted(line) == ("ok", 3, 0, 2)


async def test_others_are_translated_to_claude(upstream: FaultUpstream) -> None:
    upstream.script(frames(*INVOKED))
    async with served(config(upstream.url, row="bedrock-invoke")) as gateway:
        answer = await ask(gateway, CHAT)

    assert text_of(CHAT, answer) == "Grüße"
    assert answer.body.endswith(b"data: [DONE]\n\n")


@both
async def test_an_exception_amid_invoked_claude_is_an_error_of_the_callers_dialect(
    upstream: FaultUpstream, path: str
) -> None:
    upstream.script(frames(*INVOKED[:3], THROTTLED))
    async with served(config(upstream.url, row="bedrock-invoke")) as gateway:
        answer = await ask(gateway, path)
        (line,) = gateway.log.requests

    assert "throttlingException: Too many requests" in events_of(answer)[-1]["error"]["message"]
    assert line["outcome"] == "stream_cut"


async def test_the_model_of_another_vendor_is_refused_with_a_hint(upstream: FaultUpstream) -> None:
    async with served(config(upstream.url, row="bedrock-invoke", model="amazon.titan-text-lite-v1")) as gateway:
        answer = await ask(gateway, CHAT)

    assert answer.status == 400
    assert b"called as bedrock/amazon.titan-text-lite-v1" in answer.body
