"""Gemini and Vertex AI, folded: the first candidate of an answer, or of the chunks of a stream, which look alike."""

import json
from collections.abc import Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import FILTER, LENGTH, STOP, TOOLS, Counted, Told

FINISHES = {"STOP": STOP, "1": STOP, "MAX_TOKENS": LENGTH, "2": LENGTH, "FINISH_REASON_UNSPECIFIED": STOP}
FILTERED = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "3", "4", "IMAGE_SAFETY"}


def fold(frames: Sequence[Frame]) -> Told:
    told = Told()
    for frame in frames:
        if isinstance(frame.data, dict):
            _take(told, frame.data)
        if told.error:
            break
    return _ended(told)


def read(body: Any) -> Told:
    told = Told()
    _take(told, body)
    return _ended(told)


def _take(told: Told, chunk: dict[str, Any]) -> None:
    if chunk.get("error"):
        told.error = chunk["error"].get("message") or "error"
    told.usage = count(chunk.get("usageMetadata")) or told.usage
    if (chunk.get("promptFeedback") or {}).get("blockReason"):
        told.finish = FILTER
    for candidate in chunk.get("candidates") or []:
        if not candidate.get("index"):
            for part in (candidate.get("content") or {}).get("parts") or []:
                _take_part(told, part)
            told.finish = str(candidate.get("finishReason") or "") or told.finish


def _take_part(told: Told, part: dict[str, Any]) -> None:
    if "functionCall" in part:
        call = part["functionCall"]
        if call.get("name"):
            told.call(len(told.calls))[:] = [call.get("id") or "", call["name"], json.dumps(call.get("args") or {})]
        told.is_opaque = told.is_opaque or "partialArgs" in call or not call
    elif "text" in part:
        if part.get("thought"):
            told.reasoning += part["text"]
        else:
            told.text += part["text"]
    else:
        told.is_opaque = True
    told.is_opaque = told.is_opaque or "thoughtSignature" in part


def _ended(told: Told) -> Told:
    told.is_whole = bool(told.finish)
    if told.finish in FILTERED:
        told.finish = FILTER
    elif told.is_whole and told.finish != FILTER:
        finish = FINISHES.get(told.finish, STOP)
        told.finish = TOOLS if told.calls and finish == STOP else finish
    return told


def count(usage: Any) -> Counted | None:
    """Thoughts stand beside the candidates' tokens, prompts of tools beside the prompt's."""
    if not usage or not any("okenCount" in name for name in usage):
        return None
    asked = (usage.get("promptTokenCount") or 0) + (usage.get("toolUsePromptTokenCount") or 0)
    answered = (usage.get("candidatesTokenCount") or 0) + (usage.get("thoughtsTokenCount") or 0)
    return Counted(asked, answered, usage.get("cachedContentTokenCount") or 0)
