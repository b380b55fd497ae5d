"""Answers and streams as Google writes them, for the tests of this dialect."""

import json
from typing import Any

import msgspec

from llmgw.chat.request import Edits

HELLO: list[dict[str, Any]] = [{"role": "user", "parts": [{"text": "Hello"}]}]
USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 3, "totalTokenCount": 17}
NO_EDITS = Edits("gemini-2.5-flash", {}, {}, frozenset(), ask_usage=True)
ERROR = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}


def body(**fields: Any) -> bytes:
    return json.dumps({"contents": HELLO, **fields}).encode()


def answer(*parts: dict[str, Any], finish: Any = "STOP", **fields: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    ending = {"finishReason": finish} if finish is not None else {}
    return {"candidates": [{**candidate, **ending}], "modelVersion": "gemini", "responseId": "r", **fields}


def event(told: Any) -> bytes:
    return b"data: " + json.dumps(told).encode() + b"\r\n\r\n"


def chunk(*parts: dict[str, Any], finish: Any = None, **fields: Any) -> bytes:
    return event(answer(*parts, finish=finish, **fields))


def text(said: str, **fields: Any) -> dict[str, Any]:
    return {"text": said, **fields}


def thought(said: str) -> dict[str, Any]:
    return {"text": said, "thought": True}


def call(name: str, args: Any = None, signature: str = "", **fields: Any) -> dict[str, Any]:
    signed = {"thoughtSignature": signature} if signature else {}
    return {"functionCall": {"name": name, **({} if args is None else {"args": args}), **fields}, **signed}


def edits(model: str = "gemini-2.5-flash", **changes: Any) -> Edits:
    raws = {
        name: {key: msgspec.Raw(json.dumps(value).encode()) for key, value in changes.get(name, {}).items()}
        for name in ("set", "default")
    }
    return Edits(model, raws["set"], raws["default"], frozenset(changes.get("drop", ())), ask_usage=True)
