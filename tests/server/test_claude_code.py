"""What Claude Code sends reaches an Anthropic upstream unchanged, and its count of tokens is answered."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from llmgw.chat.signatures import ANTHROPIC, GOOGLE, seal
from tests.conformance.traffic import OPEN, recordings
from tests.dialects.anthropic_messages.wire import PING, STOP, TEXT, ending, start
from tests.partners.behaviours import body_answer, event_stream, json_answer
from tests.partners.bodies import chat_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client
from tests.served import Served, served

MESSAGES = "/v1/messages?beta=true"
COUNT = "/v1/messages/count_tokens?beta=true"
MARK = {"type": "ephemeral", "ttl": "1h"}
BETAS = "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,effort-2025-11-24"
HEADERS = {"anthropic-beta": BETAS, "anthropic-version": "2023-01-01", "x-app": "cli", "authorization": "Bearer any"}
SENT: dict[str, Any] = {
    "model": "claude",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "<system-reminder>\nToday is the 1st of M\u00e4rz\n</system-reminder>"},
                {"type": "text", "text": "What is the weather?", "cache_control": MARK},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
                {"type": "tool_use", "id": "toolu_1", "name": "Weather", "input": {"city": "K\u00f6ln", "n": 1.50}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}]},
    ],
    "system": [
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.113.92d; cc_entrypoint=cli; cch=aeff9;"},
        {"type": "text", "text": "You are a Claude agent.", "cache_control": MARK},
        {"type": "text", "text": "Use the tools.", "cache_control": MARK},
    ],
    "tools": [{"name": "Weather", "input_schema": {"type": "object", "$schema": "x"}, "cache_control": MARK}],
    "metadata": {"user_id": "user_0f_account__session_1"},
    "max_tokens": 32000,
    "thinking": {"type": "adaptive"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "output_config": {"effort": "medium"},
    "stream": True,
}
STREAM = [start(), PING, *TEXT, ending(), STOP]


def written(body: dict[str, Any]) -> bytes:
    """As JavaScript writes it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


@asynccontextmanager
async def gateway_for(upstream: FaultUpstream) -> AsyncIterator[Served]:
    config = f"""
        defaults: {{retry: {{attempts: 1}}}}
        providers:
          anthropic: {{base_url: "{upstream.url}/v1", api_key: k-anthropic}}
          openai: {{base_url: "{upstream.url}/v1", api_key: k-openai}}
        models:
          claude: anthropic/claude-sonnet-4-6
          preset: {{target: anthropic/claude-up, set: {{temperature: 1, system: Be brief}}, drop: [context_management]}}
          gpt: openai/gpt-up
          "claude-*": anthropic/claude-*
        routes: {{either: {{fallback: [gpt, claude]}}}}
    """
    async with served(config) as gateway:
        yield gateway


async def posted(gateway: Served, path: str, body: bytes) -> RawAnswer:
    async with raw_client(gateway.url) as client:
        await client.post(path, body, HEADERS)
        return await client.read_answer()


# Answers.


async def test_a_request_arrives_byte_for_byte_but_for_the_models_name(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(STREAM))
    async with gateway_for(upstream) as gateway:
        answer = await posted(gateway, MESSAGES, written(SENT))
    (request,) = upstream.requests

    assert request.body == written({**SENT, "model": "claude-sonnet-4-6"})
    assert answer.body == b"".join(STREAM)
    assert request.path == MESSAGES
    assert request.header("anthropic-beta") == BETAS
    assert request.header("anthropic-version") == "2023-01-01"
    assert request.header("x-api-key") == "k-anthropic"
    assert [request.header(name) for name in ("authorization", "x-app")] == [None, None]


async def test_a_recorded_request_arrives_byte_for_byte(upstream: FaultUpstream) -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: real traffic of Claude Code is NOT tested (set LLMGW_TRAFFIC)")
    recording = next(one for one in recordings() if one["id"] == "anthropic-86a3d4e7d43c")
    upstream.script(event_stream(STREAM))
    async with gateway_for(upstream) as gateway, raw_client(gateway.url) as client:
        sent = {**recording["request_body"], "model": "claude"}
        headers = {"anthropic-beta": recording["request_headers"]["anthropic-beta"]}
        query = "&".join(f"{name}={value}" for name, value in recording["query"])
        await client.post(f"/v1/messages?{query}", written(sent), headers)
        await client.read_answer()
    (request,) = upstream.requests

    assert request.body == written(recording["request_body"])
    assert request.path == "/v1/messages?beta=true"
    assert request.header("anthropic-beta") == recording["request_headers"]["anthropic-beta"]
    assert request.header("anthropic-version") == "2023-06-01"  # where the caller names none


async def test_of_the_query_nothing_else_goes_on_and_nothing_to_another_dialect(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(STREAM), json_answer(chat_answer()))
    async with gateway_for(upstream) as gateway:
        await posted(gateway, "/v1/messages?key=secret&beta=true&x=1", written(SENT))
        await posted(gateway, MESSAGES, written({**SENT, "model": "gpt", "stream": False, "output_config": None}))

    assert [request.path for request in upstream.requests] == ["/v1/messages?beta=true", "/v1/chat/completions"]
    assert upstream.requests[1].header("anthropic-beta") is None


