"""What is asked, what is answered, what is seen at each end: in words of no dialect.

A cell of the matrix says an `Ask` with a real SDK and scripts a `Reply` of the provider; what reached the provider is
`Got`, what the SDK gave its user is `Seen`. Only clients and upstreams know how any of it is spelt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SYSTEM = "Be brief."
WEATHER_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
EVENT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "day": {"type": "string"}},
    "required": ["name", "day"],
    "additionalProperties": False,
}
TOOL = "get_weather"
STOP, LENGTH, TOOLS, FILTER = "stop", "length", "tools", "filter"


@dataclass(frozen=True, slots=True)
class Call:
    """A tool is to be called. `signature` is what the provider wants back with it (Gemini)."""

    id: str
    arguments: Mapping[str, Any]
    name: str = TOOL
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider says. 12 tokens were read and 9 written, in every one."""

    text: str = ""
    thoughts: str = ""
    signature: str = ""
    calls: tuple[Call, ...] = ()
    finish: str = STOP
    refusal: str = ""
    stop_sequence: str = ""

    @property
    def pieces(self) -> list[str]:
        """The text as a stream has it."""
        middle = len(self.text) // 2
        return [piece for piece in (self.text[:middle], self.text[middle:]) if piece]


INPUT_TOKENS, OUTPUT_TOKENS = 12, 9


@dataclass(frozen=True, slots=True)
class Failure:
    """What the SDK raised, as its user catches it."""

    kind: str
    status: int | None
    message: str


@dataclass(slots=True)
class Seen:
    """What the SDK gave. `reply` is its own object or objects, to be sent back in the next turn."""

    text: str = ""
    thoughts: str = ""
    refusal: str = ""
    calls: list[Call] = field(default_factory=list)
    finish: str = ""
    usage: tuple[int, int] | None = None
    pieces: int = 0
    reply: Any = None
    dropped: str = ""
    failure: Failure | None = None

    @property
    def said(self) -> str:
        """Some have no other word for a refusal than text."""
        return self.text + self.refusal


@dataclass(frozen=True, slots=True)
class Ask:
    """What the user of an SDK wants. `after` is the turn before, `results` what its tools came to."""

    prompt: str = "Say hello"
    stream: bool = False
    tools: bool = False
    image: bool = False
    schema: bool = False
    thinks: bool = False
    stop: str = ""
    max_tokens: int = 4000
    after: Seen | None = None
    results: tuple[str, ...] = ()


@dataclass(slots=True)
class Got:
    """What reached the provider, read from its own dialect."""

    system: str = ""
    prompts: list[str] = field(default_factory=list)  # texts of the user, in order
    tools: dict[str, Any] = field(default_factory=dict)  # schemas by name
    calls: list[tuple[str, str]] = field(default_factory=list)  # id and name, of the assistant's turns
    results: list[tuple[str, str]] = field(default_factory=list)  # id of the call (or name) and text
    images: list[tuple[str, str]] = field(default_factory=list)  # media type and base64
    schema: Any = None
    thinks: bool = False
    signatures: list[str] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    max_tokens: int | None = None
    stream: bool = False
