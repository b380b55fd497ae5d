"""A provider of Ollama's own chat: lines of JSON, arguments as objects, no end of its own for calls of tools."""

import json
from typing import Any

from tests.matrix.words import INPUT_TOKENS, LENGTH, OUTPUT_TOKENS, Got, Reply

HEAD = {"model": "partner-1", "created_at": "2025-01-01T00:00:00Z"}
COUNTS = {"prompt_eval_count": INPUT_TOKENS, "eval_count": OUTPUT_TOKENS, "total_duration": 1_000_000}


def whole(reply: Reply) -> dict[str, Any]:
    thoughts = {"thinking": reply.thoughts} if reply.thoughts else {}
    calls = {"tool_calls": [_call(call) for call in reply.calls]} if reply.calls else {}
    message = {"role": "assistant", "content": reply.text, **thoughts, **calls}
    return {**HEAD, "message": message, "done": True, "done_reason": _finish(reply), **COUNTS}


def events(reply: Reply) -> list[bytes]:
    messages: list[dict[str, Any]] = [{"thinking": piece} for piece in reply.thoughts.partition(" ") if piece]
    messages += [{"content": piece} for piece in reply.pieces]
    messages += [{"tool_calls": [_call(call)]} for call in reply.calls]
    end = {**_line({"content": ""}), "done": True, "done_reason": _finish(reply), **COUNTS}
    return [*(_bytes(_line(message)) for message in messages), _bytes(end)]


def broken(reply: Reply, message: str) -> list[bytes]:
    return [*events(reply)[:-1], _bytes({"error": message})]


def refused(message: str) -> dict[str, Any]:
    return {"error": message}


def read(body: dict[str, Any]) -> Got:
    """Streaming is the default there; calls have ids only in newer versions, results the name of the tool."""
    settings = body.get("options") or {}
    got = Got(
        schema=body.get("format"),
        tools={tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools") or []},
        thinks=bool(body.get("think")),
        stop=settings.get("stop") or [],
        max_tokens=settings.get("num_predict"),
        stream=body.get("stream", True),
    )
    for message in body["messages"]:
        match message["role"]:
            case "system":
                got.system += message["content"]
            case "user":
                got.prompts.append(message["content"])
                got.images += [("image/png", image) for image in message.get("images") or []]
            case "assistant":
                got.calls += [
                    (call.get("id") or "", call["function"]["name"]) for call in message.get("tool_calls") or []
                ]
            case "tool":
                got.results.append((message.get("tool_call_id") or "", message["content"]))
    return got


def _call(call: Any) -> dict[str, Any]:
    return {"id": call.id, "function": {"name": call.name, "arguments": dict(call.arguments)}}


def _line(message: dict[str, Any]) -> dict[str, Any]:
    return {**HEAD, "message": {"role": "assistant", "content": "", **message}, "done": False}


def _bytes(line: dict[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _finish(reply: Reply) -> str:
    return "length" if reply.finish == LENGTH else "stop"
