"""Errors inside streams that began well, as each dialect tells them: from the reports where there are any."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tests.conformance.traffic import REPORTED, recordings
from tests.partners.behaviours import groq_error_event
from tests.partners.bodies import DONE, sse_event
from tests.partners.event_stream import exception
from tests.replay.frames import frames_of


@dataclass(frozen=True, slots=True)
class Injected:
    """What is sent instead of the rest, and the words that the caller must find in it."""

    name: str
    message: str
    frames: tuple[bytes, ...]


def injected(dialect: str) -> tuple[Injected, ...]:
    return _all().get(dialect, ())


def _reported(id_: str) -> tuple[bytes, ...]:
    """The events of a report that tell an error, and what follows."""
    (report,) = (one for one in recordings(REPORTED) if one["id"] == id_)
    frames = frames_of(report["response_body"].encode(), "sse")
    first = next(
        n for n, frame in enumerate(frames) if b'"error":{' in frame.raw.replace(b" ", b"") or frame.name == "error"
    )
    return tuple(frame.raw for frame in frames[first:])


@cache
def _all() -> Mapping[str, tuple[Injected, ...]]:
    google = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    cohere = {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "The model gave up"}}
    throttled = exception("throttlingException", "Too many requests, please wait")
    return {
        "openai_chat": (
            Injected("openrouter", "Provider disconnected", _reported("reported-openrouter-19")),
            Injected("groq", "The model called no tool", (groq_error_event(),)),
        ),
        "openai_responses": (Injected("openai", "Rate limit reached", _reported("reported-openai-08")),),
        "openai_completions": (
            Injected(
                "openai",
                "The server had an error",
                (sse_event({"error": {"message": "The server had an error"}}), DONE),
            ),
        ),
        "anthropic_messages": (Injected("anthropic", "Overloaded", _reported("reported-anthropic-01")),),
        "gemini_generate": (Injected("google", "The model is overloaded.", (sse_event(google),)),),
        "bedrock_converse": (Injected("bedrock", "Too many requests, please wait", (throttled,)),),
        "bedrock_invoke": (Injected("bedrock", "Too many requests, please wait", (throttled,)),),
        "cohere_chat": (Injected("cohere", "", (sse_event(cohere, "message-end"),)),),
        "ollama_chat": (
            Injected("ollama", "llama runner died", (json.dumps({"error": "llama runner died"}).encode() + b"\n",)),
        ),
    }
