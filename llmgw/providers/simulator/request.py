"""What the simulator reads of a Chat Completions request: the fields that shape its answer, and no others."""

from typing import Annotated, Any

import msgspec

from llmgw.errors import InvalidRequestError

CHARS_PER_TOKEN = 4  # the usual rule of thumb for English
MESSAGE_TOKENS = 4  # what a chat template adds around a message
MEDIA_TOKENS = 85  # an image at low detail

Positive = Annotated[int, msgspec.Meta(ge=1)]
ChoiceCount = Annotated[int, msgspec.Meta(ge=1, le=128)]


class Function(msgspec.Struct, frozen=True):
    """A function that may be called; `parameters` is the JSON Schema of its arguments."""

    name: str
    parameters: Any = None


class Tool(msgspec.Struct, frozen=True):
    """A tool; only those that are functions are ever called."""

    function: Function | None = None


class Message(msgspec.Struct, frozen=True):
    """A message of any role."""

    role: str
    content: Any = None

    def text(self) -> str:
        """The text of the message; parts that are no text are left out."""
        return "\n".join(part["text"] for part in self._parts() if _is_text(part))

    def tokens(self) -> int:
        media = sum(not _is_text(part) for part in self._parts())
        return MESSAGE_TOKENS + media * MEDIA_TOKENS + len(self.text()) // CHARS_PER_TOKEN

    def _parts(self) -> list[Any]:
        if isinstance(self.content, list):
            return self.content
        return [] if self.content is None else [{"text": self.content}]


class StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool | None = None


class JsonSchema(msgspec.Struct, frozen=True):
    schema: Any = None


class ResponseFormat(msgspec.Struct, frozen=True):
    type: str = "text"
    json_schema: JsonSchema | None = None


class Request(msgspec.Struct, frozen=True):
    """A request for chat; unknown fields are passed over."""

    messages: list[Message]
    model: str = "simulator"
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: ChoiceCount | None = None
    max_tokens: Positive | None = None
    max_completion_tokens: Positive | None = None
    stop: str | list[str] | None = None
    tools: list[Tool] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None

    @property
    def choices(self) -> int:
        return self.n or 1

    @property
    def tokens_max(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    @property
    def wants_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    def functions(self) -> list[Function]:
        return [tool.function for tool in self.tools or [] if tool.function is not None]

    def question(self) -> str:
        """The text of the last message of the user."""
        return next((message.text() for message in reversed(self.messages) if message.role == "user"), "")

    def prompt_tokens(self) -> int:
        """By rule of thumb; never zero."""
        tools = len(_encoder.encode(self.tools)) // CHARS_PER_TOKEN if self.tools else 0
        return tools + sum(message.tokens() for message in self.messages)


_decoder = msgspec.json.Decoder(Request)
_encoder = msgspec.json.Encoder()


def read_request(body: bytes) -> Request:
    """Raises InvalidRequestError with the field at fault."""
    try:
        request = _decoder.decode(body)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        raise InvalidRequestError(what, param=place.strip("`$.") or None) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not JSON: {error}") from None
    if not request.messages:
        raise InvalidRequestError("there must be at least one message", param="messages")
    return request


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)