async def test_thoughts_that_we_have_sealed_do_not_reach_anthropic(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(STREAM))
    sealed = {"type": "thinking", "thinking": "Hm", "signature": seal(GOOGLE, "proof", ANTHROPIC)}
    said = {"role": "assistant", "content": [sealed, {"type": "text", "text": "Hi"}]}
    sent = {**SENT, "messages": [SENT["messages"][0], said, SENT["messages"][0]]}
    async with gateway_for(upstream) as gateway:
        await posted(gateway, MESSAGES, written(sent))
    messages = upstream.requests[0].json["messages"]

    assert messages == [sent["messages"][0], {**said, "content": said["content"][1:]}, sent["messages"][2]]


# Counts.


COUNTED = {name: SENT[name] for name in ("model", "messages", "system", "tools", "thinking")}


async def test_tokens_are_counted_by_who_would_answer(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({"input_tokens": 2095}))
    async with gateway_for(upstream) as gateway:
        answer = await posted(gateway, COUNT, written(COUNTED))
        lines = gateway.log.requests
    (request,) = upstream.requests

    assert (answer.status, answer.json, answer.headers.get("x-llmgw-estimated")) == (200, {"input_tokens": 2095}, None)
    assert (request.path, request.header("anthropic-beta")) == (COUNT, BETAS)
    assert request.body == written({**COUNTED, "model": "claude-sonnet-4-6"})
    assert [(line["endpoint"], line["target"], line["outcome"]) for line in lines] == [("count_tokens", "claude", "ok")]


async def test_a_count_follows_the_route_to_the_first_that_counts(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({"input_tokens": 3}))
    async with gateway_for(upstream) as gateway:
        either = await posted(gateway, COUNT, written({**COUNTED, "model": "either"}))
        pattern = await posted(gateway, COUNT, written({**COUNTED, "model": "claude-opus-4-8"}))

    assert (either.headers["x-llmgw-target"], pattern.json) == ("claude", {"input_tokens": 3})
    assert [request.json["model"] for request in upstream.requests] == ["claude-sonnet-4-6", "claude-opus-4-8"]


async def test_only_what_belongs_to_the_prompt_is_set_in_a_count(upstream: FaultUpstream) -> None:
    upstream.script(json_answer({"input_tokens": 3}))
    async with gateway_for(upstream) as gateway:
        answer = await posted(gateway, COUNT, written({**COUNTED, "model": "preset", "context_management": {}}))

    assert upstream.requests[0].json == {**COUNTED, "model": "claude-up", "system": "Be brief"}
    assert answer.headers["x-llmgw-dropped"] == "context_management"


async def test_where_nobody_counts_it_is_estimated_and_says_so(upstream: FaultUpstream) -> None:
    text = "four " * 1000
    async with gateway_for(upstream) as gateway:
        sent = {"model": "gpt", "messages": [{"role": "user", "content": text}]}
        answer = await posted(gateway, COUNT, written(sent))
        lines = gateway.log.requests

    assert (answer.status, answer.headers["x-llmgw-estimated"], upstream.requests) == (200, "tokens", [])
    assert answer.json["input_tokens"] == pytest.approx(1000, rel=0.2)
    assert lines[0]["outcome"] == "ok"


async def test_a_provider_without_a_call_for_counts_is_as_one_that_does_not_count(upstream: FaultUpstream) -> None:
    upstream.script(body_answer(404, b"Not Found", {"content-type": "text/plain"}))
    async with gateway_for(upstream) as gateway:
        answer = await posted(gateway, COUNT, written(COUNTED))

    assert (answer.status, answer.headers["x-llmgw-estimated"], len(upstream.requests)) == (200, "tokens", 1)
    assert (answer.headers["x-llmgw-attempts"], answer.headers.get("x-llmgw-target")) == ("1", None)
    assert answer.json["input_tokens"] > 0


async def test_what_is_wrong_with_a_count_is_told_as_with_an_answer(upstream: FaultUpstream) -> None:
    error = b'{"type":"error","error":{"type":"invalid_request_error","message":"messages: no"}}'
    upstream.script(body_answer(400, error, {"content-type": "application/json"}), json_answer({"input": 3}))
    async with gateway_for(upstream) as gateway:
        refused = await posted(gateway, COUNT, written(COUNTED))
        odd = await posted(gateway, COUNT, written(COUNTED))
        unknown = await posted(gateway, COUNT, written({**COUNTED, "model": "nobody"}))
        broken = await posted(gateway, COUNT, b"{")

    assert (refused.status, refused.body) == (400, error)
    assert [one.status for one in (odd, unknown, broken)] == [502, 404, 400]
    assert {one.json["type"] for one in (odd, unknown, broken)} == {"error"}
