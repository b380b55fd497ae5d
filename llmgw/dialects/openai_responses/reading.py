"""The items of an `input`, read into messages.

What the model said in one turn is a row of items here and one message in the hub, where thoughts, texts and calls
follow each other; the results of tools are items of their own here and parts of the user's turn there.
"""

from itertools import takewhile
from typing import Any

import msgspec

from llmgw.chat.bodies import reading
from llmgw.chat.conversation import Message, Part, Reasoning, Role, Text, ToolResult, ToolUse
from llmgw.dialects.openai_responses import proofs
from llmgw.dialects.openai_responses.facts import TURNS
from llmgw.dialects.openai_responses.parts import Content, Drop, read_content
from llmgw.dialects.openai_responses.said import PARAGRAPH, texts
from llmgw.errors import InvalidRequestError

_ROLES = {
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
}

_THOUGHT = "rs_"  # how the ids of thoughts begin


class Item(msgspec.Struct):
    """Any of them. Kinds that we do not know have fields of the same names and of other types."""

    type: str | None = None
    id: Any = None
    role: Any = None
    phase: Any = None
    content: Any = None
    call_id: Any = None
    name: Any = None
    arguments: Any = None
    output: Any = None
    summary: Any = None
    encrypted_content: Any = None


Turns = str | list[Item] | None


class InputReader:
    """Reads the items in their order. `drop` is told the name of what has no word in the hub."""

    def __init__(self, drop: Drop) -> None:
        self._drop = drop
        self._turns: list[tuple[Role, list[Part]]] = []

    def read(self, turns: Turns) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
        """The instructions at the start, and the messages."""
        if turns is None or isinstance(turns, str):
            return (), (Message(Role.USER, (Text(turns),)),) if turns else ()
        leading = list(takewhile(_instructs, turns))
        system = [part for place, item in enumerate(leading) for part in self._content(item.content, place)]
        for place, item in enumerate(turns[len(leading) :], len(leading)):
            self._take(item, place)
        messages = tuple(Message(role, tuple(parts)) for role, parts in self._turns)
        return tuple(part for part in system if isinstance(part, Text)), messages

    def _take(self, item: Item, place: int) -> None:
        match item.type:
            case None | "message" if item.role is not None:
                self._say(item, place)
            case "function_call":
                self._add(Role.ASSISTANT, (_call(item, place),))
            case "function_call_output":
                parts = self._content(item.output, place, "output")
                self._add(Role.USER, (ToolResult(_text(item.call_id, place, "call_id"), parts),))
            case "reasoning":
                self._add(Role.ASSISTANT, _thought(item))
            case None | "item_reference" if isinstance(item.id, str) and item.id.startswith(_THOUGHT):
                self._drop(f"{TURNS}.reasoning")  # the thought lies where it was stored; what followed it is told
            case kind:
                self._drop(f"{TURNS}.{kind or 'item_reference'}")  # a reference needs no type

    def _say(self, item: Item, place: int) -> None:
        role = _ROLES.get(item.role) if isinstance(item.role, str) else None
        if role is None:
            param = f"{TURNS}[{place}].role"
            raise InvalidRequestError(f"{param}: no such role: {item.role!r}", param=param)
        if item.phase is not None:
            self._drop(f"{TURNS}.phase")
        self._add(role, self._content(item.content, place))

    def _add(self, role: Role, parts: tuple[Part, ...]) -> None:
        """What a model said stays together, and so do results: as elsewhere calls must stand beside each other."""
        if self._turns and self._turns[-1][0] is role:
            last = self._turns[-1][1]
            if role is Role.ASSISTANT or all(isinstance(part, ToolResult) for part in (*last, *parts)):
                last += parts
                return
        self._turns.append((role, list(parts)))

    def _content(self, content: Any, place: int, name: str = "content") -> tuple[Part, ...]:
        with reading(base=f"{TURNS}[{place}].{name}"):
            return read_content(msgspec.convert(content, Content), self._drop)


def _instructs(item: Item) -> bool:
    return item.type in (None, "message") and item.role in ("system", "developer")


def _call(item: Item, place: int) -> ToolUse:
    told = item.arguments
    arguments = told if isinstance(told, str) else "" if told is None else msgspec.json.encode(told).decode()
    return ToolUse(_text(item.call_id, place, "call_id"), _text(item.name, place, "name"), arguments)


def _thought(item: Item) -> tuple[Reasoning, ...]:
    """None if there is nothing in it: a thought that only OpenAI's store knows."""
    text = PARAGRAPH.join(texts(item.content) or texts(item.summary))
    thought = proofs.read(item.id, item.encrypted_content, text)
    return (thought,) if thought.text or thought.signature or thought.redacted else ()


def _text(value: Any, place: int, name: str) -> str:
    if not isinstance(value, str):
        param = f"{TURNS}[{place}].{name}"
        raise InvalidRequestError(f"{param}: missing", param=param)
    return value
