"""What a conversation is, whoever speaks it: the words that every dialect has in common.

Only a request that crosses from one dialect to another is read this deeply; between equal dialects the caller's own
bytes go on. What has no word here is named in `beyond`, so that nothing is lost without the caller being told.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

Json = Any  # decoded JSON, as it came


class Role(StrEnum):
    """Who speaks. Results of tools are parts of the user's turn; SYSTEM is for instructions amid the conversation."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class Text(msgspec.Struct, frozen=True):
    """`cache` is the mark that the prompt up to here may be cached: for how long, as `5m` or `1h`."""

    text: str
    cache: str = ""
    citations: tuple[Json, ...] = ()


class Image(msgspec.Struct, frozen=True):
    """Either `data` (base64, of `media_type`) or a `url`. `detail` is low, high or auto."""

    media_type: str = ""
    data: str = ""
    url: str = ""
    detail: str = ""
    cache: str = ""


class Audio(msgspec.Struct, frozen=True):
    """`data` is base64; `format` is wav, mp3 and so on."""

    data: str
    format: str


class File(msgspec.Struct, frozen=True):
    """A document: base64 `data` of `media_type`, a `url`, or the `id` that the provider has given it."""

    name: str = ""
    media_type: str = ""
    data: str = ""
    url: str = ""
    id: str = ""
    cache: str = ""


class ToolUse(msgspec.Struct, frozen=True):
    """The model calls a tool. `arguments` is JSON as text, of an object if the model did well.

    `signature` is the issuer's proof of what it thought when it called (Gemini's `thoughtSignature`). Where a dialect
    has no place for it, an empty thought with that signature stands before the call.
    """

    id: str
    name: str
    arguments: str
    signature: str = ""
    issuer: str = ""
    cache: str = ""


class ToolResult(msgspec.Struct, frozen=True):
    """What a tool said. `id` is that of the call; `name` is told where the caller told it."""

    id: str
    parts: tuple["Part", ...]
    name: str = ""
    is_error: bool = False
    cache: str = ""


class Reasoning(msgspec.Struct, frozen=True):
    """What the model thought: text, proved by a `signature`, or `redacted` data that only its issuer can read.

    `issuer` says who signed (see `signatures`): a signature means nothing to anybody else.
    """

    text: str = ""
    signature: str = ""
    redacted: str = ""
    issuer: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """The model declines, in its own words."""

    text: str


Part = Text | Image | Audio | File | ToolUse | ToolResult | Reasoning | Refusal


class Message(msgspec.Struct, frozen=True):
    """One turn, or a part of one: neighbours of the same role may be one message in another dialect."""

    role: Role
    parts: tuple[Part, ...]
    name: str = ""


class Tool(msgspec.Struct, frozen=True):
    """A function that the model may call. `parameters` is a JSON Schema."""

    name: str
    description: str = ""
    parameters: Json = None
    strict: bool | None = None
    cache: str = ""


class ToolMode(StrEnum):
    """Whether the model may, must not or must call a tool."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


class ToolChoice(msgspec.Struct, frozen=True):
    """`name`: this tool and no other. `parallel`: whether several calls at once are welcome (None: not said)."""

    mode: ToolMode = ToolMode.AUTO
    name: str = ""
    parallel: bool | None = None


class ResponseFormat(msgspec.Struct, frozen=True):
    """JSON: any (`schema` None), or as the schema says."""

    schema: Json = None
    name: str = ""
    description: str = ""
    strict: bool | None = None


class Sampling(msgspec.Struct, frozen=True):
    """How the next token is chosen. None: not said."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    logit_bias: Mapping[str, float] | None = None
    logprobs: int | None = None  # how many of the likeliest tokens to tell; 0: only the chosen one


LEVELS = frozenset({"", "none", "minimal", "low", "medium", "high", "xhigh", "max"})


class Effort(msgspec.Struct, frozen=True):
    """How much to think: by word (one of LEVELS), or by a budget of tokens."""

    level: str = ""
    budget_tokens: int | None = None
    is_shown: bool | None = None  # whether the caller wants to see the thoughts


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A request for the next turn. `beyond` names the fields for which there is no word here."""

    model: str
    messages: tuple[Message, ...]
    system: tuple[Text, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    sampling: Sampling = Sampling()
    effort: Effort | None = None
    choices: int = 1
    user: str = ""
    metadata: Mapping[str, str] = {}
    stream: bool = False
    wants_usage: bool = True
    beyond: tuple[str, ...] = ()
