"""What the gateway acts on in a request that goes on as it came."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from llmgw.chat.request import ChatRequest
from llmgw.errors import InvalidRequestError


class _OutputConfig(msgspec.Struct):
    format: Any = None


class _Message(msgspec.Struct):
    role: str


class _Request(msgspec.Struct, kw_only=True):
    model: str | None = None
    messages: list[_Message]
    stream: bool | None = None
    max_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None
    output_config: _OutputConfig | None = None
    output_format: Any = None
    metadata: Any = None


_request_decoder = msgspec.json.Decoder(_Request)
_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MISSING = re.compile("Object missing required field `(.+)`")


def read_request(body: bytes, model: str = "") -> ChatRequest:
    """`model` is the path's, which wins over the body's. Usage is never asked for here: it always comes."""
    with reading():
        if not body.isascii():
            body.decode()  # parts that we do not read would else go to the provider as they are
        request = _request_decoder.decode(body)
        fields = _fields_decoder.decode(body)
    name = model or request.model
    if name is None:
        raise InvalidRequestError("model: missing", param="model")
    metadata = _scalars(request.metadata)
    return ChatRequest(
        model=name,
        fields=fields,
        stream=bool(request.stream),
        wants_usage=True,
        max_tokens=request.max_tokens or 0,
        user=metadata.get("user_id", ""),
        tools=bool(request.tools),
        json=bool(request.output_format or (request.output_config and request.output_config.format)),
        metadata=metadata,
    )


@contextmanager
def reading(base: str = "") -> Iterator[None]:
    """Faults of a body become InvalidRequestError, with the place: below `base`, if the body is a part of another."""
    try:
        yield
    except msgspec.ValidationError as error:
        raise _invalid(str(error), base) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise InvalidRequestError("the body is nested too deeply") from None


def _invalid(message: str, base: str) -> InvalidRequestError:
    """Msgspec's words end in the place: "Expected `str`, got `int` - at `$.model`"."""
    what, _, place = message.partition(" - at ")
    path = base + place.strip("`").removeprefix("$")
    missing = _MISSING.fullmatch(what)
    if missing is not None:
        what, path = "missing", f"{path}.{missing[1]}"
    param = path.lstrip(".") or None
    return InvalidRequestError(f"{param}: {what}" if param else f"the body: {what}", param=param)


def _scalars(metadata: Any) -> dict[str, str]:
    if not isinstance(metadata, dict):
        return {}
    return {name: _text(value) for name, value in metadata.items() if isinstance(value, str | int | float)}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
