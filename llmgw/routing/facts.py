"""What a decision may know about a request, each fact worked out once and only if someone asks.

Facts come from a real request or are pretended (`test-route`, the file's tests): decisions cannot tell which.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from llmgw.chat import measure
from llmgw.chat.request import ChatRequest
from llmgw.graph.vocabulary import NAMES

Fact = str | int | bool | list[Any]


class Facts:
    """Values by name of the vocabulary; a callable value is worked out at the first look.

    `fields` are the names of the body's top-level fields, for what a target cannot do.
    """

    __slots__ = ("_headers", "_metadata", "_values", "fields")

    def __init__(
        self,
        values: Mapping[str, Fact | Callable[[], Fact]],
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
        """The value of a name of the vocabulary; raises KeyError for any other."""
        root, _, member = name.partition(".")
        if root == "metadata":
            return self._metadata.get(member, "") if member else dict(self._metadata)
        if root == "headers":
            return self._headers.get(member.lower(), "") if member else dict(self._headers)
        value = self._values.get(name)
        if value is None:
            default = NAMES[name]
            return list(default) if isinstance(default, tuple) else default
        if callable(value):
            value = self._values[name] = value()
        return value


def of_request(
    request: ChatRequest,
    *,
    endpoint: str,
    ip: str,
    metadata: Mapping[str, str],
    headers: Mapping[str, str],
    moment: Callable[[], datetime],
) -> Facts:
    """The facts of a request that came in."""
    messages = request.fields.get("messages")
    tools = request.fields.get("tools")

    def decoded() -> list[Any]:
        value = measure.decode(messages)
        return value if isinstance(value, list) else []

    return Facts(
        {
            "model": request.model,
            "ip": ip,
            "request.endpoint": endpoint,
            "request.user": request.user,
            "request.stream": request.stream,
            "request.max_tokens": request.max_tokens,
            "request.tools": request.tools,
            "request.json": request.json,
            "request.messages": decoded,
            "request.images": lambda: measure.has_images(decoded()),
            "request.input_tokens": lambda: measure.input_tokens_max(decoded(), bytes(tools or b"")),
            "time.hour": lambda: moment().hour,
            "time.weekday": lambda: moment().isoweekday(),
        },
        metadata={**request.metadata, **metadata},
        headers=headers,
        fields=frozenset(request.fields),
    )
