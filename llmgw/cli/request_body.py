"""The body of a request in a file, read as the server reads one that is sent to it: in any dialect of callers."""

import sys
from difflib import get_close_matches
from pathlib import Path
from typing import cast

import typer

from llmgw.chat.bodies import fields
from llmgw.chat.dialect import Dialect
from llmgw.chat.provider_bodies import UNREADABLE
from llmgw.chat.request import ChatRequest
from llmgw.cli.sources import STDIN
from llmgw.errors import InvalidRequestError, RequestTooLargeError
from llmgw.providers import catalog

OPENAI_CHAT, GEMINI = "openai_chat", "gemini_generate"
# What callers may speak. Only the one that is said is loaded.
DIALECTS = (OPENAI_CHAT, "openai_responses", "openai_completions", "anthropic_messages", GEMINI)
# Fields by which a body is known to be of another dialect than was said.
_TELLING = {
    "contents": GEMINI,
    "input": "openai_responses",
    "prompt": "openai_completions",
    "system": "anthropic_messages",
}
_ANTHROPICS = "system"  # which OpenAI's would pass over


def content(file: str, bytes_max: int, flag: str = "--request") -> bytes:
    """Raises BadParameter if it cannot be read, RequestTooLargeError as the server does."""
    try:
        if file == STDIN:
            body = sys.stdin.buffer.read(bytes_max + 1)
        else:
            with Path(file).open("rb") as opened:
                body = opened.read(bytes_max + 1)
    except OSError as error:
        raise typer.BadParameter(f"'{file}' cannot be read: {error.strerror}", param_hint=flag) from None
    if len(body) > bytes_max:
        raise RequestTooLargeError(f"the body is over {bytes_max} bytes (server.max_body)")
    return body


def dialect(name: str | None) -> Dialect:
    """The one of that name; OpenAI's where none was said."""
    if name is not None and name not in DIALECTS:
        near = [known for known in DIALECTS if known.startswith(name.lower())] or get_close_matches(name, DIALECTS, 1)
        meant = f"; did you mean {' or '.join(near)}?" if name and near else ""
        raise typer.BadParameter(f"'{name}' is not one of {', '.join(DIALECTS)}{meant}", param_hint="--dialect")
    return cast("Dialect", catalog.dialect(name or OPENAI_CHAT))


def read(body: bytes, name: str | None, model: str, *, stream: bool | None) -> ChatRequest:
    """`model` and `stream` are what a path would say.

    Raises InvalidRequestError as the server does, but BadParameter for a body that is of another dialect.
    """
    spoken = dialect(name)
    try:
        request = spoken.read_request(body, model, stream=stream)
    except InvalidRequestError as error:
        if error.param == "model" and spoken.name == GEMINI:
            message = "a body of this dialect names no model, for its path does: give --model NAME"
            raise typer.BadParameter(message, param_hint="--model") from None
        if field := _foreign(body, spoken):
            raise _another(field) from None
        raise
    if name is None and _ANTHROPICS in request.fields:
        raise _another(_ANTHROPICS)
    return request


def _foreign(body: bytes, spoken: Dialect) -> str | None:
    """The field by which it is known to be of another dialect."""
    try:
        names = fields(body)
    except UNREADABLE:
        return None
    return next((field for field, of in _TELLING.items() if field in names and of != spoken.name), None)


def _another(field: str) -> typer.BadParameter:
    message = f"a body with `{field}` is one of {_TELLING[field]}, as a rule: say --dialect {_TELLING[field]}"
    return typer.BadParameter(message, param_hint="--dialect")
