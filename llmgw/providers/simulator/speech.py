"""What the simulator says: text about the question, a tool call when asked for one, JSON when JSON is wanted.

The same request always gets the same answer. A token is a word with the space before it, so that usage, pace and
`max_tokens` can be checked by eye; a tool call is never cut.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, cycle, islice
from typing import Any

import msgspec

from llmgw.providers.simulator.instance import ImpossibleSchemaError, instance
from llmgw.providers.simulator.request import Function, Request

QUOTE_CHARS_MAX = 240
_TOKEN = re.compile(r"\s*\S{1,16}|\s+")
_LENGTH_ASKED = re.compile(r"\b(\d{1,4})[ -](?:words?|tokens?)\b", re.IGNORECASE)
_NAME = re.compile(r"[\w-]+")
_GREETING = "This is the llmgw simulator: no model was asked."
_MORE = (
    " The rest of this answer is padding, as long as was asked for."
    " It costs nothing, it comes from this process, and it reads the same every time."
    " Use it to see how streams arrive, how limits bite and what a log line says."
    " When a real provider takes over, only the words will change."
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a function; `arguments` is JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Speech:
    """One choice of an answer: words that can be read once, or calls. `size` is its length in tokens."""

    words: Iterator[str]
    size: int
    finish: str
    calls: tuple[ToolCall, ...] = ()


def tokens(text: str) -> list[str]:
    """The pieces in which a text is streamed and counted."""
    return _TOKEN.findall(text)


_PADDING = tuple(tokens(_MORE))


def speak(request: Request, choice: int, output_tokens: int | None, request_id: str) -> Speech:
    """The answer of one choice, counted from 0. `output_tokens` None: as long as the prompt suggests."""
    functions = _called(request)
    if functions:
        return _calling(functions, choice, request_id)
    if request.response_format is not None and request.response_format.type in ("json_object", "json_schema"):
        return _finished(tokens(_json(request, choice, output_tokens)), None, request)
    return _finished(tokens(_text(request, choice)), _wanted(request, output_tokens), request)


def hashed(*parts: object) -> str:
    """A stable id of 24 digits."""
    return blake2b(repr(parts).encode(), digest_size=12).hexdigest()


# Text.


def _text(request: Request, choice: int) -> str:
    last = request.messages[-1]
    heard = last.text() if last.role == "tool" else request.question()
    quote = " ".join(heard[: 2 * QUOTE_CHARS_MAX].split())
    if len(quote) > QUOTE_CHARS_MAX:
        quote = quote[:QUOTE_CHARS_MAX] + "…"
    if last.role == "tool":
        said = f'The tool answered: "{quote}" A real model would now put that into its own words.'
    elif quote:
        said = f'You wrote: "{quote}" Thank you, it arrived; a real model would take it from here.'
    else:
        said = "There was no text to answer."
    numbered = f" (Answer {choice + 1} of {request.choices}.)" if request.choices > 1 else ""
    return f"{_GREETING} {said}{numbered}"


def _wanted(request: Request, output_tokens: int | None) -> int | None:
    """How long the answer is to be: as configured, or as in "in 50 words"; None: as long as it comes out."""
    if output_tokens is not None:
        return output_tokens
    asked = _LENGTH_ASKED.search(request.question())
    return int(asked[1]) if asked else None


def _finished(opening: list[str], wanted: int | None, request: Request) -> Speech:
    """Cut or padded to the length, then cut at a stop sequence, then at the caller's own limit."""
    size = len(opening) if wanted is None else wanted
    words: Iterator[str] = islice(chain(opening, cycle(_PADDING)), size)
    if request.stop:
        kept = tokens(_before_stop("".join(words), request.stop))
        words, size = iter(kept), len(kept)
    if request.tokens_max is not None and size > request.tokens_max:
        return Speech(islice(words, request.tokens_max), request.tokens_max, "length")
    return Speech(words, size, "stop")


def _before_stop(text: str, stop: str | list[str]) -> str:
    ends = [text.find(mark) for mark in ([stop] if isinstance(stop, str) else stop) if mark]
    return text[: min((end for end in ends if end >= 0), default=len(text))]


# JSON.


def _json(request: Request, choice: int, output_tokens: int | None) -> str:
    wanted = request.response_format.json_schema if request.response_format else None
    if wanted is not None and wanted.schema is not None:
        return _encoded(_instance(wanted.schema))
    said = _finished(tokens(_text(request, choice)), _wanted(request, output_tokens), request)
    return _encoded({"simulator": True, "answer": "".join(said.words)})


def _instance(schema: Any) -> Any:
    try:
        return instance(schema)
    except ImpossibleSchemaError:
        return {}


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# Tool calls.


def _called(request: Request) -> list[Function]:
    """The functions to call: those that are demanded, or that the user asks for by name.

    A result of a tool is always answered in text: a caller that keeps demanding calls would never come to an end.
    """
    functions = request.functions()
    if not functions or request.tool_choice == "none" or request.messages[-1].role == "tool":
        return []
    if isinstance(request.tool_choice, dict):
        wanted = request.tool_choice.get("function")
        name = wanted.get("name") if isinstance(wanted, dict) else None
        return [function for function in functions if function.name == name][:1]
    named = _named(functions, request)
    if request.tool_choice == "required":
        return named or functions[:1]
    return named


def _named(functions: list[Function], request: Request) -> list[Function]:
    question = request.question() if request.messages[-1].role == "user" else ""
    words = {word.strip("-") for word in _NAME.findall(question.lower())}
    named = [function for function in functions if function.name.lower() in words]
    return named[:1] if request.parallel_tool_calls is False else named


def _calling(functions: list[Function], choice: int, request_id: str) -> Speech:
    calls = tuple(
        ToolCall(f"call_{hashed(request_id, choice, index)}", function.name, _arguments(function))
        for index, function in enumerate(functions)
    )
    return Speech(iter(()), sum(1 + len(tokens(call.arguments)) for call in calls), "tool_calls", calls)


def _arguments(function: Function) -> str:
    return _encoded(_instance({"type": "object", **_schema(function)}))


def _schema(function: Function) -> dict[str, Any]:
    return function.parameters if isinstance(function.parameters, dict) else {}
