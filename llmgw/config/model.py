"""The YAML file, one to one, frozen: what `load` gives and `graph.compile` takes.

Keys are spelled as in the file. Units are resolved (seconds, bytes), names are not: that is the compiler's work.
A test holds these classes and `schemas/llmgw.schema.json` against each other, so that neither drifts.
"""

from typing import Any, Literal

import msgspec

from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass

JsonValue = Any


class Duration(float):
    """Seconds; written with one unit: `500ms`, `30s`, `5m`, `1h`, `7d`."""

    __slots__ = ()


class Size(int):
    """Bytes; written with a binary unit: `64KiB`, `32MiB`."""

    __slots__ = ()


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A map of the file whose keys are all known."""


class Tls(Section, frozen=True):
    """Certificate chain and private key, as PEM files."""

    cert: str
    key: str


class ServerSection(Section, frozen=True):
    """The front door: where to listen and what to accept."""

    host: str | None = None  # None: 127.0.0.1 and ::1
    port: int = 4000
    max_body: Size = Size(32 * 1024 * 1024)
    max_in_flight: int = 10_000
    tls: Tls | None = None
    drain: Duration = Duration(30.0)
    trusted_proxies: tuple[str, ...] = ()
    timezone: str = "UTC"
    cors: tuple[str, ...] = ()
    open: bool = False
    early_keepalive: Duration | None = None
    admin_key: Secret | None = None  # None: nobody administers


class Simulate(Section, frozen=True):
    """How the built-in simulator behaves. `fail` gives a share (0…1) of calls to each failure class."""

    latency: Duration = Duration(0.0)
    tokens_per_s: float | None = None  # None: as fast as it is read
    output_tokens: int | None = None  # None: as the prompt suggests
    fail: dict[FailureClass, float] = {}


SpokenDialect = Literal["openai_chat", "openai_responses", "openai_completions", "anthropic_messages"]


class ProviderEntry(Section, frozen=True):
    """What differs from the catalogue's row of the same name, or from `like`."""

    like: str | None = None
    base_url: str | None = None
    api_key: tuple[Secret, ...] | None = None  # several are rotated
    api_version: str | None = None
    speaks: tuple[SpokenDialect, ...] | None = None  # None: as the row, unless it is at another host
    auth: Literal["none", "cloud", "client"] | None = None
    optional: bool = False
    headers: dict[str, Secret] = {}
    region: str | None = None
    project: str | None = None
    profile: str | None = None
    credentials_file: str | None = None
    proxy: Secret | None = None
    ca_file: str | None = None
    verify_tls: bool | None = None  # None: inherited, in the end true
    max_connections: int | None = None
    unsupported: Literal["drop", "error"] | None = None  # None: inherited, in the end drop
    simulate: Simulate | None = None


class TimeoutEntry(Section, frozen=True):
    """Time limits of one attempt. What is None is inherited."""

    connect: Duration | None = None
    first_token: Duration | None = None
    idle: Duration | None = None
    total: Duration | None = None


class RetryEntry(Section, frozen=True):
    """Tries of one target (1: no retry) and the waits between them. What is None is inherited."""

    attempts: int | None = None
    backoff: Duration | None = None
    max_backoff: Duration | None = None


class BreakerEntry(Section, frozen=True):
    """When a target is left alone, and for how long. What is None is inherited."""

    failures: int | None = None
    error_rate: float | None = None
    window: Duration | None = None
    open_for: Duration | None = None
    max_open: Duration | None = None


class Price(Section, frozen=True):
    """USD per million tokens of each class, and per request. None: as the class which contains it.

    `output_usd_per_mtok` None: there is no output, as of a model of embeddings.
    """

    input_usd_per_mtok: float
    output_usd_per_mtok: float | None = None
    cached_input_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None
    cache_write_1h_usd_per_mtok: float | None = None
    reasoning_usd_per_mtok: float | None = None
    audio_input_usd_per_mtok: float | None = None
    cached_audio_input_usd_per_mtok: float | None = None
    audio_output_usd_per_mtok: float | None = None
    image_input_usd_per_mtok: float | None = None
    image_output_usd_per_mtok: float | None = None
    request_usd: float = 0.0


