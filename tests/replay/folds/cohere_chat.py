"""Cohere's chat, version 2, folded. A plan for tools is a thought."""

from collections.abc import Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import FILTER, LENGTH, STOP, TOOLS, Counted, Told

FINISHES = {"COMPLETE": STOP, "STOP_SEQUENCE": STOP, "MAX_TOKENS": LENGTH, "TOOL_CALL": TOOLS, "ERROR_TOXIC": FILTER}


def fold(frames: Sequence[Frame]) -> Told:
    told = Told()
    for frame in frames:
        if isinstance(frame.data, dict):
            _take(told, frame.data)
        if told.error:
            break
    return told


def read(body: Any) -> Told:
    told = Told(is_whole=True)
    message = body["message"]
    told.reasoning += message.get("tool_plan") or ""
    for part in message.get("content") or []:
        _take_part(told, part)
    for place, call in enumerate(message.get("tool_calls") or []):
        _take_call(told, place, call)
    _take_end(told, body)
    return told


def _take(told: Told, data: dict[str, Any]) -> None:
    delta = data.get("delta") or {}
    message = delta.get("message") or {}
    match data.get("type"):
        case "tool-plan-delta":
            told.reasoning += message["tool_plan"]
        case "content-start" | "content-delta":
            _take_part(told, message["content"])
        case "tool-call-start" | "tool-call-delta":
            _take_call(told, data.get("index"), message["tool_calls"])
        case "citation-start":
            told.is_opaque = True
        case "message-end":
            told.is_whole = True
            _take_end(told, delta)


def _take_part(told: Told, part: dict[str, Any]) -> None:
    told.text += part.get("text") or ""
    told.reasoning += part.get("thinking") or ""


def _take_call(told: Told, place: Any, piece: dict[str, Any]) -> None:
    call = told.call(place)
    call[0] = call[0] or piece.get("id") or ""
    call[1] = call[1] or piece["function"].get("name") or ""
    call[2] += piece["function"].get("arguments") or ""


def _take_end(told: Told, end: dict[str, Any]) -> None:
    told.finish = FINISHES.get(end.get("finish_reason") or "", STOP)
    if end.get("finish_reason") == "ERROR":
        told.error = end.get("error") or "error"
    told.usage = count(end.get("usage"))


def count(usage: Any) -> Counted | None:
    """What was read and written, template and tools included; what is billed is another count."""
    if not usage:
        return None
    tokens = usage.get("tokens") or usage.get("billed_units") or {}
    cached = int(usage.get("cached_tokens") or 0)
    return Counted(int(tokens.get("input_tokens") or 0), int(tokens.get("output_tokens") or 0), cached)
