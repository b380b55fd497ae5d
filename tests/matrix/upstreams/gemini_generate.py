"""A provider of Gemini's generateContent: chunks with CRLF, no event names and no end mark; signatures on parts."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.matrix.words import FILTER, INPUT_TOKENS, LENGTH, OUTPUT_TOKENS, STOP, TOOLS, Got, Reply

FINISHES = {STOP: "STOP", LENGTH: "MAX_TOKENS", TOOLS: "STOP", FILTER: "SAFETY"}
USAGE = {
    "promptTokenCount": INPUT_TOKENS,
    "candidatesTokenCount": OUTPUT_TOKENS,
    "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
}
SNAKE = re.compile(r"_([a-z])")
HEAD = {"modelVersion": "gemini-partner", "responseId": "partner"}


def whole(reply: Reply) -> dict[str, Any]:
    content = {"role": "model", "parts": list(_parts(reply, [reply.text]))} if _says(reply) else {}
    candidate = {"content": content, "finishReason": FINISHES[reply.finish], "index": 0}
    return {"candidates": [candidate], "usageMetadata": USAGE, **HEAD}


def events(reply: Reply) -> list[bytes]:
    chunks = [_chunk([part]) for part in _parts(reply, reply.pieces)]
    end = _chunk([{"text": ""}])
    end["candidates"][0]["finishReason"] = FINISHES[reply.finish]
    return [*map(_event, chunks), _event({**end, "usageMetadata": USAGE})]


def broken(reply: Reply, message: str) -> list[bytes]:
    return [*events(reply)[:-1], _event({"error": {"code": 500, "message": message, "status": "INTERNAL"}})]


def refused(message: str) -> dict[str, Any]:
    wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}
    return {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [wait]}}


def read(body: dict[str, Any]) -> Got:
    """Google takes names in either spelling, and base64 in either alphabet; its SDK makes use of both."""
    body = _camel(body)
    settings = body.get("generationConfig") or {}
    thinking = settings.get("thinkingConfig") or {}
    declared = [one for tool in body.get("tools") or [] for one in tool["functionDeclarations"]]
    got = Got(
        system="".join(part["text"] for part in (body.get("systemInstruction") or {"parts": []})["parts"]),
        schema=settings.get("responseJsonSchema") or settings.get("responseSchema"),
        tools={one["name"]: one.get("parametersJsonSchema") or one.get("parameters") for one in declared},
        thinks=bool(thinking.get("thinkingBudget") or thinking.get("thinkingLevel")),
        stop=settings.get("stopSequences") or [],
        max_tokens=settings.get("maxOutputTokens"),
    )
    for content in body["contents"]:
        for part in content["parts"]:
            _read_part(got, part, content.get("role") or "user")
    return got


def _read_part(got: Got, part: dict[str, Any], role: str) -> None:
    if part.get("thoughtSignature"):
        got.signatures.append(_standard(part["thoughtSignature"]))
    if "functionCall" in part:
        got.calls.append((part["functionCall"].get("id") or "", part["functionCall"]["name"]))
    elif "functionResponse" in part:
        told = part["functionResponse"]
        got.results.append((told.get("id") or "", " ".join(map(str, told["response"].values()))))
    elif "inlineData" in part:
        got.images.append((part["inlineData"]["mimeType"], _standard(part["inlineData"]["data"])))
    elif role == "user":
        got.prompts.append(part["text"])


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {SNAKE.sub(lambda match: match[1].upper(), name): _camel(one) for name, one in value.items()}


def _standard(data: str) -> str:
    return data.replace("-", "+").replace("_", "/")


def _says(reply: Reply) -> bool:
    return bool(reply.text or reply.thoughts or reply.calls)


def _parts(reply: Reply, texts: list[str]) -> Iterator[dict[str, Any]]:
    """The signature of what was thought is on the part after it."""
    if reply.thoughts:
        yield {"text": reply.thoughts, "thought": True}
    signed = {"thoughtSignature": reply.signature} if reply.signature else {}
    for text in filter(None, texts):
        yield {"text": text, **({} if reply.calls else signed)}
        signed = signed if reply.calls else {}
    for call in reply.calls:
        told = {"name": call.name, "args": dict(call.arguments), **({"id": call.id} if call.id else {})}
        mark = call.signature or signed.get("thoughtSignature")
        yield {"functionCall": told, **({"thoughtSignature": mark} if mark else {})}
        signed = {}


def _chunk(parts: list[dict[str, Any]]) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": INPUT_TOKENS}, **HEAD}


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\r\n\r\n"
