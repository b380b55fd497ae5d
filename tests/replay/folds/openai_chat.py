"""OpenAI Chat Completions, folded: the first choice of chunks, or of an answer at once."""

from collections.abc import Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import FILTER, LENGTH, STOP, TOOLS, Counted, Told

# Other words than these four (`eos`, `eos_token`, `error`) are an end like any other.
FOREIGN = ("audio", "images", "annotations")  # said beside the text, and only here
FINISHES = {"length": LENGTH, "content_filter": FILTER}


def fold(frames: Sequence[Frame]) -> Told:
    told = Told()
    for frame in frames:
        told.is_whole = told.is_whole or frame.is_done
        if isinstance(frame.data, dict):
            _take(told, frame.data, "delta")
        if told.error:
            break
    return _ended(told)


def read(body: Any) -> Told:
    told = Told(is_whole=True)
    _take(told, body, "message")
    return _ended(told)


def _take(told: Told, chunk: dict[str, Any], place: str) -> None:
    error = chunk.get("error")
    if error:
        told.error = error if isinstance(error, str) else error.get("message") or str(error)
    told.usage = count(chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")) or told.usage
    for choice in chunk.get("choices") or []:
        if not choice.get("index"):
            _take_message(told, choice.get(place) or {})
            told.finish = told.finish or choice.get("finish_reason") or ""


def _take_message(told: Told, message: dict[str, Any]) -> None:
    _take_content(told, message.get("content") or "")
    told.refusal += message.get("refusal") or ""
    details = message.get("reasoning_details") or []
    plain = message.get("reasoning_content") or message.get("reasoning")
    told.reasoning += plain or "".join(detail.get("text") or "" for detail in details)
    told.is_opaque = told.is_opaque or bool(details or any(message.get(name) for name in FOREIGN))
    for number, piece in enumerate(message.get("tool_calls") or []):
        place = piece.get("index")
        _take_call(told.call(number if place is None else place), piece.get("id"), piece["function"])
    if (message.get("function_call") or {}).get("name") or "legacy" in told.calls:
        _take_call(told.call("legacy"), None, message.get("function_call") or {})


def _take_content(told: Told, content: Any) -> None:
    """A text, or at Mistral parts of which some are thoughts."""
    parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for part in parts:
        if part["type"] == "thinking":
            told.reasoning += "".join(thought["text"] for thought in part["thinking"])
        elif part["type"] == "text":
            told.text += part["text"]
        else:
            told.is_opaque = True


def _take_call(call: list[str], id_: str | None, function: dict[str, Any]) -> None:
    call[0] = call[0] or id_ or ""
    call[1] = call[1] or function.get("name") or ""
    call[2] += function.get("arguments") or ""


def _ended(told: Told) -> Told:
    """A finish reason makes a stream whole; a call and a refusal are ends of their own, whatever the word."""
    told.is_whole = (told.is_whole or bool(told.finish)) and not told.error
    if told.is_whole:
        good = TOOLS if told.calls else FILTER if told.refusal else STOP
        told.finish = FINISHES.get(told.finish, good)
    return told


def count(usage: Any) -> Counted | None:
    """xAI counts thoughts beside the completion, Gemini in the total alone: the total then tells."""
    if not usage:
        return None
    asked, answered = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or usage.get("num_cached_tokens") or 0
    rest = (usage.get("total_tokens") or 0) - asked
    asked = asked if cached <= asked else asked + cached  # Grok on Azure tells them beside each other
    return Counted(asked, max(answered, rest), cached)
