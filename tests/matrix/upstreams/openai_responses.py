"""A provider of OpenAI Responses: items and their events, as recorded."""

import json
from collections.abc import Iterator
from typing import Any

from tests.matrix.words import FILTER, INPUT_TOKENS, LENGTH, OUTPUT_TOKENS, Got, Reply
from tests.partners.bodies import sse_event

USAGE = {
    "input_tokens": INPUT_TOKENS,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": OUTPUT_TOKENS,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
}
INCOMPLETE = {LENGTH: "max_output_tokens", FILTER: "content_filter"}
HEAD = {
    "id": "resp_partner",
    "object": "response",
    "created_at": 1_700_000_000,
    "error": None,
    "instructions": None,
    "metadata": {},
    "model": "partner-1",
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
}


def whole(reply: Reply) -> dict[str, Any]:
    return {**HEAD, **_end(reply), "output": list(_items(reply)), "usage": USAGE}


def events(reply: Reply) -> list[bytes]:
    begun = {**HEAD, "status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    told = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        *(event for place, item in enumerate(_items(reply)) for event in _item_events(place, item, reply)),
        {
            "type": "response.incomplete" if reply.finish in INCOMPLETE else "response.completed",
            "response": whole(reply),
        },
    ]
    return [sse_event({**event, "sequence_number": number}, event["type"]) for number, event in enumerate(told)]


def broken(reply: Reply, message: str) -> list[bytes]:
    """Before the text is whole: an error, and then once more as the end of the response."""
    told = events(reply)
    last = max(place for place, event in enumerate(told) if b".delta" in event)
    failed = {**HEAD, "status": "failed", "error": {"code": "server_error", "message": message}, "output": []}
    error = {"type": "error", "code": "server_error", "message": message, "param": None, "sequence_number": 90}
    end = {"type": "response.failed", "sequence_number": 91, "response": failed}
    return [*told[: last + 1], sse_event(error, "error"), sse_event(end, "response.failed")]


def refused(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "requests", "param": None, "code": "rate_limit_exceeded"}}


def read(body: dict[str, Any]) -> Got:
    got = Got(
        system=body.get("instructions") or "",
        schema=((body.get("text") or {}).get("format") or {}).get("schema"),
        tools={tool["name"]: tool["parameters"] for tool in body.get("tools") or []},
        thinks=((body.get("reasoning") or {}).get("effort") or "none") != "none",
        max_tokens=body.get("max_output_tokens"),
        stream=bool(body.get("stream")),
    )
    said = body["input"]
    for item in [{"role": "user", "content": said}] if isinstance(said, str) else said:
        _read_item(got, item)
    return got


def _read_item(got: Got, item: dict[str, Any]) -> None:
    match item.get("type", "message"):
        case "function_call":
            got.calls.append((item["call_id"], item["name"]))
        case "function_call_output":
            got.results.append((item["call_id"], _text(item["output"])))
        case "reasoning":
            got.signatures += [item["encrypted_content"]] if item.get("encrypted_content") else []
        case "message" if item["role"] in ("system", "developer"):
            got.system += _text(item["content"])
        case "message" if item["role"] == "user":
            got.prompts.append(_text(item["content"]))
            parts = item["content"] if isinstance(item["content"], list) else []
            urls = [part["image_url"] for part in parts if part["type"] == "input_image"]
            got.images += [(url[5:].partition(";")[0], url.partition("base64,")[2]) for url in urls]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _items(reply: Reply) -> Iterator[dict[str, Any]]:
    if reply.thoughts:
        summary = [{"type": "summary_text", "text": reply.thoughts}]
        yield {"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": reply.signature or None}
    if reply.text or reply.refusal:
        parts = []
        if reply.text:
            parts.append({"type": "output_text", "text": reply.text, "annotations": []})
        if reply.refusal:
            parts.append({"type": "refusal", "refusal": reply.refusal})
        yield {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": parts}
    for call in reply.calls:
        arguments = json.dumps(call.arguments)
        told = {"call_id": call.id, "name": call.name, "arguments": arguments, "status": "completed"}
        yield {"id": f"fc_{call.id}", "type": "function_call", **told}


def _item_events(place: int, item: dict[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    at = {"output_index": place, "item_id": item["id"]}
    kind = item["type"]
    empty: dict[str, Any] = (
        {"content": []} if kind == "message" else {"arguments": ""} if kind == "function_call" else {"summary": []}
    )
    yield {
        "type": "response.output_item.added",
        "output_index": place,
        "item": {**item, **empty, "status": "in_progress"},
    }
    if kind == "function_call":
        yield {"type": "response.function_call_arguments.delta", **at, "delta": item["arguments"]}
        yield {
            "type": "response.function_call_arguments.done",
            **at,
            "arguments": item["arguments"],
            "name": item["name"],
        }
    elif kind == "reasoning":
        at = {**at, "summary_index": 0}
        yield {"type": "response.reasoning_summary_part.added", **at, "part": {"type": "summary_text", "text": ""}}
        yield {"type": "response.reasoning_summary_text.delta", **at, "delta": reply.thoughts}
        yield {"type": "response.reasoning_summary_text.done", **at, "text": reply.thoughts}
        yield {"type": "response.reasoning_summary_part.done", **at, "part": item["summary"][0]}
    else:
        for number, part in enumerate(item["content"]):
            yield from _part_events({**at, "content_index": number}, part, reply)
    yield {"type": "response.output_item.done", "output_index": place, "item": item}


def _part_events(at: dict[str, Any], part: dict[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    is_text = part["type"] == "output_text"
    name, field = ("output_text", "text") if is_text else ("refusal", "refusal")
    yield {"type": "response.content_part.added", **at, "part": {**part, field: ""}}
    for piece in reply.pieces if is_text else [reply.refusal]:
        yield {"type": f"response.{name}.delta", **at, "delta": piece, **({"logprobs": []} if is_text else {})}
    yield {"type": f"response.{name}.done", **at, field: part[field], **({"logprobs": []} if is_text else {})}
    yield {"type": "response.content_part.done", **at, "part": part}


def _end(reply: Reply) -> dict[str, Any]:
    reason = INCOMPLETE.get(reply.finish)
    if reason is None:
        return {"status": "completed", "incomplete_details": None}
    return {"status": "incomplete", "incomplete_details": {"reason": reason}}
