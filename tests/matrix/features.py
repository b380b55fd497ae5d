"""What each feature means: what is asked, what the provider says, and what must hold at both ends."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tests.matrix.words import (
    EVENT_SCHEMA,
    FILTER,
    INPUT_TOKENS,
    LENGTH,
    OUTPUT_TOKENS,
    PNG,
    STOP,
    SYSTEM,
    TOOL,
    TOOLS,
    WEATHER_SCHEMA,
    Ask,
    Call,
    Got,
    Reply,
    Seen,
)

HELLO = Reply("Grüße und hello there")
PARIS = Call("call_1", {"city": "Paris"})
OSLO = Call("call_2", {"city": "Oslo"})
EVENT = {"name": "Fair", "day": "Friday"}
SIGNATURE = "c2ln+/+/bmF0dXJl"  # base64, as every issuer's is, with the signs that its other alphabet lacks
THOUGHTS = "The user wants the weather"
BREAKS = "The partner broke down"
SLOW_DOWN = "Slow down, partner"


class Cell(Protocol):
    """One client before one upstream."""

    client: str
    column: str

    async def ask(self, ask: Ask, reply: Reply) -> Seen:
        """Ask, and be answered so."""
        ...

    async def ask_broken(self, ask: Ask, reply: Reply, message: str) -> Seen:
        """Ask for a stream that an error ends."""
        ...

    async def ask_refused(self, ask: Ask, message: str) -> Seen:
        """Ask, and be refused with status 429."""
        ...

    def got(self, number: int = -1) -> Got:
        """What reached the provider."""
        ...


@dataclass(frozen=True, slots=True)
class Feature:
    """`ask` is enough to see whether it is possible at all; `holds` is the whole story."""

    ask: Ask
    reply: Reply
    holds: Callable[[Cell], Awaitable[None]]


async def text(cell: Cell) -> None:
    seen = await cell.ask(Ask(), HELLO)

    assert (HELLO.text, STOP, (INPUT_TOKENS, OUTPUT_TOKENS)) == (seen.text, seen.finish, seen.usage), seen
    assert_asked(cell)


async def stream(cell: Cell) -> None:
    seen = await cell.ask(Ask(stream=True), HELLO)

    assert (HELLO.text, STOP, (INPUT_TOKENS, OUTPUT_TOKENS)) == (seen.text, seen.finish, seen.usage), seen
    assert seen.pieces > 1
    assert_asked(cell)


def assert_asked(cell: Cell) -> None:
    got = cell.got()
    system = "" if cell.client == "openai_completions" else SYSTEM
    assert system in got.system
    assert "Say hello" in got.prompts[-1]
    assert got.max_tokens == Ask().max_tokens


async def tools(cell: Cell) -> None:
    for streamed in (False, True):
        seen = await cell.ask(Ask(tools=True, stream=streamed), Reply(calls=(PARIS,), finish=TOOLS))
        assert ([PARIS.arguments], [TOOL], TOOLS) == told(seen), seen
    assert list(cell.got().tools) == [TOOL]
    assert_alike(WEATHER_SCHEMA, cell.got().tools[TOOL])


async def parallel_tools(cell: Cell) -> None:
    for streamed in (False, True):
        seen = await cell.ask(Ask(tools=True, stream=streamed), Reply(calls=(PARIS, OSLO), finish=TOOLS))
        assert ([PARIS.arguments, OSLO.arguments], [TOOL, TOOL], TOOLS) == told(seen), seen
        assert len({call.id for call in seen.calls}) in (2, 1 if cell.client == "gemini_generate" else 2)


def told(seen: Seen) -> tuple[list[Any], list[str], str]:
    return [call.arguments for call in seen.calls], [call.name for call in seen.calls], seen.finish


async def tool_results(cell: Cell) -> None:
    """The loop of an agent: the ids that the provider gave come back to it, each with its result."""
    for streamed in (False, True):
        asked = Ask(tools=True, stream=streamed)
        first = await cell.ask(asked, Reply("Let me see.", calls=(PARIS, OSLO), finish=TOOLS))
        again = Ask(tools=True, stream=streamed, after=first, results=("sunny", "rainy"))
        seen = await cell.ask(again, HELLO)
        got = cell.got()

        assert (HELLO.text, STOP) == (seen.text, seen.finish), seen
        assert [name for _, name in got.calls] == [TOOL, TOOL]
        assert ids_of(got.calls) in (["call_1", "call_2"], NO_IDS)
        assert ids_of(got.results) in (ids_of(got.calls), NO_IDS)
        assert ["sunny" in got.results[0][1], "rainy" in got.results[1][1]] == [True, True]


NO_IDS = ["", ""]  # where a call is told by its place, or by the name of its tool


def ids_of(pairs: list[tuple[str, str]]) -> list[str]:
    return [id_ for id_, _ in pairs]


async def images(cell: Cell) -> None:
    seen = await cell.ask(Ask(image=True), HELLO)

    assert seen.text == HELLO.text, seen
    assert cell.got().images == [("image/png", PNG)]


async def json_schema(cell: Cell) -> None:
    seen = await cell.ask(Ask(schema=True), Reply(json.dumps(EVENT)))

    assert seen.failure is None, seen
    assert json.loads(seen.text) == EVENT
    assert cell.got().schema
    assert_alike(EVENT_SCHEMA, cell.got().schema)


def assert_alike(expected: Mapping[str, Any], schema: Any) -> None:
    """Some do not know `additionalProperties`, and Google spells types in capitals; the mock does not tell all."""
    if schema is None:
        return
    known = {name: value for name, value in expected.items() if name != "additionalProperties"}
    plain = json.loads(json.dumps(schema).replace('"OBJECT"', '"object"').replace('"STRING"', '"string"'))
    assert known == {name: plain.get(name) for name in known}


async def reasoning(cell: Cell) -> None:
    """Thoughts are shown; what signs them comes back, untouched, to whoever signed."""
    for streamed in (False, True):
        asked = Ask(tools=True, thinks=True, stream=streamed)
        thinking = Reply(thoughts=THOUGHTS, signature=SIGNATURE, calls=(PARIS,), finish=TOOLS)
        first = await cell.ask(asked, thinking)
        assert (THOUGHTS, [PARIS.arguments]) == (first.thoughts, [call.arguments for call in first.calls]), first
        assert cell.got().thinks

        again = Ask(tools=True, thinks=True, stream=streamed, after=first, results=("sunny",))
        seen = await cell.ask(again, HELLO)
        assert (HELLO.text, None) == (seen.text, seen.failure), seen
        if cell.column not in UNSIGNED:
            assert cell.got().signatures == [SIGNATURE]


UNSIGNED = {"openai_chat", "openai_completions", "cohere_chat", "ollama_chat", "azure"}


async def stop(cell: Cell) -> None:
    for streamed in (False, True):
        seen = await cell.ask(Ask(stop="END", stream=streamed), Reply("Hello there", stop_sequence="END"))
        assert (seen.text, seen.finish) == ("Hello there", STOP), seen
    assert cell.got().stop == ["END"]


async def max_tokens(cell: Cell) -> None:
    for streamed in (False, True):
        seen = await cell.ask(Ask(max_tokens=5, stream=streamed), Reply("Hello there", finish=LENGTH))
        assert (seen.text, seen.finish) == ("Hello there", LENGTH), seen
    assert cell.got().max_tokens == 5


async def filtered(cell: Cell) -> None:
    """Cut off by a filter, after some words; OpenAI's chat declines in words of its own too."""
    for streamed in (False, True):
        seen = await cell.ask(Ask(stream=streamed), Reply("I cannot", finish=FILTER))
        assert (seen.said, seen.finish) == ("I cannot", FILTER), seen