class ModelEntry(Section, frozen=True):
    """One thing to call: `provider/model` and how. A bare string in the file is `{target: …}`."""

    target: str
    like: str | None = None
    set: dict[str, JsonValue] = {}
    default: dict[str, JsonValue] = {}
    drop: tuple[str, ...] = ()
    lacks: tuple[Literal["tools", "json", "images", "thinking"], ...] = ()
    timeout: TimeoutEntry | None = None
    retry: RetryEntry | None = None
    breaker: BreakerEntry | None = None
    price: Price | Literal["free"] | None = None
    context_window: int | None = None
    max_output: int | None = None
    expose: bool | tuple[str, ...] = True  # a bare name in the file is a list of one


class FallbackEntry(Section, frozen=True):
    """An entry of `fallback`; a bare name in the file is `{use: …}`.

    `on_failure` None: the default classes. `any` in the file is every class here.
    """

    use: str
    on_failure: tuple[FailureClass, ...] | None = None


class PoolEntry(Section, frozen=True):
    """A member of `pool`; a bare name in the file is `{use: …}`. Weight 0 drains it."""

    use: str
    weight: float = 1.0


class WhenEntry(Section, frozen=True):
    """A branch of `when`; the last one has no `if`."""

    use: str
    if_: str | None = msgspec.field(name="if", default=None)


By = Literal["weight", "cost", "latency", "load"]


class RouteEntry(Section, frozen=True):
    """Exactly one of `fallback`, `pool`, `when`, and the rules of the whole request.

    `by` and `sticky` are a pool's: how it chooses, and what keeps to the member that it was given.
    """

    fallback: tuple[FallbackEntry, ...] | None = None
    pool: tuple[PoolEntry, ...] | None = None
    when: tuple[WhenEntry, ...] | None = None
    by: By = "weight"
    sticky: str | None = None
    deadline: Duration | None = None
    max_attempts: int | None = None
    timeout: TimeoutEntry | None = None
    retry: RetryEntry | None = None
    expose: bool | tuple[str, ...] = True


class DefaultsSection(Section, frozen=True):
    """What holds where neither a route nor a model says otherwise."""

    timeout: TimeoutEntry = TimeoutEntry()
    retry: RetryEntry = RetryEntry()
    breaker: BreakerEntry = BreakerEntry()
    deadline: Duration = Duration(600.0)
    max_attempts: int = 6


class KeySecret(Section, frozen=True):
    """One of a key's secrets; a bare text in the file is `{value: …}`. `not_after` None: as long as the key itself."""

    value: Secret
    not_after: str | None = None


class KeyEntry(Section, frozen=True):
    """Who may call: what he shows, who he is, and what he may use. A bare text as `secret` is a list of one.

    `models` and `endpoints` None: all of them.
    """

    name: str
    secret: tuple[KeySecret, ...] = ()
    sha256: str | None = None
    team: str | None = None
    user: str | None = None
    models: tuple[str, ...] | None = None
    endpoints: tuple[Literal["chat", "count_tokens"], ...] | None = None
    metadata: dict[str, str] = {}
    expires: str | None = None


class LimitEntry(Section, frozen=True):
    """So many requests, tokens, and requests at once, for each bucket. A bare name as `each` is a list of one.

    Each of the three is one amount, or one by the value of `each`. Rates are as written: `60/m`. `models` None: all.
    """

    name: str
    models: tuple[str, ...] | None = None
    match: str | None = None
    each: tuple[str, ...] = ()
    missing: Literal["own", "skip", "reject"] = "own"
    requests: str | dict[str, str] | None = None
    tokens: str | dict[str, str] | None = None
    concurrent: int | dict[str, int] | None = None


class OnExceeded(Section, frozen=True):
    """What answers when a budget does not."""

    use: str


class AlertEntry(Section, frozen=True):
    """A word to somebody when these fractions of a budget are used up. `secret` signs it."""

    webhook: Secret
    at: tuple[float, ...] = (0.8, 1.0)
    secret: Secret | None = None


