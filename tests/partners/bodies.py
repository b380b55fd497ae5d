"""Well-formed OpenAI chat answers and streams, for upstreams in tests.

Written from the published shape of the API: role preamble, content, finish, usage, end mark, each an event of its own.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ANSWER_ID = "chatcmpl-partner"
CREATED_S = 1_700_000_000
MODEL = "partner-1"
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer says it used."""

    prompt_tokens: int = 9
    completion_tokens: int = 3
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
        }


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a function, as a model asks for it."""

    name: str
    arguments: str = "{}"
    id: str = "call_partner"

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.arguments},
        }


def encode(value: object) -> bytes:
    """Compact JSON; text stays UTF-8, so that it can be split inside a character."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sse_event(value: object, name: str | None = None) -> bytes:
    head = b"" if name is None else b"event: %s\n" % name.encode()
    return head + b"data: " + encode(value) + b"\n\n"


def chat_answer(
    text: str = "Hello there",
    *,
    usage: Usage | None = Usage(),
    tool_calls: Sequence[ToolCall] = (),
    n: int = 1,
    model: str = MODEL,
) -> dict[str, Any]:
    """An unstreamed answer. With tool calls the content is null, as at OpenAI."""
    choices = [_whole_choice(index, text, tool_calls) for index in range(n)]
    answer = {
        "id": ANSWER_ID,
        "object": "chat.completion",
        "created": CREATED_S,
        "model": model,
        "choices": choices,
    }
    return answer if usage is None else {**answer, "usage": usage.as_json()}


def chat_events(
    text: str = "Hello there",
    *,
    include_usage: bool = False,
    usage: Usage = Usage(),
    tool_calls: Sequence[ToolCall] = (),
    n: int = 1,
    model: str = MODEL,
) -> list[bytes]:
    """A stream's events. With n > 1 the choices interleave; with usage all other chunks say `usage: null`."""
    base = {"id": ANSWER_ID, "object": "chat.completion.chunk", "created": CREATED_S, "model": model}
    null_usage: Mapping[str, Any] = {"usage": None} if include_usage else {}
    chunks = [{**base, "choices": [choice], **null_usage} for choice in _delta_choices(text, tool_calls, n)]
    if include_usage:
        chunks.append({**base, "choices": [], "usage": usage.as_json()})
    return [*map(sse_event, chunks), DONE]


def is_content(event: bytes) -> bool:
    """Whether an event of `chat_events` carries content or a tool call, so that a gateway commits on it."""
    if event == DONE:
        return False
    choices = json.loads(event.removeprefix(b"data: "))["choices"]
    return any(choice["delta"].get("content") or "tool_calls" in choice["delta"] for choice in choices)


def _whole_choice(index: int, text: str, tool_calls: Sequence[ToolCall]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if tool_calls:
        message = {**message, "content": None, "tool_calls": [call.as_json() for call in tool_calls]}
    return {
        "index": index,
        "message": message,
        "logprobs": None,
        "finish_reason": _finish_reason(tool_calls),
    }


def _delta_choices(text: str, tool_calls: Sequence[ToolCall], n: int) -> Iterator[dict[str, Any]]:
    for delta, finish_reason in _deltas(text, tool_calls):
        for index in range(n):
            yield {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _deltas(text: str, tool_calls: Sequence[ToolCall]) -> Iterator[tuple[dict[str, Any], str | None]]:
    yield {"role": "assistant", "content": None if tool_calls else "", "refusal": None}, None
    if not tool_calls:
        for piece in re.findall(r"\S+\s*|\s+", text):
            yield {"content": piece}, None
    for position, call in enumerate(tool_calls):
        for delta in _call_deltas(position, call):
            yield {"tool_calls": [delta]}, None
    yield {}, _finish_reason(tool_calls)


def _call_deltas(position: int, call: ToolCall) -> Iterator[dict[str, Any]]:
    """Id and name first, then the arguments in two pieces, as OpenAI splits them."""
    function = {"name": call.name, "arguments": ""}
    yield {"index": position, "id": call.id, "type": "function", "function": function}
    middle = len(call.arguments) // 2
    for piece in (call.arguments[:middle], call.arguments[middle:]):
        yield {"index": position, "function": {"arguments": piece}}


def _finish_reason(tool_calls: Sequence[ToolCall]) -> str:
    return "tool_calls" if tool_calls else "stop"
