"""A provider of OpenAI Chat Completions: its answers as recorded, with `reasoning_content` as DeepSeek sends it."""

import json
from typing import Any

from tests.matrix.words import FILTER, INPUT_TOKENS, LENGTH, OUTPUT_TOKENS, STOP, TOOLS, Got, Reply
from tests.partners.bodies import DONE, sse_event

FINISHES = {STOP: "stop", LENGTH: "length", TOOLS: "tool_calls", FILTER: "content_filter"}
USAGE = {
    "prompt_tokens": INPUT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}
HEAD = {"id": "chatcmpl-partner", "created": 1_700_000_000, "model": "partner-1"}


def whole(reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": reply.refusal or None}
    if reply.thoughts:
        message["reasoning_content"] = reply.thoughts
    if reply.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": _function(call)} for call in reply.calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}
    return {**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE}


def events(reply: Reply) -> list[bytes]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None if reply.calls else "", "refusal": None}]
    deltas += [{"reasoning_content": piece} for piece in reply.thoughts.partition(" ") if piece]
    deltas += [{"content": piece} for piece in reply.pieces]
    deltas += [{"refusal": reply.refusal}] if reply.refusal else []
    for place, call in enumerate(reply.calls):
        function = _function(call)
        head = {"index": place, "id": call.id, "type": "function", "function": {**function, "arguments": ""}}
        middle = len(function["arguments"]) // 2
        pieces = (function["arguments"][:middle], function["arguments"][middle:])
        deltas += [{"tool_calls": [head]}]
        deltas += [{"tool_calls": [{"index": place, "function": {"arguments": piece}}]} for piece in pieces]
    chunks = [_chunk(delta, None) for delta in deltas]
    usage = {**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": USAGE}
    return [*map(sse_event, chunks), sse_event(_chunk({}, _finish(reply))), sse_event(usage), DONE]


def broken(reply: Reply, message: str) -> list[bytes]:
    """The end is left out, and Groq's error put there."""
    error = {"error": {"message": message, "type": "server_error", "code": "500"}}
    return [*events(reply)[:-3], sse_event(error, "error")]


def refused(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "requests", "param": None, "code": "rate_limit_exceeded"}}


def read(body: dict[str, Any]) -> Got:
    schema = (body.get("response_format") or {}).get("json_schema") or {}
    got = Got(
        schema=schema.get("schema"),
        tools={tool["function"]["name"]: tool["function"].get("parameters") for tool in body.get("tools") or []},
        thinks=(body.get("reasoning_effort") or "none") != "none",
        stop=[body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop") or [],
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        stream=bool(body.get("stream")),
    )
    for message in body["messages"]:
        _read_message(got, message)
    return got


def _read_message(got: Got, message: dict[str, Any]) -> None:
    content = message.get("content") or ""
    parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    text = "".join(part.get("text", "") for part in parts if part["type"] == "text")
    match message["role"]:
        case "system" | "developer":
            got.system += text
        case "user":
            got.prompts.append(text)
            urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
            got.images += [(url[5:].partition(";")[0], url.partition("base64,")[2]) for url in urls]
        case "assistant":
            got.calls += [(call["id"], call["function"]["name"]) for call in message.get("tool_calls") or []]
        case "tool":
            got.results.append((message.get("tool_call_id") or "", text))


def _chunk(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice], "usage": None}


def _function(call: Any) -> dict[str, Any]:
    return {"name": call.name, "arguments": json.dumps(call.arguments)}


def _finish(reply: Reply) -> str:
    """A refusal in words ends with `stop`."""
    return "stop" if reply.refusal else FINISHES[reply.finish]
