"""Reading a caller's body: whatever is wrong with it becomes an error that names the place."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from llmgw.errors import InvalidRequestError

_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MISSING = re.compile("Object missing required field `(.+)`")
# An escape, whole: a character in two halves, only one of them (JavaScript cuts its texts anywhere), or another.
_ESCAPES = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)


def fields(body: bytes) -> dict[str, msgspec.Raw]:
    """Every top-level field as its own bytes. To be called inside `reading`."""
    if not body.isascii():
        body.decode()  # parts that nobody reads would else go to the provider as they are
    return _fields_decoder.decode(body)


@contextmanager
def reading(body: bytes = b"", *, base: str = "") -> Iterator[None]:
    """Faults of a body become InvalidRequestError, with the place: below `base`, if it is a part of another."""
    try:
        yield
    except msgspec.ValidationError as error:
        raise _invalid(str(error), base) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # Not the error: its traceback would hold this frame, and so itself, and the body.
        why = "an escape stands for half a character" if completed(body) != body else str(error)
        raise InvalidRequestError(f"the body is not JSON: {why}") from None
    except RecursionError:
        raise InvalidRequestError("the body is nested too deeply") from None


def model_of(told: str | None, path: str) -> str:
    """The model's name: the path's wins over the body's."""
    name = path or told
    if name is None:
        raise InvalidRequestError("model: missing", param="model")
    return name


def scalars(metadata: Any) -> Mapping[str, str]:
    """Those values of a `metadata` that rules can use, as text."""
    if not isinstance(metadata, dict):
        return {}
    return {name: _text(value) for name, value in metadata.items() if isinstance(value, str | int | float)}


def completed(data: bytes) -> bytes:
    """JSON with the replacement character for every half of one."""
    return _ESCAPES.sub(lambda found: found[0] if found[1] is None else rb"\ufffd", data)


def _invalid(message: str, base: str) -> InvalidRequestError:
    """Msgspec's words end in the place: "Expected `str`, got `int` - at `$.model`"."""
    what, _, place = message.partition(" - at ")
    path = base + place.strip("`").removeprefix("$")
    missing = _MISSING.fullmatch(what)
    if missing is not None:
        what, path = "missing", f"{path}.{missing[1]}"
    param = path.lstrip(".") or None
    return InvalidRequestError(f"{param}: {what}" if param else f"the body: {what}", param=param)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
