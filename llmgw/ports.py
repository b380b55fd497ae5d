"""What the gateway needs from the outside, by role and not by technology.

The gateway is handed objects that fulfil these; it never finds them. Every adapter proves its fit where it is
defined, and one contract suite per port runs over the fake and every adapter.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from llmgw.chat.usage import Usage
from llmgw.config.secrets import Secret
from llmgw.graph.model import Target
from llmgw.graph.principal import Principal
from llmgw.graph.rules import BudgetRule
from llmgw.policy.claims import Claim, Crossed, Grant, Granted, Refused, Settlement
from llmgw.policy.entry import Record
from llmgw.policy.kept import Kept
from llmgw.transcript import Transcript


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """One POST to a target: the headers and the bytes exactly as they go out, and how long connecting may take.

    `leaves` is called when they begin to go out: from then on the provider may bill. What a cloud's library knows of
    the credential is added by whoever opens it.
    """

    target: Target
    url: str
    headers: Mapping[str, str]
    body: bytes
    connect_s: float
    request_id: str
    leaves: Callable[[], None] = lambda: None


class UpstreamStream(Protocol):
    """An answer under way. `headers` have lower-case names.

    `secrets` is what its call carried, beside the target's own, that nobody else may see.
    """

    status: int
    headers: Mapping[str, str]
    secrets: Sequence[Secret]

    async def read(self) -> bytes:
        """The next bytes as they arrive; b"" at the end. A read may be cancelled and called again: nothing is lost.

        Raises StreamCutError when the connection breaks before the answer has ended.
        """
        ...


class Upstream(Protocol):
    """Whoever answers."""

    def open(self, call: UpstreamCall) -> AbstractAsyncContextManager[UpstreamStream]:
        """Connect, send, and give the answer once its head is there; leaving early closes the connection.

        Raises UpstreamConnectError, UpstreamTimeoutError (connect) or UpstreamProtocolError.
        """
        ...


class Client(Protocol):
    """The one who asked. Writing waits for a slow client, so that its slowness slows the upstream."""

    started: bool  # a stream has begun: its status and headers are with the client

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """The whole answer at once. As all of these, raises ClientGoneError if the client has hung up."""
        ...

    async def start(self, headers: Mapping[str, str]) -> None:
        """Begin an event stream, unless it has begun: from here on no other status is possible."""
        ...

    async def write(self, data: bytes) -> None:
        """More of the stream."""
        ...

    async def end(self) -> None:
        """Nothing more of the stream will come."""
        ...


class Keys(Protocol):
    """Who may call. Whether a principal has expired is for the one who asks."""

    @property
    def needed(self) -> bool:
        """Whether nobody may call without a key: as soon as there is one."""
        ...

    async def find(self, digest: str) -> Principal | None:
        """The principal of a key, by the SHA-256 of its secret in hex; it ends when that secret does."""
        ...


class Quota(Protocol):
    """Who counts what has been used of limits and budgets."""

    async def admit(self, claims: Sequence[Claim]) -> Granted | Refused:
        """Take all of it, or nothing."""
        ...

    async def settle(self, grant: Grant, *, nanousd: int, tokens: int, output_tokens: int) -> Settlement:
        """What it came to, instead of what was reserved; whatever the grant held is free again."""
        ...

    def used(self, rule: BudgetRule, values: tuple[str, ...]) -> float:
        """Which share of a budget has been spent or reserved, as last known; over 1 if more than there is."""
        ...


class Ledger(Protocol):
    """The book. What it has taken survives the process."""

    def check(self) -> None:
        """Raises LedgerUnavailableError if it could take nothing now."""
        ...

    async def append(self, record: Record) -> None:
        """Raises LedgerUnavailableError if it can take no more."""
        ...


class Cache(Protocol):
    """What has been answered before. Whatever it cannot give, for whatever reason, is not there."""

    async def get(self, key: bytes) -> Kept | None:
        """What is kept under this key and still counts."""
        ...

    async def put(self, key: bytes, kept: Kept) -> None:
        """Keep it until it ends, if there is room for it."""
        ...

    def count(self, key: bytes | None) -> None:
        """A request that looked, however often, was answered with what is under this key; None: with nothing."""
        ...


class Embedded(NamedTuple):
    """A text as a vector of length 1 (little-endian float32). `usage` None: whoever made it does not say."""

    vector: bytes
    usage: Usage | None


class Embedder(Protocol):
    """Whoever turns a text into a vector."""

    async def embed(self, text: str, request_id: str = "") -> Embedded:
        """Raises EmbeddingError."""
        ...


class Near(NamedTuple):
    """A question that was asked before: under which key its answer is kept, and its likeness (cosine)."""

    key: bytes
    question: str
    similarity: float


class SemanticIndex(Protocol):
    """Questions that have been answered, by their context: none is ever compared with one of another context."""

    def add(self, key: bytes, kept: Kept) -> None: ...

    async def nearest(self, context: bytes, vector: bytes, most: int) -> Sequence[Near]:
        """The most alike first."""
        ...

    def remove(self, key: bytes) -> None: ...


class Alerts(Protocol):
    """Who is told that a budget runs out."""

    def tell(self, crossed: Crossed) -> None:
        """At once, whenever it will arrive: nobody waits for it."""
        ...


class Clock(Protocol):
    """Time, so that tests can set it."""

    def now_s(self) -> float:
        """Unix time."""
        ...

    def elapsed_s(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Journal(Protocol):
    """Where it is written what happened in one request."""

    def record(self, transcript: Transcript) -> None: ...
