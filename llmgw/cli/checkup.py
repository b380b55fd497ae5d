"""One real call to a target, by the gateway itself: what it answered, or how it failed."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.adapters.no_ledger import NoAlerts, NoLedger
from llmgw.adapters.system import new_request_id
from llmgw.bookkeeping import Books
from llmgw.call import Call
from llmgw.chat.request import ChatRequest
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import GatewayError
from llmgw.gateway import Gateway
from llmgw.graph.model import Graph, Leaf, Retry, Route, Target, TimeLimits
from llmgw.ports import Client, Clock, Journal, Upstream
from llmgw.transcript import Transcript

CHECK_S_MAX = 30.0
OUTPUT_TOKENS_MAX = 16
_NAME = "doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one call. `model` is the name that the answer gives; `failure` is empty if there was an answer."""

    target: Target
    elapsed_s: float = 0.0
    model: str = ""
    failure: str = ""
    status: int | None = None
    message: str = ""


async def check(target: Target, upstream: Upstream, clock: Clock) -> Finding:
    """Ask the target for a word. One attempt, no retry."""
    listener = _Listener()
    call = _call(target, clock)
    transcript = Transcript(call.request_id, "chat", _NAME, stream=False, started_s=clock.elapsed_s())
    try:
        books = Books(MemoryQuota(clock), NoLedger(), NoAlerts())
        await Gateway(upstream, clock, _Silence(), books).answer(call, listener, transcript)
    except GatewayError as error:
        return _failed(target, transcript, error)
    last = transcript.attempts[-1]
    return Finding(target, last.elapsed_s, _model(listener.body), status=last.status)


def _call(target: Target, clock: Clock) -> Call:
    """The caller is nobody, and the only route leads to this target."""
    limits = TimeLimits(CHECK_S_MAX, CHECK_S_MAX, CHECK_S_MAX, CHECK_S_MAX)
    leaf = Leaf(target, target.id, limits, Retry(attempts=1))
    route = Route(_NAME, leaf, deadline_s=CHECK_S_MAX, max_attempts=1)
    return Call(
        request_id=new_request_id(clock.now_s()),
        graph=Graph(routes={_NAME: route}, patterns=(), targets={target.id: target}, digest=""),
        dialect=openai_chat,
        request=_request(target),
        endpoint="chat",
        ip="127.0.0.1",
        metadata={},
        headers={},
        forwarded={},
    )


def _request(target: Target) -> ChatRequest:
    cap = min(OUTPUT_TOKENS_MAX, target.max_output or OUTPUT_TOKENS_MAX)
    body = {"model": _NAME, "messages": [{"role": "user", "content": "Say ok"}], target.edits.cap_field: cap}
    return openai_chat.read_request(msgspec.json.encode(body))


def _failed(target: Target, transcript: Transcript, error: GatewayError) -> Finding:
    if not transcript.attempts:
        return Finding(target, failure=transcript.outcome, message=str(error))
    last = transcript.attempts[-1]
    return Finding(target, last.elapsed_s, "", last.outcome, last.status, last.message or "")


def _model(body: bytes) -> str:
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:  # the gateway passes on what it need not read
        return ""
    model = told.get("model") if isinstance(told, dict) else None
    return model if isinstance(model, str) else ""


class _Listener:
    """A caller who only listens."""

    def __init__(self) -> None:
        self.started = False
        self.body = b""

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:  # noqa: ARG002 - the port's
        self.body = body

    async def start(self, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - the port's
        self.started = True

    async def write(self, data: bytes) -> None:
        self.body += data

    async def end(self) -> None:
        pass


class _Silence:
    """Nothing is written down."""

    def record(self, transcript: Transcript) -> None:
        pass


_client: type[Client] = _Listener
_journal: type[Journal] = _Silence
