"""What a decision may know about a request, each fact worked out once and only if someone asks.

Facts come from a real request or are pretended (`test-route`, the file's tests): decisions cannot tell which.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from llmgw.chat import estimate, measure
from llmgw.chat.beginning import beginning
from llmgw.chat.request import ChatRequest
from llmgw.config.model import TestRequest
from llmgw.graph.principal import Principal
from llmgw.graph.vocabulary import NAMES

Fact = str | int | float | bool | list[Any]

ANY_TIME_S = 1_800_000_000.0  # of a request that does not say when: for prices and windows, which have to know


class Facts:
    """Values by name of the vocabulary; a callable value is worked out at the first look, from the others.

    Three more are for pools, and no rule knows them: `conversation`, `earlier_tokens` and `now_s`.

    It is handed the facts and never holds them: they would hold each other, and with them the whole body, until the
    garbage collector came by.

    `fields` are the names of the body's top-level fields, for what a target cannot do.
    """

    __slots__ = ("_headers", "_metadata", "_values", "fields")

    def __init__(
        self,
        values: Mapping[str, Fact | Callable[["Facts"], Fact]],
        *,
        metadata: Mapping[str, str],
        headers: Mapping[str, str],
        fields: frozenset[str] = frozenset(),
    ) -> None:
        self._values = dict(values)
        self._metadata = metadata
        self._headers = headers
        self.fields = fields

    def value(self, name: str) -> Any:
        """The value of a name; raises KeyError for one that nobody knows."""
        value = self._values.get(name)
        if value is None:
            return self._said(name)
        if callable(value):
            value = self._values[name] = value(self)
        return value

    def _said(self, name: str) -> Any:
        """By the caller, in his own words; else it is absent."""
        root, _, member = name.partition(".")
        if root == "metadata":
            return self._metadata.get(member, "") if member else dict(self._metadata)
        if root == "headers":
            return self._headers.get(member.lower(), "") if member else dict(self._headers)
        default = NAMES[name]
        return list(default) if isinstance(default, tuple) else default


def of_request(  # noqa: PLR0913 - one for each thing that is known of it
    request: ChatRequest,
    *,
    endpoint: str,
    ip: str,
    metadata: Mapping[str, str],
    headers: Mapping[str, str],
    moment: Callable[[], datetime],
    principal: Principal | None = None,
    used: Callable[["Facts"], float] = lambda _: 0.0,
) -> Facts:
    """The facts of a request that came in. `headers` has its names in lower case, and no credentials.

    `used` tells how much of the tightest budget is.
    """
    return Facts(
        {
            "model": request.model,
            "ip": ip,
            **_of_key(principal),
            "request.endpoint": endpoint,
            "request.user": request.user,
            "request.stream": request.stream,
            "request.max_tokens": request.max_tokens,
            "request.tools": request.tools,
            "request.json": request.json,
            "request.messages": lambda _: measure.turns(request.fields.get(request.turns_field), request.turns_field),
            "request.images": lambda facts: measure.has_images(facts.value("request.messages")),
            "request.input_tokens": lambda _: estimate.input_tokens(request),
            "budget.used": used,
            "time.hour": lambda _: moment().hour,
            "time.weekday": lambda _: moment().isoweekday(),
            "conversation": lambda facts: beginning(request.fields, facts.value("request.messages")),
            "earlier_tokens": _earlier_tokens,
            "now_s": lambda _: moment().timestamp(),
        },
        metadata={**request.metadata, **metadata, **_said_by_key(principal)},
        headers=headers,
        fields=frozenset(request.fields),
    )


def pretended(
    request: TestRequest,
    moment: datetime | None = None,
    principal: Principal | None = None,
    used: Callable[["Facts"], float] = lambda _: 0.0,
) -> Facts:
    """The facts of a request that nobody sent. Without a moment the time reads as absent."""
    messages = list(request.messages)
    return Facts(
        {
            "model": request.model,
            "ip": request.ip or "",
            **_of_key(principal),
            "request.endpoint": request.endpoint,
            "request.user": request.user or "",
            "request.stream": request.stream,
            "request.max_tokens": request.max_tokens or 0,
            "request.tools": request.tools,
            "request.json": request.json,
            "request.messages": messages,
            "request.images": request.images or measure.has_images(messages),
            "request.input_tokens": lambda _: _input_tokens(request),
            "budget.used": used,
            "time.hour": moment.hour if moment else 0,
            "time.weekday": moment.isoweekday() if moment else 0,
            "conversation": lambda facts: beginning({}, facts.value("request.messages")),
            "earlier_tokens": _earlier_tokens,
            "now_s": moment.timestamp() if moment else ANY_TIME_S,
        },
        metadata={**request.metadata, **_said_by_key(principal)},
        headers={name.lower(): value for name, value in request.headers.items()},
        fields=_fields(request),
    )


def _input_tokens(request: TestRequest) -> int:
    if request.input_tokens is not None:
        return request.input_tokens
    return estimate.of_messages(list(request.messages), request.model)


def _earlier_tokens(facts: Facts) -> int:
    """About what was sent before with the same beginning: nothing, in the first request of a conversation."""
    sent = measure.earlier(facts.value("request.messages"))
    return estimate.of_messages(sent, facts.value("model")) if sent else 0


def _of_key(principal: Principal | None) -> dict[str, Fact]:
    if principal is None:
        return {}
    return {"key": principal.key, "key.team": principal.team, "key.user": principal.user}


def _said_by_key(principal: Principal | None) -> Mapping[str, str]:
    """It wins over what the caller says of himself: nobody promotes himself."""
    return {} if principal is None else principal.metadata


def _fields(request: TestRequest) -> frozenset[str]:
    """The body's fields that such a request would have."""
    given = {
        "stream": request.stream,
        "user": request.user is not None,
        "max_tokens": request.max_tokens is not None,
        "tools": request.tools,
        "response_format": request.json,
    }
    return frozenset({"model", "messages"} | {name for name, there in given.items() if there})
