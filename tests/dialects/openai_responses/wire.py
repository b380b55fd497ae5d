"""The events of a stream, as OpenAI sends them."""

import json
from typing import Any

from llmgw.chat.events import Event
from llmgw.dialects.openai_responses.decoding import ResponsesDecoder
from llmgw.wire import sse

USAGE = {
    "input_tokens": 17,
    "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 24,
}


def event(kind: str, **fields: Any) -> bytes:
    return sse.write(json.dumps({"type": kind, **fields}).encode(), kind.encode())


def created(**fields: Any) -> bytes:
    return event("response.created", response={"id": "resp_1", "model": "gpt", "output": [], "error": None, **fields})


def added(item: dict[str, Any], index: int = 0) -> bytes:
    return event("response.output_item.added", output_index=index, item=item)


def done(item: dict[str, Any], index: int = 0) -> bytes:
    return event("response.output_item.done", output_index=index, item=item)


def piece(kind: str, text: str, index: int = 0, place: int = 0) -> bytes:
    """A delta: of `output_text`, `refusal`, `reasoning_text`, `reasoning_summary_text`, `function_call_arguments`."""
    name = "summary_index" if "summary" in kind else "content_index"
    return event(f"response.{kind}.delta", output_index=index, delta=text, **{name: place})


def ended(kind: str = "completed", **fields: Any) -> bytes:
    response = {"id": "resp_1", "model": "gpt", "status": kind, "output": [], "error": None, "usage": USAGE, **fields}
    return event(f"response.{kind}", response=response)


def message(*content: dict[str, Any]) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "content": list(content)}


def output_text(text: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": list(annotations)}


def thought(*summary: str, **fields: Any) -> dict[str, Any]:
    parts = [{"type": "summary_text", "text": text} for text in summary]
    return {"id": "rs_1", "type": "reasoning", "summary": parts, **fields}


def call(arguments: str = "", **fields: Any) -> dict[str, Any]:
    return {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": arguments, **fields}


def read(*stream: bytes) -> list[Event]:
    decoder = ResponsesDecoder()
    return [told for part in stream for told in decoder.read(part)]
