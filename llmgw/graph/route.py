"""What a public name leads to: a tree of targets, linked at load, with the rules of the whole request.

A request follows references here, never names. The nodes know nothing of who asks for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never
from urllib.parse import quote

from llmgw.chat.dialect import Dialect, ProviderDialect
from llmgw.chat.request import Edits
from llmgw.config.model import By, Simulate
from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass
from llmgw.graph.condition import Condition
from llmgw.graph.patterns import STAR
from llmgw.graph.price import Price
from llmgw.graph.price_list import Offer, Offers
from llmgw.providers.auth import Auth

PATH_SAFE = f"{STAR}@"  # what of a model's name stands in a path as it is: Vertex has names like claude-x@20250101


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Limits of one attempt, in seconds. `first_token` and `idle` are for streams; `total` for both."""

    connect_s: float = 5.0
    first_token_s: float = 60.0
    idle_s: float = 60.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Tries of one target (1: no retry) and the bounds of the wait between them."""

    attempts: int = 2
    backoff_s: float = 0.25
    max_backoff_s: float = 8.0


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When a target is left alone: after so many failures in a row, or over that share of those in the window.

    Then for `open_for_s`, and twice as long each time it is tried in vain, up to `max_open_s`.
    """

    failures: int = 5
    error_rate: float = 0.5
    window_s: float = 30.0
    open_for_s: float = 15.0
    max_open_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Transport:
    """How connections to a provider are made. Targets with equal transports share a pool, one provider's at most.

    The simulator's settings tell transports apart all the same, but hold a map, which has no hash.
    """

    provider: str = ""
    max_connections: int = 0  # 0: no limit of ours
    proxy: Secret | None = None
    ca_file: str | None = None
    verify_tls: bool = True
    # The built-in simulator answers, no connection is made.
    simulate: Simulate | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves to the provider who pays. `key` None: not set; `variable` says which one it would be.

    `client`: nothing of ours does, but what the caller sends, as this kind. `keys`: where there are several, all of
    them, by their number in the file, from 1; `key` is the first.
    """

    auth: Auth
    key: Secret | None
    variable: str
    client: Auth | None = None
    keys: tuple[tuple[int, Secret], ...] = ()


@dataclass(frozen=True, slots=True)
class OneOfKeys:
    """One of several keys of a provider, as a call carries it. The name says which, as in `openai#2`."""

    name: str
    headers: Mapping[str, Secret]


@dataclass(frozen=True, slots=True)
class Wire:
    """One way to call a target: the dialect that it understands there. Some have a URL of their own for streams."""

    dialect: ProviderDialect
    url: str
    stream_url: str

    def concrete(self, name: str) -> "Wire":
        """The same for one name of a pattern, as it stands in a URL."""
        return replace(self, url=self.url.replace(STAR, name), stream_url=self.stream_url.replace(STAR, name))


@dataclass(frozen=True, slots=True)
class CloudAuth:
    """A credential that a cloud's own library makes for each call (`providers.clouds`).

    `variables` are those of the cloud that are set, for the library cannot see those of `--env-file`.
    """

    kind: Auth
    region: str = ""  # the two that a signature of AWS is for
    service: str = ""
    profile: str = ""
    credentials_file: str = ""
    variables: tuple[tuple[str, Secret], ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Provider, upstream model and credential: one thing to call. `id` is stable across reloads.

    In a pattern (`gpt-*`) `id`, the URLs and `edits.model` still hold the star; `concrete` fills it in.
    """

    id: str
    provider: str
    wires: tuple[Wire, ...]  # the usual one first
    edits: Edits
    headers: Mapping[str, Secret]  # lower case; the credential is among them
    transport: Transport
    credentials: tuple[OneOfKeys, ...] = ()  # to choose from, where there are several
    default_headers: frozenset[str] = frozenset()  # those of the headers that the caller may say otherwise
    count: Wire | None = None  # where the tokens of a request are counted
    secrets: tuple[Secret, ...] = ()  # what of the headers nobody else may see
    cloud: CloudAuth | None = None
    client_auth: Auth | None = None  # how it takes the caller's own credential, if it is to have that
    unsupported: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()  # of tools, json and images: see `request.` in the vocabulary
    price: Price | None = None  # unknown
    priced_by: str = ""  # where the price is from
    offers: Offers | None = None  # what of price and window is known only of a concrete name
    context_window: int | None = None
    max_output: int | None = None
    breaker: BreakerRule = BreakerRule()
    fingerprint: str = ""  # of all that decides what is asked of whom (`fingerprints`); of a pattern with its star

    def wire(self, client: Dialect) -> Wire:
        """The caller's own dialect, if the target understands it: then nothing needs to be translated."""
        return next((wire for wire in self.wires if wire.dialect is client), self.wires[0])

    def concrete(self, star: str) -> "Target":
        """The target for one name of the pattern."""
        name = quote(star, safe=PATH_SAFE)
        offer = Offer() if self.offers is None else self.offers.of(star)
        return replace(
            self,
            id=self.id.replace(STAR, star),
            wires=tuple(wire.concrete(name) for wire in self.wires),
            count=None if self.count is None else self.count.concrete(name),
            edits=replace(self.edits, model=self.edits.model.replace(STAR, star)),
            price=offer.price if self.price is None else self.price,
            priced_by=self.priced_by or offer.source,
            context_window=self.context_window or offer.context_window,
            offers=None,
        )


@dataclass(frozen=True, slots=True)
class Leaf:
    """A target as one route reaches it: `path` is how, the limits are the route's, the model's or the defaults'.

    Every node's path is that of the entry which leads to it: `smart/fallback[1]=claude`.
    """

    target: Target
    path: str
    limits: TimeLimits
    retry: Retry


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a fallback. `on_failure` None: the default classes."""

    node: "Node"
    on_failure: frozenset[FailureClass] | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """In order; the next one only after a failure that its entry takes."""

    path: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a pool and its share. `name` is that of its entry: what sticks, sticks to it."""

    node: "Node"
    weight: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """Members share the load; one that fails yields to the next choice.

    `sticky` is the name of what keeps to its member (`conversation`, or one of the vocabulary); empty: nothing does.
    """

    path: str
    members: tuple[Member, ...]
    by: By = "weight"
    sticky: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a `when`; the last one has no condition.

    `deadline_s` and `max_attempts` are what a route in this branch says of the whole request; None: what holds holds.
    """

    node: "Node"
    condition: Condition | None
    deadline_s: float | None = None
    max_attempts: int | None = None


@dataclass(frozen=True, slots=True)
class When:
    """The first branch whose condition holds."""

    path: str
    branches: tuple[Branch, ...]


Node = Leaf | Fallback | Pool | When


def children(node: Node) -> tuple[Node, ...]:
    """What a node leads to, in the file's order."""
    match node:
        case Leaf():
            return ()
        case Fallback(_, entries):
            return tuple(entry.node for entry in entries)
        case Pool(_, members):
            return tuple(member.node for member in members)
        case When(_, branches):
            return tuple(branch.node for branch in branches)
        case _:
            assert_never(node)


def entry_name(child: Node, parent: Node) -> str:
    """The name by which an entry of `parent` leads to `child`: what follows the index in its path."""
    return child.path[len(parent.path) :].partition("]=")[2]


@dataclass(frozen=True, slots=True)
class Route:
    """What a public name resolves to, and the rules of the whole request."""

    name: str
    node: Node
    deadline_s: float
    max_attempts: int
