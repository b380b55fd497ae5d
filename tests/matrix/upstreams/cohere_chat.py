"""A provider of Cohere's chat, version 2: its own event names, and OpenAI's end mark behind them."""

import json
from collections.abc import Iterator
from typing import Any

from tests.matrix.words import INPUT_TOKENS, LENGTH, OUTPUT_TOKENS, STOP, TOOLS, Got, Reply
from tests.partners.bodies import DONE, sse_event

FINISHES = {STOP: "COMPLETE", LENGTH: "MAX_TOKENS", TOOLS: "TOOL_CALL"}
TOKENS = {"input_tokens": INPUT_TOKENS, "output_tokens": OUTPUT_TOKENS}
USAGE = {"billed_units": {"input_tokens": 3, "output_tokens": OUTPUT_TOKENS}, "tokens": TOKENS}


def whole(reply: Reply) -> dict[str, Any]:
    content = [{"type": "thinking", "thinking": reply.thoughts}] if reply.thoughts else []
    content += [{"type": "text", "text": reply.text}] if reply.text else []
    message: dict[str, Any] = {"role": "assistant", **({"content": content} if content else {})}
    if reply.calls:
        message["tool_calls"] = [_call(call) for call in reply.calls]
    return {"id": "partner", "message": message, "finish_reason": _finish(reply), "usage": USAGE}


def events(reply: Reply) -> list[bytes]:
    return [*(sse_event(one, one["type"]) for one in _data(reply)), DONE]


def broken(reply: Reply, message: str) -> list[bytes]:
    """The end comes, as an error; the one field for its words is not documented for version 2."""
    end = {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": message, "usage": USAGE}}
    return [*events(reply)[:-3], sse_event(end, "message-end"), DONE]


def refused(message: str) -> dict[str, Any]:
    return {"id": "partner", "message": message}


def read(body: dict[str, Any]) -> Got:
    got = Got(
        schema=(body.get("response_format") or {}).get("json_schema")
        or (body.get("response_format") or {}).get("schema"),
        tools={tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools") or []},
        thinks=(body.get("thinking") or {}).get("type") == "enabled",
        stop=body.get("stop_sequences") or [],
        max_tokens=body.get("max_tokens"),
        stream=bool(body.get("stream")),
    )
    for message in body["messages"]:
        content = message.get("content") or ""
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        _read_message(got, message, parts)
    return got


def _read_message(got: Got, message: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    text = "".join(_text(part) for part in parts)
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
            got.results.append((message["tool_call_id"], text))


def _text(part: dict[str, Any]) -> str:
    if part["type"] == "document":
        return json.dumps(part["document"]["data"])
    return str(part.get("text", ""))


def _data(reply: Reply) -> Iterator[dict[str, Any]]:
    start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield {"type": "message-start", "id": "partner", "delta": {"message": start}}
    contents = [("thinking", [reply.thoughts])] if reply.thoughts else []
    contents += [("text", reply.pieces)] if reply.text else []
    for place, (kind, pieces) in enumerate(contents):
        yield {"type": "content-start", "index": place, "delta": {"message": {"content": {"type": kind, kind: ""}}}}
        for piece in pieces:
            yield {"type": "content-delta", "index": place, "delta": {"message": {"content": {kind: piece}}}}
        yield {"type": "content-end", "index": place}
    for place, call in enumerate(reply.calls):
        told = _call(call)
        empty = {**told, "function": {**told["function"], "arguments": ""}}
        arguments = {"function": {"arguments": told["function"]["arguments"]}}
        yield {"type": "tool-call-start", "index": place, "delta": {"message": {"tool_calls": empty}}}
        yield {"type": "tool-call-delta", "index": place, "delta": {"message": {"tool_calls": arguments}}}
        yield {"type": "tool-call-end", "index": place}
    yield {"type": "message-end", "delta": {"finish_reason": _finish(reply), "usage": USAGE}}


def _call(call: Any) -> dict[str, Any]:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _finish(reply: Reply) -> str:
    return "STOP_SEQUENCE" if reply.stop_sequence else FINISHES[reply.finish]
