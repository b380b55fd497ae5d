"""A provider of Bedrock's Converse: binary frames, usage behind the end, no start for blocks of text."""

import json
from collections.abc import Iterator
from typing import Any

from tests.matrix.words import FILTER, INPUT_TOKENS, LENGTH, OUTPUT_TOKENS, STOP, TOOLS, Got, Reply
from tests.partners.event_stream import event, exception

FINISHES = {STOP: "end_turn", LENGTH: "max_tokens", TOOLS: "tool_use", FILTER: "content_filtered"}
USAGE = {"inputTokens": INPUT_TOKENS, "outputTokens": OUTPUT_TOKENS, "totalTokens": INPUT_TOKENS + OUTPUT_TOKENS}


def whole(reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": list(_blocks(reply))}
    metrics = {"latencyMs": 1}
    return {"output": {"message": message}, "stopReason": _finish(reply), "usage": USAGE, "metrics": metrics}


def events(reply: Reply) -> list[bytes]:
    blocks = [one for place, block in enumerate(_blocks(reply)) for one in _block_events(place, block, reply)]
    stop = event("messageStop", stopReason=_finish(reply))
    return [event("messageStart", role="assistant"), *blocks, stop, event("metadata", usage=USAGE, metrics={})]


def broken(reply: Reply, message: str) -> list[bytes]:
    return [*events(reply)[:-3], exception("modelStreamErrorException", message)]


def refused(message: str) -> dict[str, Any]:
    return {"message": message}


def read(body: dict[str, Any]) -> Got:
    settings = body.get("inferenceConfig") or {}
    extra = body.get("additionalModelRequestFields") or {}
    specs = [tool["toolSpec"] for tool in (body.get("toolConfig") or {}).get("tools") or [] if "toolSpec" in tool]
    got = Got(
        system="".join(block.get("text", "") for block in body.get("system") or []),
        schema=_schema(body),
        tools={spec["name"]: spec["inputSchema"]["json"] for spec in specs},
        thinks=bool(extra.get("thinking") or extra.get("reasoning_config") or extra.get("output_config")),
        stop=settings.get("stopSequences") or [],
        max_tokens=settings.get("maxTokens"),
    )
    for message in body["messages"]:
        for block in message["content"]:
            _read_block(got, block, message["role"])
    return got


def _schema(body: dict[str, Any]) -> Any:
    told = ((body.get("outputConfig") or {}).get("textFormat") or {}).get("structure") or {}
    text = (told.get("jsonSchema") or {}).get("schema")
    return json.loads(text) if isinstance(text, str) else text


def _read_block(got: Got, block: dict[str, Any], role: str) -> None:
    if "text" in block and role == "user":
        got.prompts.append(block["text"])
    elif "image" in block:
        image = block["image"]
        got.images.append((f"image/{image['format']}", image["source"]["bytes"]))
    elif "toolUse" in block:
        got.calls.append((block["toolUse"]["toolUseId"], block["toolUse"]["name"]))
    elif "toolResult" in block:
        result = block["toolResult"]
        texts = [str(part.get("text") or part.get("json") or "") for part in result["content"]]
        got.results.append((result["toolUseId"], "".join(texts)))
    elif "reasoningContent" in block:
        got.signatures.append(block["reasoningContent"]["reasoningText"]["signature"])


def _blocks(reply: Reply) -> Iterator[dict[str, Any]]:
    if reply.thoughts:
        signed = {"signature": reply.signature} if reply.signature else {}
        yield {"reasoningContent": {"reasoningText": {"text": reply.thoughts, **signed}}}
    if reply.text or reply.refusal:
        yield {"text": reply.text + reply.refusal}
    for call in reply.calls:
        yield {"toolUse": {"toolUseId": call.id, "name": call.name, "input": dict(call.arguments)}}


def _block_events(place: int, block: dict[str, Any], reply: Reply) -> Iterator[bytes]:
    at = {"contentBlockIndex": place}
    if "toolUse" in block:
        call = block["toolUse"]
        yield event(
            "contentBlockStart", **at, start={"toolUse": {"toolUseId": call["toolUseId"], "name": call["name"]}}
        )
    for delta in _deltas(block, reply):
        yield event("contentBlockDelta", **at, delta=delta)
    yield event("contentBlockStop", **at)


def _deltas(block: dict[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    if "toolUse" in block:
        text = json.dumps(block["toolUse"]["input"])
        for piece in ("", text[:4], text[4:]):
            yield {"toolUse": {"input": piece}}
    elif "reasoningContent" in block:
        yield {"reasoningContent": {"text": reply.thoughts}}
        if reply.signature:
            yield {"reasoningContent": {"signature": reply.signature}}
    else:
        for piece in [*reply.pieces, *([reply.refusal] if reply.refusal else [])]:
            yield {"text": piece}


def _finish(reply: Reply) -> str:
    return "stop_sequence" if reply.stop_sequence else FINISHES[reply.finish]
