"""Anthropic Messages, folded; Claude on Bedrock's InvokeModel too, whose frames hold the same events."""

import json
from collections.abc import Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import FILTER, LENGTH, PAUSE, STOP, TOOLS, Counted, Told

FINISHES = {
    "end_turn": STOP,
    "stop_sequence": STOP,
    "max_tokens": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "tool_use": TOOLS,
    "refusal": FILTER,
    "pause_turn": PAUSE,
}


def fold(frames: Sequence[Frame]) -> Told:
    told = Told()
    usage: dict[str, Any] = {}
    kinds: dict[int, str] = {}
    for frame in frames:
        if isinstance(frame.data, dict):
            _take(told, usage, kinds, frame.data, frame.name)
        if told.error or (frame.data or {}).get("type") == "message_stop":
            break
    told.usage = count(usage)
    return told


def read(body: Any) -> Told:
    told = Told(is_whole=True, usage=count(body.get("usage")))
    if body.get("type") == "error":
        told.error = body["error"]["message"]
    for place, block in enumerate(body.get("content") or []):
        _open(told, place, block)
        if block["type"] == "tool_use":
            told.call(place)[2] = _text_of(block.get("input"))
    told.finish = FINISHES.get(body.get("stop_reason") or "", STOP)
    return told


def _take(told: Told, usage: dict[str, Any], kinds: dict[int, str], data: dict[str, Any], name: str) -> None:
    match data.get("type"):
        case "message_start":
            usage.update(data["message"].get("usage") or {})
        case "content_block_start":
            kinds[data["index"]] = data["content_block"]["type"]
            _open(told, data["index"], data["content_block"])
        case "content_block_delta":
            _go_on(told, data["index"], data["delta"], kinds.get(data["index"], ""))
        case "message_delta":
            usage.update({name: value for name, value in (data.get("usage") or {}).items() if value is not None})
            reason = data["delta"].get("stop_reason")
            if reason:
                told.finish, told.is_whole = FINISHES.get(reason, STOP), True
        case "message_stop":
            told.is_whole = True
        case "error":
            told.error = data["error"].get("message") or "error"
        case None if "xception" in name:
            told.error = data.get("message") or name


def _open(told: Told, place: int, block: dict[str, Any]) -> None:
    match block["type"]:
        case "text":
            told.text += block.get("text") or ""
        case "thinking":
            told.reasoning += block.get("thinking") or ""
            told.is_opaque = told.is_opaque or bool(block.get("signature"))
        case "tool_use":
            told.call(place)[:] = [block["id"], block["name"], _text_of(block.get("input"))]
        case _:
            told.is_opaque = True


def _go_on(told: Told, place: int, delta: dict[str, Any], kind: str) -> None:
    match delta["type"]:
        case "text_delta":
            told.text += delta["text"]
        case "thinking_delta":
            told.reasoning += delta["thinking"]
        case "input_json_delta" if kind == "tool_use":
            call = told.call(place)
            call[2] = ("" if call[2] == "{}" and delta["partial_json"] else call[2]) + delta["partial_json"]
        case _:
            told.is_opaque = True


def _text_of(value: Any) -> str:
    return json.dumps(value) if value else "{}"


def count(usage: Any) -> Counted | None:
    """What was cached, read or written, stands beside the input."""
    if not usage:
        return None
    read, written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    return Counted((usage.get("input_tokens") or 0) + read + written, usage.get("output_tokens") or 0, read)
