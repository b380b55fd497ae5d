"""The built-in simulator: from the bytes of a request to the bytes of an answer and when each of them is due.

It answers as an OpenAI-compatible provider would, and says that it is a simulator. Pure: the same request, id and
moment give the same bytes; whoever holds a clock paces them.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from llmgw.errors import FailureClass, InvalidRequestError, UpstreamConnectError
from llmgw.providers.simulator.faults import GARBAGE, REFUSALS, Refusal
from llmgw.providers.simulator.request import Request, read_request
from llmgw.providers.simulator.speech import Speech, hashed, speak
from llmgw.providers.simulator.writing import Letterhead, Piece, stream, whole
from llmgw.wire import sse

JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How to behave. `tokens_per_s` None: no pace; `output_tokens` None: as the prompt suggests."""

    latency_s: float = 0.0
    tokens_per_s: float | None = None
    output_tokens: int | None = None

    @property
    def gap_s(self) -> float:
        """The time from one token to the next."""
        return 1 / self.tokens_per_s if self.tokens_per_s else 0.0


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """An answer. Its head is due `head_due_s` after the request, and `inf` is never; `pieces` can be read once.

    `breaks`: after the last piece the connection breaks instead of ending.
    """

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[Piece]
    head_due_s: float
    breaks: bool = False


def simulate(
    body: bytes, manner: Manner, failure: FailureClass | None, *, request_id: str, created_s: int
) -> SimulatedAnswer:
    """The answer to one request, or its failure. Raises UpstreamConnectError where there would be no connection."""
    if failure is FailureClass.CONNECTION:
        raise UpstreamConnectError("simulated: connection refused")
    if failure is FailureClass.TIMEOUT:
        return SimulatedAnswer(200, JSON, iter(()), math.inf)
    if failure is not None and failure in REFUSALS:
        return _refused(REFUSALS[failure], manner)
    try:
        request = read_request(body)
    except InvalidRequestError as error:
        return _refused(Refusal(400, error.message, "invalid_request_error", param=error.param), manner)
    if failure is FailureClass.PROTOCOL:
        return _garbled(request, manner)
    letterhead = Letterhead(f"chatcmpl-{hashed(request_id)}", created_s, request.model)
    speeches = [speak(request, choice, manner.output_tokens, request_id) for choice in range(request.choices)]
    write = _streamed if request.stream else _at_once
    return write(request, speeches, letterhead, manner, cut=failure is FailureClass.STREAM_CUT)


def _streamed(
    request: Request, speeches: list[Speech], letterhead: Letterhead, manner: Manner, *, cut: bool
) -> SimulatedAnswer:
    """Cut: the role and half of the tokens, at least one, then the end without an end mark."""
    pieces = stream(request, speeches, letterhead, manner.gap_s)
    if cut:
        pieces = islice(pieces, 1 + max(1, _steps(speeches) // 2))
    return SimulatedAnswer(200, EVENTS, pieces, manner.latency_s)


def _at_once(
    request: Request, speeches: list[Speech], letterhead: Letterhead, manner: Manner, *, cut: bool
) -> SimulatedAnswer:
    """As long as the stream would have taken; cut: half of the body, then the connection breaks."""
    head_due_s = manner.latency_s + max(0, _steps(speeches) - 1) * manner.gap_s
    body = whole(request, speeches, letterhead)
    body = body[: len(body) // 2] if cut else body
    return SimulatedAnswer(200, JSON, iter((Piece(body, 0.0),)), head_due_s, breaks=cut)


def _steps(speeches: list[Speech]) -> int:
    """Choices are spoken side by side: the longest one counts."""
    return max(speech.size for speech in speeches)


def _refused(refusal: Refusal, manner: Manner) -> SimulatedAnswer:
    pieces = iter((Piece(refusal.body(), 0.0),))
    return SimulatedAnswer(refusal.status, {**JSON, **refusal.headers}, pieces, manner.latency_s)


def _garbled(request: Request, manner: Manner) -> SimulatedAnswer:
    headers, data = (EVENTS, sse.write(GARBAGE)) if request.stream else (JSON, GARBAGE)
    return SimulatedAnswer(200, headers, iter((Piece(data, 0.0),)), manner.latency_s)
