"""What happened in one call: filled in along the way, recorded once at its end."""

from dataclasses import dataclass, field

from llmgw.chat.usage import Usage
from llmgw.config.secrets import Secret
from llmgw.graph.principal import Principal
from llmgw.masking import masked
from llmgw.policy.claims import Standing

BODY_BYTES_LOGGED_MAX = 16 * 1024
BODY_BYTES_KEPT_MAX = BODY_BYTES_LOGGED_MAX + 1024  # so that a secret at the end is seen whole, and taken out

NOTHING_LIMITED = Standing()

# Outcomes that are no error codes; all others are.
OK = "ok"
CLIENT_CLOSED = "client_closed"
CLIENT_CLOSED_STATUS = 499
INTERNAL_ERROR = "internal_error"  # an error code
STOPPED = "stopped"  # by the end of the process; an error code too, where nothing had been sent yet


def named(principal: Principal) -> tuple[str, str, str]:
    """What logs say of a caller: key, team and user."""
    return principal.key, principal.team, principal.user


@dataclass(slots=True)
class AttemptRecord:
    """One attempt. `outcome` is `ok`, a class of failure, or what it was when the client or we left. In seconds."""

    target: str
    path: str
    delay_s: float
    outcome: str = "unfinished"
    status: int | None = None
    message: str | None = None
    elapsed_s: float = 0.0
    dialect: str = ""  # in which the target was asked
    credential: str = ""  # its name, where the provider has several


@dataclass(slots=True)
class Transcript:
    """One call, from its arrival to its last byte. `outcome` is `ok`, `client_closed` or a stable error code.

    It expects the worst: what nobody has ended otherwise was a fault of ours. `waited_s` is time spent waiting for
    upstreams and between attempts until the commit: what is left of the time until then is ours.
    """

    request_id: str
    endpoint: str
    model: str
    stream: bool
    started_s: float
    dialect: str = ""  # of the caller
    client_request_id: str | None = None
    key: str | None = None  # its name
    team: str | None = None
    user: str | None = None
    secrets: tuple[Secret, ...] = ()  # what the caller has shown: the journal takes it out of every text
    attempts: list[AttemptRecord] = field(default_factory=list)
    outcome: str = INTERNAL_ERROR
    status: int = 500
    usage: Usage | None = None
    estimated: bool = False  # nobody told the usage
    overrun: bool = False  # it cost more than had been reserved
    cost_nanousd: int | None = None
    standing: Standing = NOTHING_LIMITED
    output_cap: int | None = None  # set by us, for a budget's sake
    first_token_s: float | None = None
    total_s: float = 0.0
    waited_s: float = 0.0
    dropped: tuple[str, ...] = ()
    cache: str = "off"  # as callers are told
    cache_why: str = ""  # the answer was not looked for, or not kept
    similarity: float | None = None  # of the question whose answer it is (cosine)
    age_s: float | None = None  # of an answer from the cache
    answer_nanousd: int | None = None  # what the attempt cost that answered; None: its price is not known
    saved_nanousd: int = 0  # by the cache
    source: tuple[str, str] | None = None  # of an answer that was not asked for: the target that gave it, and the path
    error: str | None = None
    committed: bool = False
    ending: bool = False  # the end of the stream is being written: nothing may follow it
    ended_unknown: bool = False  # in a word of the provider's that we do not know, and that its translation has lost
    left: bool = False  # its client gets no more of it; the answer may go on, for others
    request_body: bytes | None = None
    response_body: bytearray | None = None

    @property
    def target(self) -> str | None:
        """The last target tried: the one that answered, if any did."""
        if self.source is not None:
            return self.source[0]
        return self.attempts[-1].target if self.attempts else None

    @property
    def path(self) -> str | None:
        """How it was reached."""
        if self.source is not None:
            return self.source[1]
        return self.attempts[-1].path if self.attempts else None

    @property
    def overhead_s(self) -> float:
        """How much later the answer began for our sake."""
        until_s = self.total_s if self.first_token_s is None else self.first_token_s
        return max(until_s - self.waited_s, 0.0)

    def clean(self, text: str) -> str:
        """What a caller writes may hold his key; it goes into names, and those into the log and the ledger."""
        return masked(text, (secret.reveal() for secret in self.secrets)) if self.secrets else text

    def note_whole(self) -> None:
        """The client has all of it; whatever happens now changes nothing."""
        self.outcome = OK
        if self.attempts:
            self.attempts[-1].outcome = OK

    def note_kept(self, how: str, target: str, path: str, dropped: tuple[str, ...]) -> None:
        """The answer was given to somebody before, or is being given: `how` it came to this caller."""
        self.cache, self.source, self.dropped, self.cost_nanousd = how, (target, path), dropped, 0
        self.cache_why, self.similarity = "", None  # of what was looked for before

    def note_unread(self) -> None:
        """The answer is whole, but the client has not all of it."""
        self.outcome, self.ending = INTERNAL_ERROR, False

    def note_client_gone(self) -> None:
        """The client has left: that is how the call ended, unless it had the whole answer by then."""
        if self.outcome != OK:
            self.outcome, self.status = CLIENT_CLOSED, CLIENT_CLOSED_STATUS

    def note_stopped(self) -> None:
        """The process has ended the call, unless the client had the whole answer by then, or had left."""
        if self.outcome not in (OK, CLIENT_CLOSED):
            self.outcome = STOPPED

    def keep_body(self, data: bytes) -> None:
        """Part of what the client got, if bodies are logged, up to the limit."""
        if self.response_body is not None and len(self.response_body) < BODY_BYTES_KEPT_MAX:
            self.response_body += data[: BODY_BYTES_KEPT_MAX - len(self.response_body)]
