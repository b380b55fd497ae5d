"""One fake per port: plain objects that do what they were told, and remember what was asked of them.

The contract suites in `tests/contracts` run over these too: a fake that lies is worse than none.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy

from llmgw.adapters.config_files import Text, build
from llmgw.call import Call
from llmgw.config.secrets import Secret, digest
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import ClientGoneError, LedgerUnavailableError, UpstreamError
from llmgw.graph.principal import Principal
from llmgw.graph.rules import BudgetRule
from llmgw.policy.claims import Claim, Crossed, Grant, Granted, Refused, Settlement, Standing
from llmgw.policy.entry import Charge, Entry, Record, Reserved, Settled, bucket_name
from llmgw.ports import (
    Alerts,
    Client,
    Clock,
    Journal,
    Keys,
    Ledger,
    Quota,
    Upstream,
    UpstreamCall,
    UpstreamStream,
)
from llmgw.transcript import Transcript
from tests.partners.bodies import encode

Piece = bytes | float | BaseException
"""Bytes that arrive, seconds in which nothing does, or an error."""


class FakeStream:
    """An answer that comes piece by piece."""

    def __init__(self, status: int, headers: Mapping[str, str], pieces: Sequence[Piece]) -> None:
        self.status = status
        self.headers = headers
        self.secrets: Sequence[Secret] = ()
        self._pieces = list(pieces)
        self._due_s: float | None = None  # when the pause under way ends, by the clock of the loop

    async def read(self) -> bytes:
        while self._pieces:
            match self._pieces[0]:
                case bytes() as data:
                    await asyncio.sleep(0)
                    del self._pieces[0]
                    return data
                case BaseException() as error:
                    raise error
                case seconds:
                    await self._pause(seconds)
                    del self._pieces[0]
        return b""

    async def _pause(self, seconds: float) -> None:
        """Not from its beginning if the read before was cancelled."""
        now_s = asyncio.get_running_loop().time()
        if self._due_s is None:
            self._due_s = now_s + seconds
        await asyncio.sleep(self._due_s - now_s)
        self._due_s = None


Answer = FakeStream | UpstreamError


class FakeUpstream:
    """Answers in turn, the last one again and again. `calls` is what it was asked, `open_now` what it still holds."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.calls: list[UpstreamCall] = []
        self.open_now = 0

    @asynccontextmanager
    async def open(self, call: UpstreamCall) -> AsyncIterator[UpstreamStream]:
        self.calls.append(call)
        await asyncio.sleep(0)
        call.leaves()
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if isinstance(answer, UpstreamError):
            raise answer
        answer = deepcopy(answer)
        self.open_now += 1
        try:
            yield answer
        finally:
            self.open_now -= 1


class FakeClient:
    """A caller. `leaves_at` is the write with which it turns out to have gone."""

    def __init__(self, leaves_at: int | None = None) -> None:
        self.started = False
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.written: list[bytes] = []
        self.ended = False
        self._leaves_at = leaves_at

    @property
    def body(self) -> bytes:
        return b"".join(self.written)

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers = status, dict(headers)
        await self.write(body)

    async def start(self, headers: Mapping[str, str]) -> None:
        if not self.started:
            self.started, self.status, self.headers = True, 200, dict(headers)

    async def end(self) -> None:
        self.ended = True

    async def write(self, data: bytes) -> None:
        if self._leaves_at is not None and len(self.written) >= self._leaves_at:
            raise ClientGoneError("the fake client has gone")
        self.written.append(data)


class FakeClock:
    """Time that passes only when somebody sleeps. `slept` is for how long."""

    def __init__(self, now_s: float = 1_700_000_000.0, elapsed_s: float = 0.0) -> None:
        self._now_s = now_s
        self._elapsed_s = elapsed_s
        self.slept: list[float] = []

    def now_s(self) -> float:
        return self._now_s + self._elapsed_s

    def elapsed_s(self) -> float:
        return self._elapsed_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._elapsed_s += seconds
        await asyncio.sleep(0)


class FakeJournal:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.transcripts: list[Transcript] = []

    def record(self, transcript: Transcript) -> None:
        self.transcripts.append(transcript)


class FakeKeys:
    """Principals by their secrets."""

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._by_digest = {digest(secret): principal for secret, principal in principals.items()}
        self.needed = bool(principals)

    async def find(self, digest: str) -> Principal | None:
        return self._by_digest.get(digest)


