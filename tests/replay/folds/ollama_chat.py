"""Ollama's own chat, folded: lines of JSON, of which the last one counts."""

import json
from collections.abc import Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import LENGTH, STOP, TOOLS, Counted, Told


def fold(frames: Sequence[Frame]) -> Told:
    told = Told()
    for frame in frames:
        _take(told, frame.data)
        if told.error:
            break
    return told


def read(body: Any) -> Told:
    told = Told()
    _take(told, body)
    return told


def _take(told: Told, line: dict[str, Any]) -> None:
    if line.get("error"):
        told.error = line["error"]
        return
    message = line.get("message") or {}
    told.text += message.get("content") or ""
    told.reasoning += message.get("thinking") or ""
    for call in message.get("tool_calls") or []:
        function = call["function"]
        told.call(len(told.calls))[:] = [call.get("id") or "", function["name"], json.dumps(function["arguments"])]
    if line.get("done"):
        told.is_whole = True
        told.finish = LENGTH if line.get("done_reason") == "length" else TOOLS if told.calls else STOP
        told.usage = Counted(line.get("prompt_eval_count") or 0, line.get("eval_count") or 0)
