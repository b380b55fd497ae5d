"""Random configs, requests and failures, for the test that holds the dry run against the server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

# All that an upstream can be made to show at once; a timeout would have to be waited for.
CLASSES = (
    "connection",
    "rate_limited",
    "quota_exhausted",
    "overloaded",
    "server_error",
    "unauthorized",
    "not_found",
    "context_length",
    "content_filter",
    "protocol",
    "invalid_request",
)
ON_FAILURE = tuple(name for name in CLASSES if name != "invalid_request")

CREDENTIALS: tuple[dict[str, Any], ...] = (
    {"auth": "none"},
    *({"api_key": [f"key-of-up#{number}" for number in range(1, keys + 1)]} for keys in (1, 2, 3)),
)

CONDITIONS = (
    'metadata.tier == "free"',
    "request.stream",
    "request.tools || request.max_tokens > 100",
    'headers["x-team"] == "blue" && !request.json',
    "request.input_tokens > 40",
    'request.user.startsWith("a")',
    "budget.used >= 0.95",
)

POOLS: tuple[dict[str, str], ...] = (
    *({}, {}, {"by": "cost"}, {"by": "latency"}, {"by": "load"}),
    *({"sticky": "conversation"}, {"sticky": "request.user"}),
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, and with which class each upstream model fails: always, or one class per attempt.

    `spent` is so many dollars by the name of a budget, in each of its buckets.
    """

    model: str
    stream: bool
    tools: bool
    max_tokens: int
    user: str
    text: str
    metadata: dict[str, str]
    team: str
    fail: dict[str, str | list[str]]
    spent: Mapping[str, float] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model, "messages": [{"role": "user", "content": self.text}]}
        if self.stream:
            body["stream"] = True
        if self.tools:
            body["tools"] = [{"type": "function", "function": {"name": "look"}}]
        if self.max_tokens:
            body["max_tokens"] = self.max_tokens
        if self.user:
            body["user"] = self.user
        return body


@dataclass(frozen=True, slots=True)
class Scenario:
    """A config as a tree (YAML is a superset of JSON) and some requests to it."""

    config: dict[str, Any]
    asks: list[Ask]

    def text(self) -> str:
        return msgspec.json.encode(self.config).decode()


@st.composite
def scenarios(draw: DrawFn, base_url: str) -> Scenario:
    models = [f"m{index}" for index in range(draw(st.integers(1, 5)))]
    routes = [f"r{index}" for index in range(draw(st.integers(1, 4)))]
    config = {
        "providers": {"up": {"like": "openai", "base_url": base_url, **draw(st.sampled_from(CREDENTIALS))}},
        "defaults": {
            "retry": {"attempts": draw(st.integers(1, 3)), "backoff": "1ms", "max_backoff": "2ms"},
            "max_attempts": draw(st.integers(1, 8)),
        },
        "models": {name: draw(_model(name)) for name in models} | {"p-*": "up/p-*"},
        # A route uses models and later routes only, so there is no cycle.
        "routes": {name: draw(_route([*models, *routes[at + 1 :], "p-1"])) for at, name in enumerate(routes)},
    }
    names = [*models, *routes, "p-7", "nobody"]
    return Scenario(config, draw(st.lists(_ask(names, models), min_size=3, max_size=4)))


@st.composite
def _model(draw: DrawFn, name: str) -> dict[str, Any]:
    model: dict[str, Any] = {"target": f"up/{name}"}
    if draw(st.booleans()):
        model["context_window"] = draw(st.sampled_from([1000, 8000, 128000]))
    if draw(st.integers(0, 3)) == 0:
        model["max_output"] = 150
    if draw(st.integers(0, 3)) == 0:
        model["retry"] = {"attempts": draw(st.integers(1, 3))}
    return model


@st.composite
def _route(draw: DrawFn, names: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["fallback", "fallback", "pool", "when"]))
    uses = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
    route: dict[str, Any]
    match kind:
        case "fallback":
            route = {"fallback": [draw(_fallback_entry(use, at)) for at, use in enumerate(uses)]}
        case "pool":
            weights = [draw(st.sampled_from([0, 1, 1, 2, 5])) for _ in uses]
            weights[0] = weights[0] or 1
            route = {"pool": [{"use": use, "weight": weight} for use, weight in zip(uses, weights, strict=True)]}
            route |= draw(st.sampled_from(POOLS))
        case _:
            conditions = draw(st.permutations(CONDITIONS))
            branches = [{"if": condition, "use": use} for condition, use in zip(conditions, uses[:-1], strict=False)]
            route = {"when": [*branches, {"use": uses[-1]}]}
    if draw(st.integers(0, 3)) == 0:
        route["max_attempts"] = draw(st.integers(1, 8))
    if draw(st.integers(0, 3)) == 0:
        route["retry"] = {"attempts": draw(st.integers(1, 3))}
    return route


@st.composite
def _fallback_entry(draw: DrawFn, use: str, at: int) -> Any:
    if at == 0 or draw(st.integers(0, 2)):
        return use
    return {"use": use, "on_failure": draw(st.lists(st.sampled_from(ON_FAILURE), min_size=1, max_size=5, unique=True))}


@st.composite
def _ask(draw: DrawFn, names: list[str], models: list[str]) -> Ask:
    failing = draw(st.lists(st.sampled_from([*models, "p-1", "p-7"]), unique=True, max_size=6))
    classes = st.sampled_from(CLASSES)
    return Ask(
        model=draw(st.sampled_from(names)),
        stream=draw(st.booleans()),
        tools=draw(st.booleans()),
        max_tokens=draw(st.sampled_from([0, 0, 120, 200])),
        user=draw(st.sampled_from(["", "ada", "bob"])),
        text=draw(st.sampled_from(["hi", "how do you do, all of you over there?", "Grüße 🌍"])),
        metadata=draw(st.sampled_from([{}, {"tier": "free"}, {"tier": "paid"}])),
        team=draw(st.sampled_from(["", "blue"])),
        fail={name: draw(classes | st.lists(classes, min_size=1, max_size=3)) for name in failing},
    )
