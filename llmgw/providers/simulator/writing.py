"""The bytes of an answer as OpenAI would send them: chunks of a stream, each with the moment it is due, or one body.

What repeats is encoded once per answer and chunks are made when they are asked for, so that thousands of long
streams cost neither time nor memory that nobody reads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec

from llmgw.providers.simulator.request import Request
from llmgw.providers.simulator.speech import Speech, ToolCall, tokens
from llmgw.wire import sse

FINGERPRINT = "fp_llmgw_simulator"

_encode = msgspec.json.Encoder().encode


class Piece(NamedTuple):
    """Some bytes of a body, and how long after its head they are due."""

    data: bytes
    due_s: float


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every answer to a request has on top."""

    id: str
    created_s: int
    model: str

    def over(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created_s,
            "model": self.model,
            "system_fingerprint": FINGERPRINT,
        }


def whole(request: Request, speeches: Sequence[Speech], letterhead: Letterhead) -> bytes:
    """The body of an unstreamed answer."""
    choices = [
        {"index": index, "message": _message(speech), "logprobs": None, "finish_reason": speech.finish}
        for index, speech in enumerate(speeches)
    ]
    return _encode({**letterhead.over("chat.completion"), "choices": choices, "usage": _usage(request, speeches)})


def stream(request: Request, speeches: Sequence[Speech], letterhead: Letterhead, gap_s: float) -> Iterator[Piece]:
    """Role, a token of every choice at a time, the ends, usage if it was asked for, and the end mark."""
    chunks = _Chunks(letterhead, len(speeches), wants_usage=request.wants_usage)
    yield Piece(b"".join(chunks.chunk(index, _preamble(speech)) for index, speech in enumerate(speeches)), 0.0)
    due_s = 0.0
    for step, deltas in enumerate(zip_longest(*map(_deltas, speeches))):
        due_s = step * gap_s
        yield Piece(b"".join([chunks.chunk(i, delta) for i, delta in enumerate(deltas) if delta is not None]), due_s)
    ends = [chunks.chunk(index, b"{}", _encode(speech.finish)) for index, speech in enumerate(speeches)]
    if request.wants_usage:
        ends.append(sse.write(_encode({**chunks.head, "choices": [], "usage": _usage(request, speeches)})))
    yield Piece(b"".join(ends) + sse.write(b"[DONE]"), due_s)


class _Chunks:
    """Writes chunks: `data: {…,"choices":[{"index":0,"delta":` delta `,"finish_reason":` reason `}]}`."""

    __slots__ = ("_before", "_end", "head")

    def __init__(self, letterhead: Letterhead, choices: int, *, wants_usage: bool) -> None:
        self.head = letterhead.over("chat.completion.chunk")
        opened = b"data: " + _encode(self.head)[:-1]
        self._before = [opened + b',"choices":[{"index":%d,"delta":' % index for index in range(choices)]
        self._end = b'}],"usage":null}\n\n' if wants_usage else b"}]}\n\n"

    def chunk(self, index: int, delta: bytes, finish: bytes = b"null") -> bytes:
        return self._before[index] + delta + b',"logprobs":null,"finish_reason":' + finish + self._end


def _preamble(speech: Speech) -> bytes:
    return _encode({"role": "assistant", "content": None if speech.calls else "", "refusal": None})


def _deltas(speech: Speech) -> Iterator[bytes]:
    for word in speech.words:
        yield b'{"content":' + _encode(word) + b"}"
    for index, call in enumerate(speech.calls):
        yield _tool_delta({"index": index, **_call(call, "")})
        for part in tokens(call.arguments):
            yield _tool_delta({"index": index, "function": {"arguments": part}})


def _tool_delta(delta: dict[str, Any]) -> bytes:
    return _encode({"tool_calls": [delta]})


def _message(speech: Speech) -> dict[str, Any]:
    if speech.calls:
        calls = [_call(call, call.arguments) for call in speech.calls]
        return {"role": "assistant", "content": None, "refusal": None, "tool_calls": calls}
    return {"role": "assistant", "content": "".join(speech.words), "refusal": None}


def _call(call: ToolCall, arguments: str) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _usage(request: Request, speeches: Sequence[Speech]) -> dict[str, Any]:
    """Never zero, so that a missing count is never mistaken for an empty one."""
    prompt = request.prompt_tokens()
    completion = max(1, sum(speech.size for speech in speeches))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
