"""Bedrock's Converse, folded: a message at once, or the frames of ConverseStream."""

import json
from collections.abc import Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import FILTER, LENGTH, STOP, TOOLS, Counted, Told

FINISHES = {
    "end_turn": STOP,
    "stop_sequence": STOP,
    "max_tokens": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "tool_use": TOOLS,
    "guardrail_intervened": FILTER,
    "content_filtered": FILTER,
}


def fold(frames: Sequence[Frame]) -> Told:
    told = Told()
    foreign: set[int] = set()
    for frame in frames:
        data = frame.data
        match frame.name:
            case "contentBlockStart":
                _open(told, data["contentBlockIndex"], data["start"], foreign)
            case "contentBlockDelta":
                _go_on(told, data["contentBlockIndex"], data["delta"], foreign)
            case "messageStop":
                told.finish, told.is_whole = FINISHES.get(data["stopReason"], STOP), True
            case "metadata":
                told.usage = count(data.get("usage"))
            case name if "xception" in name:
                told.error = data.get("message") or name
                break
    return told


def read(body: Any) -> Told:
    told = Told(is_whole=True, usage=count(body.get("usage")))
    foreign: set[int] = set()
    for place, block in enumerate(body["output"]["message"].get("content") or []):
        if "toolUse" in block:
            _open(told, place, block, foreign)
            if place not in foreign:
                told.call(place)[2] = json.dumps(block["toolUse"].get("input") or {})
        elif "reasoningContent" in block:
            reasoning = block["reasoningContent"]
            told.reasoning += (reasoning.get("reasoningText") or {}).get("text") or ""
            told.is_opaque = True
        elif "citationsContent" in block:
            told.text += "".join(part.get("text") or "" for part in block["citationsContent"].get("content") or [])
        else:
            _go_on(told, place, block, foreign)
    told.finish = FINISHES.get(body.get("stopReason") or "", STOP)
    return told


def _open(told: Told, place: int, start: dict[str, Any], foreign: set[int]) -> None:
    """Calls of the service's own tools are not for the client to answer."""
    call = start.get("toolUse")
    if call is None or "server" in (call.get("type") or ""):
        foreign.add(place)
        told.is_opaque = True
    else:
        told.call(place)[:] = [call["toolUseId"], call["name"], ""]


def _go_on(told: Told, place: int, delta: dict[str, Any], foreign: set[int]) -> None:
    if "text" in delta:
        told.text += delta["text"]
    elif "reasoningContent" in delta:
        told.reasoning += delta["reasoningContent"].get("text") or ""
        told.is_opaque = told.is_opaque or "text" not in delta["reasoningContent"]
    elif "toolUse" in delta and place not in foreign:
        told.call(place)[2] += delta["toolUse"].get("input") or ""
    else:
        told.is_opaque = True


def count(usage: Any) -> Counted | None:
    """What was cached stands beside the input."""
    if not usage:
        return None
    read = usage.get("cacheReadInputTokens") or usage.get("cacheReadInputTokenCount") or 0
    written = usage.get("cacheWriteInputTokens") or usage.get("cacheWriteInputTokenCount") or 0
    return Counted((usage.get("inputTokens") or 0) + read + written, usage.get("outputTokens") or 0, read)
