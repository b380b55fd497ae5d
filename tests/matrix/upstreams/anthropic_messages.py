"""A provider of Anthropic Messages: blocks and their events, pings and padding included, as recorded."""

import json
from collections.abc import Iterator
from typing import Any

from tests.matrix.words import FILTER, INPUT_TOKENS, LENGTH, OUTPUT_TOKENS, STOP, TOOLS, Got, Reply
from tests.partners.bodies import sse_event

FINISHES = {STOP: "end_turn", LENGTH: "max_tokens", TOOLS: "tool_use", FILTER: "refusal"}
HEAD = {"id": "msg_partner", "type": "message", "role": "assistant", "model": "claude-partner"}
NO_CACHE = {"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}


def whole(reply: Reply) -> dict[str, Any]:
    usage = {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS, **NO_CACHE}
    return {**HEAD, "content": list(_blocks(reply)), **_end(reply), "usage": usage}


def events(reply: Reply) -> list[bytes]:
    return [sse_event(event, event["type"]) for event in data(reply)]


def data(reply: Reply) -> list[dict[str, Any]]:
    usage = {"input_tokens": INPUT_TOKENS, "output_tokens": 1, **NO_CACHE}
    message: dict[str, Any] = {**HEAD, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    blocks = [event for place, block in enumerate(_blocks(reply)) for event in _block_events(place, block, reply)]
    return [
        {"type": "message_start", "message": message},
        *blocks[:1],
        {"type": "ping"},
        *blocks[1:],
        {"type": "message_delta", "delta": _end(reply), "usage": {"output_tokens": OUTPUT_TOKENS}},
        {"type": "message_stop"},
    ]


def broken(reply: Reply, message: str) -> list[bytes]:
    error = {"type": "error", "error": {"type": "api_error", "message": message}}
    return [*events(reply)[:-3], sse_event(error, "error")]


def refused(message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "rate_limit_error", "message": message}, "request_id": "req_partner"}


def read(body: dict[str, Any]) -> Got:
    got = Got(
        system=_text(body.get("system") or ""),
        schema=((body.get("output_config") or {}).get("format") or body.get("output_format") or {}).get("schema"),
        tools={tool["name"]: tool["input_schema"] for tool in body.get("tools") or []},
        thinks=(body.get("thinking") or {}).get("type") in ("enabled", "adaptive"),
        stop=body.get("stop_sequences") or [],
        max_tokens=body.get("max_tokens"),
        stream=bool(body.get("stream")),
    )
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in blocks:
            _read_block(got, block, message["role"])
    return got


def _read_block(got: Got, block: dict[str, Any], role: str) -> None:
    match block["type"]:
        case "text" if role == "user":
            got.prompts.append(block["text"])
        case "image":
            got.images.append((block["source"]["media_type"], block["source"]["data"]))
        case "tool_use":
            got.calls.append((block["id"], block["name"]))
        case "tool_result":
            got.results.append((block["tool_use_id"], _text(block.get("content") or "")))
        case "thinking":
            got.signatures.append(block["signature"])


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _blocks(reply: Reply) -> Iterator[dict[str, Any]]:
    if reply.thoughts:
        yield {"type": "thinking", "thinking": reply.thoughts, "signature": reply.signature}
    if reply.text or reply.refusal:
        yield {"type": "text", "text": reply.text + reply.refusal}
    for call in reply.calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)}


def _block_events(place: int, block: dict[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    empty: dict[str, dict[str, Any]] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"input": {}},
    }
    yield {"type": "content_block_start", "index": place, "content_block": {**block, **empty[block["type"]]}}
    for delta in _deltas(block, reply):
        yield {"type": "content_block_delta", "index": place, "delta": delta}
    yield {"type": "content_block_stop", "index": place}


def _deltas(block: dict[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    match block["type"]:
        case "text":
            for piece in [*reply.pieces, *([reply.refusal] if reply.refusal else [])]:
                yield {"type": "text_delta", "text": piece}
        case "thinking":
            yield {"type": "thinking_delta", "thinking": block["thinking"]}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case "tool_use":
            text = json.dumps(block["input"])
            for piece in ("", text[:5], text[5:]):
                yield {"type": "input_json_delta", "partial_json": piece}


def _end(reply: Reply) -> dict[str, Any]:
    reason = "stop_sequence" if reply.stop_sequence else FINISHES[reply.finish]
    return {"stop_reason": reason, "stop_sequence": reply.stop_sequence or None}
