"""A provider of the legacy completions: a prompt in, a text out."""

from typing import Any

from tests.matrix.upstreams.openai_chat import FINISHES, USAGE, refused
from tests.matrix.words import STOP, Got, Reply
from tests.partners.bodies import DONE, sse_event

__all__ = ["broken", "events", "read", "refused", "whole"]
HEAD = {"id": "cmpl-partner", "object": "text_completion", "created": 1_700_000_000, "model": "partner-1"}


def whole(reply: Reply) -> dict[str, Any]:
    return {**HEAD, "choices": [_choice(reply.text, FINISHES[reply.finish])], "usage": USAGE}


def events(reply: Reply) -> list[bytes]:
    chunks = [{**HEAD, "choices": [_choice(piece, None)], "usage": None} for piece in reply.pieces]
    chunks.append({**HEAD, "choices": [_choice("", FINISHES.get(reply.finish, STOP))], "usage": None})
    return [*map(sse_event, chunks), sse_event({**HEAD, "choices": [], "usage": USAGE}), DONE]


def broken(reply: Reply, message: str) -> list[bytes]:
    error = {"error": {"message": message, "type": "server_error", "param": None, "code": None}}
    return [*events(reply)[:-3], sse_event(error)]


def read(body: dict[str, Any]) -> Got:
    """Of a conversation it gets a text that holds all turns."""
    prompt = body["prompt"]
    return Got(
        prompts=[prompt] if isinstance(prompt, str) else prompt,
        system=prompt if isinstance(prompt, str) else "",
        stop=[body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop") or [],
        max_tokens=body.get("max_tokens"),
        stream=bool(body.get("stream")),
    )


def _choice(text: str, finish: str | None) -> dict[str, Any]:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
