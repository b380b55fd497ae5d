"""What a provider's output items say: messages, thoughts and calls, whole, as the events of a stream.

The items of the provider's own tools have no word in the hub and are passed over. Any stands wherever some provider
deviates: what is not as expected says nothing, it breaks nothing.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.dialects.openai_responses import proofs

PARAGRAPH = "\n\n"  # between the parts of a summary


def say(item: Any, calls: int) -> Iterator[Event]:
    """One item. `calls`: how many calls there were before it."""
    match text_of(dict_of(item).get("type")):
        case "message":
            for part in dicts_of(item.get("content")):
                yield from say_part(part)
        case "reasoning":
            text = PARAGRAPH.join(thoughts_of(item))
            if text:
                yield events.ReasoningDelta(text)
            yield from prove(item)
        case "function_call":
            yield start_call(item, calls)
            yield events.ToolDelta(calls, arguments_of(item.get("arguments")))
        case _:
            return


def say_part(part: dict[str, Any]) -> Iterator[Event]:
    """A part of a message."""
    if text_of(part.get("refusal")):
        yield events.RefusalDelta(part["refusal"])
    if text_of(part.get("text")):
        yield events.TextDelta(part["text"])
    yield from map(events.Cited, dicts_of(part.get("annotations")))


def start_call(item: dict[str, Any], index: int) -> events.ToolStarted:
    """Results refer to `call_id`."""
    id_ = text_of(item.get("call_id")) or text_of(item.get("id"))
    return events.ToolStarted(index, id_, text_of(item.get("name")))


def prove(item: dict[str, Any]) -> Iterator[Event]:
    """The proof of a thought ends it."""
    proof = proofs.read(item.get("id"), item.get("encrypted_content"))
    if (proof.signature or proof.redacted) and not proofs.is_foreign(item.get("format")):
        yield events.ReasoningDelta(signature=proof.signature, redacted=proof.redacted, issuer=proof.issuer)


def thoughts_of(item: dict[str, Any]) -> list[str]:
    """The thoughts themselves where they are told, else their summary."""
    return texts(item.get("content")) or texts(item.get("summary"))


def texts(parts: Any) -> list[str]:
    """Those that say something."""
    return [part["text"] for part in dicts_of(parts) if text_of(part.get("text"))]


def arguments_of(told: Any) -> str:
    """JSON as text, if it is not already."""
    if isinstance(told, str):
        return told
    return "" if told is None else msgspec.json.encode(told).decode()


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def dict_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def dicts_of(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
