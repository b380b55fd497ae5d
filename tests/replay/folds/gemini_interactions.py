"""Google's Interactions, folded: steps, of which a call is one and what the model says another."""

import json
from collections.abc import Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import LENGTH, STOP, TOOLS, Counted, Told

ENDS = {"completed", "requires_action", "incomplete"}


def fold(frames: Sequence[Frame]) -> Told:
    told = Told()
    for frame in frames:
        if isinstance(frame.data, dict):
            _take(told, frame.data)
        if told.error:
            break
    return told


def read(body: Any) -> Told:
    told = Told()
    for place, step in enumerate(body.get("steps") or []):
        _take_step(told, place, step)
        if step["type"] == "function_call":
            told.call(place)[2] = json.dumps(step.get("arguments") or {})
        for part in step.get("content") or []:
            told.text += part.get("text") or ""
    _take_end(told, body)
    return told


def _take(told: Told, data: dict[str, Any]) -> None:
    match data.get("event_type"):
        case "step.start":
            _take_step(told, data["index"], data["step"])
        case "step.delta":
            _take_delta(told, data["index"], data["delta"])
        case "interaction.completed":
            _take_end(told, data["interaction"])
        case "error":
            told.error = (data.get("error") or {}).get("message") or "error"


def _take_step(told: Told, place: int, step: dict[str, Any]) -> None:
    if step["type"] == "function_call":
        told.call(place)[:] = [step.get("id") or "", step["name"], ""]
    elif step["type"] != "model_output":
        told.is_opaque = True


def _take_delta(told: Told, place: int, delta: dict[str, Any]) -> None:
    match delta["type"]:
        case "text" | "text_delta":
            told.text += delta["text"]
        case "arguments_delta":
            told.call(place)[2] += delta["arguments"]
        case _:
            told.is_opaque = True


def _take_end(told: Told, interaction: dict[str, Any]) -> None:
    status = interaction.get("status")
    told.is_whole = status in ENDS
    told.finish = LENGTH if status == "incomplete" else TOOLS if told.calls else STOP
    usage = interaction.get("usage") or {}
    asked = (usage.get("total_input_tokens") or 0) + (usage.get("total_tool_use_tokens") or 0)
    answered = (usage.get("total_output_tokens") or 0) + (usage.get("total_thought_tokens") or 0)
    told.usage = Counted(asked, answered, usage.get("total_cached_tokens") or 0) if usage else None
