"""Dialects in which an answer is a text and no more, folded by where each of them puts it.

Anthropic's, Cohere's and Ollama's older ones, watsonx, text-generation-inference, and those of the vendors behind
Bedrock's InvokeModel. How tokens are counted in them is not looked into here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import LENGTH, STOP, Told

Place = tuple[str | int, ...]

# The first that is there. A text once more in the last event of a stream stands behind the piece.
TEXTS: tuple[Place, ...] = (
    ("token", "text"),
    ("completion",),
    ("generation",),
    ("outputText",),
    ("response",),
    ("generated_text",),
    (0, "generated_text"),
    ("results", 0, "outputText"),
    ("results", 0, "generated_text"),
    ("outputs", 0, "text"),
    ("generations", 0, "text"),
    ("completions", 0, "data", "text"),
    ("contentBlockDelta", "delta", "text"),
    ("text",),
)
FINISHES: tuple[Place, ...] = (
    ("stop_reason",),
    ("finish_reason",),
    ("completionReason",),
    ("done_reason",),
    ("stopReason",),
    ("messageStop", "stopReason"),
    ("results", 0, "completionReason"),
    ("results", 0, "stop_reason"),
    ("outputs", 0, "stop_reason"),
    ("generations", 0, "finish_reason"),
    ("details", "finish_reason"),
    ("completions", 0, "finishReason", "reason"),
)
LENGTHS = {"length", "max_tokens"}
GOES_ON = {"not_finished", ""}


def fold(frames: Sequence[Frame]) -> Told:
    told = Told(counts=False)
    for frame in frames:
        if frame.data is not None:
            _take(told, frame.data)
        if told.error:
            break
    return told


def read(body: Any) -> Told:
    told = Told(counts=False)
    _take(told, body)
    for block in _found(body, ("output", "message", "content")) or []:
        told.text += block["text"]
    told.is_whole = True
    told.finish = told.finish or STOP
    return told


def _take(told: Told, data: Any) -> None:
    if isinstance(data, dict) and isinstance(data.get("error"), str):
        told.error = data["error"]
        return
    told.text += next(_words(data, TEXTS), "")
    reason = next(_words(data, FINISHES), "").lower()
    if reason not in GOES_ON:
        told.is_whole, told.finish = True, LENGTH if reason in LENGTHS else STOP


def _words(data: Any, places: tuple[Place, ...]) -> Iterator[str]:
    found = (_found(data, place) for place in places)
    return (value for value in found if isinstance(value, str))


def _found(data: Any, place: Place) -> Any:
    for step in place:
        if isinstance(step, str):
            data = data.get(step) if isinstance(data, dict) else None
        else:
            data = data[step] if isinstance(data, list) and len(data) > step else None
    return data