class FakeQuota:
    """Grants what it is asked, but for the claims in `refusals`, each of them once and in order.

    `settled` is what every grant came to, in nano-dollars and tokens; `held` is what has not been settled yet. It takes
    its time, and whoever is cancelled meanwhile has taken nothing.
    """

    def __init__(self, *refusals: Refused | None, reserves_nanousd: int = 0, output_cap: int | None = None) -> None:
        self._refusals = list(refusals)
        self._reserves_nanousd = reserves_nanousd
        self._output_cap = output_cap
        self.claims: list[Claim] = []
        self.held: dict[int, Grant] = {}
        self.settled: list[tuple[int, int]] = []
        self.crossed: tuple[Crossed, ...] = ()
        self.overrun = False

    async def admit(self, claims: Sequence[Claim]) -> Granted | Refused:
        await asyncio.sleep(0)
        self.claims.extend(claims)
        refused = self._refusals.pop(0) if self._refusals else None
        if refused is not None:
            return refused
        grants = tuple(self._grant(claim) for claim in claims)
        return Granted(grants, self._output_cap, Standing())

    def _grant(self, claim: Claim) -> Grant:
        reserved_nanousd = self._reserves_nanousd if claim.budgets else 0
        charges = tuple(Charge(budget.rule.id, bucket_name(budget.values), 0) for budget in claim.budgets)
        grant = Grant(len(self.held) + len(self.settled), claim, reserved_nanousd, charges)
        self.held[grant.id] = grant
        return grant

    async def settle(self, grant: Grant, *, nanousd: int, tokens: int, output_tokens: int) -> Settlement:
        assert output_tokens <= tokens
        del self.held[grant.id]
        self.settled.append((nanousd, tokens))
        return Settlement(self.overrun, self.crossed)

    def used(self, rule: BudgetRule, values: tuple[str, ...]) -> float:
        return 0.5


class FakeLedger:
    """Keeps what it is given, in memory; while it is `full` it takes nothing.

    It takes its time, as a disk does: what it has taken stands there also if nobody waits for it.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.full = False

    def check(self) -> None:
        if self.full:
            raise LedgerUnavailableError("the fake ledger is full")

    async def append(self, record: Record) -> None:
        self.check()
        self.records.append(record)
        await asyncio.sleep(0)

    @property
    def reserved(self) -> list[tuple[str, int]]:
        """Of reservations that nobody has ended: the request, and which of its reservations it is."""
        found: dict[tuple[str, int], None] = {}
        for record in self.records:
            match record:
                case Reserved(entry, number):
                    found[entry.request_id, number] = None
                case Settled(entry, number) if number:
                    found.pop((entry.request_id, number), None)
        return [*found]

    @property
    def rows(self) -> list[Entry]:
        return [record.entry for record in self.records if isinstance(record, Settled) and record.is_row]


class FakeAlerts:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Crossed] = []

    def tell(self, crossed: Crossed) -> None:
        self.told.append(crossed)


_upstream: type[Upstream] = FakeUpstream
_client: type[Client] = FakeClient
_clock: type[Clock] = FakeClock
_journal: type[Journal] = FakeJournal
_keys: type[Keys] = FakeKeys
_quota: type[Quota] = FakeQuota
_ledger: type[Ledger] = FakeLedger
_alerts: type[Alerts] = FakeAlerts


TWO_TARGETS = """
providers: {p: {like: openai, base_url: "http://127.0.0.1:9/v1", api_key: sk-fake-key-of-p}}
models: {one: {target: p/up-one, drop: [seed], price: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}}, two: p/up-two}
routes: {chat: {fallback: [one, two]}}
"""


def fake_call(config: str = TWO_TARGETS, *, stream: bool = False, **fields: object) -> Call:
    """A call as the server would make it of a request for `chat`."""
    graph = build([Text("config.yaml", config)], {}, need_secrets=True).checked()
    request = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return Call(
        request_id="01a207a83883258ad2d159f4c30e",
        graph=graph,
        dialect=openai_chat,
        request=openai_chat.read_request(encode(request | fields)),
        endpoint="chat",
        ip="127.0.0.1",
        metadata={},
        headers={},
        forwarded={"traceparent": "00-1"},
    )


def fake_transcript(call: Call, started_s: float = 0.0) -> Transcript:
    return Transcript(
        request_id=call.request_id,
        endpoint=call.endpoint,
        model=call.request.model,
        stream=call.request.stream,
        started_s=started_s,
        response_body=bytearray(),
    )


def json_stream(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> FakeStream:
    return FakeStream(status, {"content-type": "application/json", **(headers or {})}, [encode(body)])


def event_stream(*pieces: Piece, headers: Mapping[str, str] | None = None) -> FakeStream:
    return FakeStream(200, {"content-type": "text/event-stream", **(headers or {})}, pieces)