class BudgetEntry(Section, frozen=True):
    """So many dollars within some time, for each bucket. A bare name as `each` is a list of one.

    `limit_usd` is one amount, or one by the value of `each`; `per` is as written: a word, or a duration. `models`
    None: all. `timezone` None: the server's.
    """

    name: str
    limit_usd: float | dict[str, float]
    per: str
    models: tuple[str, ...] | None = None
    match: str | None = None
    each: tuple[str, ...] = ()
    missing: Literal["own", "skip", "reject"] = "own"
    timezone: str | None = None
    on_exceeded: Literal["reject"] | OnExceeded = "reject"
    enforce: Literal["hard", "shadow"] = "hard"
    unbounded: Literal["refuse", "allow"] = "refuse"
    alert: AlertEntry | None = None


class CacheEntry(Section, frozen=True):
    """Which answers are kept, for whom and how long. A bare name as `scope` is a list of one.

    `models` None: all. `threshold`, `embed` and `slots` are of `semantic` rules only; None: what is usual there.
    """

    name: str
    ttl: Duration
    models: tuple[str, ...] | None = None
    match: str | None = None
    mode: Literal["exact", "semantic"] = "exact"
    scope: tuple[str, ...] = ("key",)
    threshold: float | None = None
    embed: str | None = None
    slots: bool | None = None
    keep_fallback: bool = False
    tool_calls: bool = False
    variety: bool = False


class CacheSection(Section, frozen=True):
    """What is answered from memory, or from a file (`store`: `memory`, or `sqlite:///PATH`)."""

    max_size: Size = Size(256 * 1024 * 1024)
    store: str = "memory"
    rules: tuple[CacheEntry, ...] = ()


class StateSection(Section, frozen=True):
    """What is kept. `ledger` is a file, as `sqlite:///PATH`, or `none`: then nothing is."""

    ledger: str = "sqlite:///llmgw.db"
    keep: Duration = Duration(7_776_000.0)
    durability: Literal["process", "disk"] = "process"


class Logs(Section, frozen=True):
    """`format` None: pretty on a terminal, JSON in a pipe. `bodies` puts requests and answers into the log."""

    format: Literal["json", "pretty"] | None = None
    level: Literal["debug", "info", "warning", "error"] = "info"
    bodies: bool = False


class TelemetrySection(Section, frozen=True):
    """What is told to the operators."""

    logs: Logs = Logs()


class TestRequest(Section, frozen=True):
    """The pretended request of a test: what conditions look at."""

    model: str
    key: str | None = None
    metadata: dict[str, str] = {}
    headers: dict[str, str] = {}
    user: str | None = None
    ip: str | None = None
    endpoint: str = "chat"
    stream: bool = False
    input_tokens: int | None = None
    max_tokens: int | None = None
    tools: bool = False
    images: bool = False
    json: bool = False
    messages: tuple[JsonValue, ...] = ()


class TestEntry(Section, frozen=True):
    """A test of the file: the pretended failures, and the targets tried or the error code expected.

    `fail` gives the class with which a target fails, always, or a list: one class per attempt, then it answers.
    `spent` gives what of a budget is used up, in the bucket of that request.
    """

    name: str
    request: TestRequest
    expect: tuple[str, ...] | str
    fail: dict[str, FailureClass | tuple[FailureClass, ...]] = {}
    spent: dict[str, float] = {}
    at: str | None = None
    seed: int = 0


class ConfigFile(Section, frozen=True):
    """The whole file."""

    server: ServerSection = ServerSection()
    providers: dict[str, ProviderEntry] = {}
    models: dict[str, ModelEntry] = {}
    routes: dict[str, RouteEntry] = {}
    defaults: DefaultsSection = DefaultsSection()
    keys: tuple[KeyEntry, ...] = ()
    limits: tuple[LimitEntry, ...] = ()
    budgets: tuple[BudgetEntry, ...] = ()
    cache: CacheSection = CacheSection()
    state: StateSection = StateSection()
    telemetry: TelemetrySection = TelemetrySection()
    prices: dict[str, Price | Literal["free"]] = {}
    tests: tuple[TestEntry, ...] = ()