async def error_before(cell: Cell) -> None:
    for streamed in (False, True):
        seen = await cell.ask_refused(Ask(stream=streamed), SLOW_DOWN)
        assert seen.failure is not None
        kind = "ClientError" if cell.client == "gemini_generate" else "RateLimitError"
        assert (kind, 429) == (seen.failure.kind, seen.failure.status)
        assert SLOW_DOWN in seen.failure.message


async def error_amid(cell: Cell) -> None:
    seen = await cell.ask_broken(Ask(stream=True), HELLO, BREAKS)

    assert seen.failure is not None
    assert BREAKS in seen.failure.message
    assert HELLO.text.startswith(seen.text), seen
    assert (bool(seen.text), seen.finish) == (True, "")


FEATURES: Mapping[str, Feature] = {
    "text": Feature(Ask(), HELLO, text),
    "stream": Feature(Ask(stream=True), HELLO, stream),
    "tools": Feature(Ask(tools=True), HELLO, tools),
    "parallel tools": Feature(Ask(tools=True), HELLO, parallel_tools),
    "tool results": Feature(Ask(tools=True), HELLO, tool_results),
    "images": Feature(Ask(image=True), HELLO, images),
    "JSON schema": Feature(Ask(schema=True), HELLO, json_schema),
    "reasoning": Feature(Ask(thinks=True), HELLO, reasoning),
    "stop": Feature(Ask(stop="END"), HELLO, stop),
    "max tokens": Feature(Ask(max_tokens=5), HELLO, max_tokens),
    "filter": Feature(Ask(), HELLO, filtered),
    "error before": Feature(Ask(), HELLO, error_before),
    "error amid": Feature(Ask(stream=True), HELLO, error_amid),
}
