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
    outcome: str = "internal_error"
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
    error: str | None = None
    committed: bool = False
    ending: bool = False  # the end of the stream is being written: nothing may follow it
    request_body: bytes | None = None
    response_body: bytearray | None = None

    @property
    def target(self) -> str | None:
        """The last target tried: the one that answered, if any did."""
        return self.attempts[-1].target if self.attempts else None

    @property
    def path(self) -> str | None:
        """How it was reached."""
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
        self.outcome = self.attempts[-1].outcome = OK

    def note_client_gone(self) -> None:
        """The client has left: that is how the call ended, unless it had the whole answer by then."""
        if self.outcome != OK:
            self.outcome, self.status = CLIENT_CLOSED, 499

    def note_stopped(self) -> None:
        """The process has ended the call, unless the client had the whole answer by then, or had left."""
        if self.outcome not in (OK, CLIENT_CLOSED):
            self.outcome = STOPPED

    def keep_body(self, data: bytes) -> None:
        """Part of what the client got, if bodies are logged, up to the limit."""
        if self.response_body is not None and len(self.response_body) < BODY_BYTES_KEPT_MAX:
            self.response_body += data[: BODY_BYTES_KEPT_MAX - len(self.response_body)]
