"""Streams as Anthropic writes them, for the tests of this dialect."""

import json
from typing import Any

from llmgw.wire import sse


def event(kind: str, **fields: Any) -> bytes:
    return sse.write(json.dumps({"type": kind, **fields}).encode(), kind.encode())


def start(**message: Any) -> bytes:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2, "output_tokens": 1}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [], "usage": usage}
    return event("message_start", message={**head, "stop_reason": None, **message})


def opened(index: int, **block: Any) -> bytes:
    return event("content_block_start", index=index, content_block=block)


def delta(index: int, kind: str, **what: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": f"{kind}_delta", **what})


def closed(index: int) -> bytes:
    return event("content_block_stop", index=index)


def ending(reason: str = "end_turn", sequence: str | None = None, **usage: int) -> bytes:
    told = usage or {"output_tokens": 7}
    return event("message_delta", delta={"stop_reason": reason, "stop_sequence": sequence}, usage=told)


PING = event("ping")
STOP = event("message_stop")
ERROR = event("error", error={"type": "overloaded_error", "message": "Overloaded"})
TEXT = [opened(0, type="text", text=""), PING, delta(0, "text", text="Hello"), delta(0, "text", text=" you"), closed(0)]
CALL = [
    opened(1, type="tool_use", id="toolu_1", name="f", input={}),
    delta(1, "input_json", partial_json=""),
    delta(1, "input_json", partial_json='{"a": '),
    delta(1, "input_json", partial_json="1}"),
    closed(1),
]
