"""The messages of a request: read as any caller writes them, written as every provider takes them.

Results of tools are messages of their own here and parts of the user's turn in the hub; instructions at the start are
`system` there, and here the first message.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Any

import msgspec

from llmgw.chat.conversation import (
    Audio,
    Conversation,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolResult,
    ToolUse,
)
from llmgw.dialects.openai_chat.answers import tool_call
from llmgw.dialects.openai_chat.calls import arguments_of, signature_of
from llmgw.dialects.openai_chat.parts import Content, cache, read_content, write_part
from llmgw.dialects.openai_chat.reasoning import read_reasoning
from llmgw.errors import InvalidRequestError

Drop = Callable[[str], None]

_DIALECT = "openai_chat"


class Turn(msgspec.Struct, kw_only=True):
    """One message as a caller writes it."""

    role: str
    content: Content = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None
    function_call: dict[str, Any] | None = None
    reasoning: Any = None
    reasoning_content: Any = None
    reasoning_details: Any = None
    cache_control: Any = None
    audio: Any = None
    prefix: Any = None


class MessageReader:
    """Reads the turns in their order. `drop` is told the name of what has no word in the hub."""

    def __init__(self, drop: Drop) -> None:
        self._drop = drop
        self._last_call = ""

    def read(self, turns: Sequence[Turn]) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
        """The instructions at the start, and the messages."""
        leading = list(takewhile(lambda turn: turn.role in ("system", "developer"), turns))
        system = tuple(part for turn in leading for part in self._content(turn) if isinstance(part, Text))
        rest = enumerate(turns[len(leading) :], len(leading))
        return system, tuple(self._message(turn, place) for place, turn in rest)

    def _message(self, turn: Turn, place: int) -> Message:
        for name in ("audio", "prefix"):
            if getattr(turn, name):
                self._drop(f"messages.{name}")
        match turn.role:
            case "user":
                return Message(Role.USER, self._content(turn), turn.name or "")
            case "assistant":
                return Message(Role.ASSISTANT, tuple(self._said(turn, place)), turn.name or "")
            case "system" | "developer":
                return Message(Role.SYSTEM, self._content(turn), turn.name or "")
            case "tool" | "function":
                id_ = turn.tool_call_id or self._last_call
                mark = cache(turn.cache_control)
                return Message(Role.USER, (ToolResult(id_, self._content(turn), turn.name or "", cache=mark),))
            case _:
                param = f"messages[{place}].role"
                raise InvalidRequestError(f"{param}: no such role: {turn.role!r}", param=param)

    def _content(self, turn: Turn) -> tuple[Part, ...]:
        return tuple(_marked([part for part in map(self._known, read_content(turn.content)) if part], turn))

    def _known(self, part: Part | str) -> Part | None:
        if not isinstance(part, str):
            return part
        self._drop(f"messages.{part}")
        return None

    def _said(self, turn: Turn, place: int) -> Iterator[Part]:
        for thought in read_reasoning(turn):
            yield msgspec.structs.replace(thought, issuer=thought.issuer or _DIALECT)
        for part in self._content(turn):
            yield msgspec.structs.replace(part, issuer=_DIALECT) if isinstance(part, Reasoning) else part
        if turn.refusal:
            yield Refusal(turn.refusal)
        for n, call in enumerate(turn.tool_calls or []):
            yield self._call(call, f"messages[{place}].tool_calls[{n}]", f"call_{place}_{n}")
        if turn.function_call:
            name = turn.function_call.get("name")
            if not isinstance(name, str):
                where = f"messages[{place}].function_call.name"
                raise InvalidRequestError(f"{where}: missing", param=where)
            self._last_call = f"call_{place}"
            yield ToolUse(self._last_call, name, arguments_of(turn.function_call))

    def _call(self, call: dict[str, Any], place: str, made_up: str) -> ToolUse:
        function = call.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise InvalidRequestError(f"{place}.function: only calls of functions can be translated", param=place)
        self._last_call = str(call.get("id") or made_up)
        mark = cache(call.get("cache_control"))
        return ToolUse(self._last_call, function["name"], arguments_of(function), signature_of(call), mark)


def write_messages(conversation: Conversation, drop: Drop) -> list[dict[str, object]]:
    """`drop` is told the name of what cannot be said."""
    messages: list[dict[str, object]] = []
    if conversation.system:
        messages.append({"role": "system", "content": "\n\n".join(text.text for text in conversation.system)})
    loop = _start_of_loop(conversation.messages)
    for place, message in enumerate(conversation.messages):
        named: dict[str, object] = {"name": message.name} if message.name else {}
        if message.role is Role.ASSISTANT:
            messages.append({"role": "assistant", **named, **_assistant(message, drop, thinks=place > loop)})
        elif message.role is Role.SYSTEM:
            messages.append({"role": "system", **named, "content": _content(message.parts)})
        else:
            messages += _user(message, named, drop)
    return messages


def _start_of_loop(messages: Sequence[Message]) -> int:
    """The place of the last thing that a user has said: only thoughts since then are asked for again."""
    said = (place for place, message in enumerate(messages) if _is_said_by_user(message))
    return max(said, default=-1)


def _is_said_by_user(message: Message) -> bool:
    return message.role is Role.USER and any(not isinstance(part, ToolResult) for part in message.parts)


def _assistant(message: Message, drop: Drop, *, thinks: bool) -> dict[str, object]:
    """Signed thoughts are left to who signed them; the unsigned came from one who may want them back (DeepSeek)."""
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    calls = [part for part in message.parts if isinstance(part, ToolUse)]
    refusal = "".join(part.text for part in message.parts if isinstance(part, Refusal))
    thoughts = "\n\n".join(part.text for part in message.parts if isinstance(part, Reasoning) and _is_free(part))
    for part in message.parts:
        if not isinstance(part, Text | ToolUse | Refusal | Reasoning):
            drop(f"messages.{type(part).__name__.lower()}")
    has_other = bool(calls or refusal)
    return {
        "content": None if has_other and not texts else "".join(texts),
        **({"refusal": refusal} if refusal else {}),
        **({"reasoning_content": thoughts} if thoughts and thinks else {}),
        **({"tool_calls": [tool_call(call.id, call.name, call.arguments) for call in calls]} if calls else {}),
    }


def _is_free(thought: Reasoning) -> bool:
    return not thought.signature and not thought.redacted


def _user(message: Message, named: dict[str, object], drop: Drop) -> Iterator[dict[str, object]]:
    """Each result is a message; what is no text in it follows in the user's own, for it is refused there."""
    shown: list[Part] = []
    for result in message.parts:
        if not isinstance(result, ToolResult):
            continue
        if result.is_error:
            drop("is_error")
        said = [part.text for part in result.parts if isinstance(part, Text)]
        yield {"role": "tool", "tool_call_id": result.id, "content": "\n".join(said)}
        beside = [part for part in result.parts if not isinstance(part, Text)]
        shown += [Text(f"Of the tool call {result.id}:"), *beside] if beside else []
    own = [part for part in message.parts if not isinstance(part, ToolResult)]
    if shown or own or not message.parts:
        yield {"role": "user", **named, "content": _content([*shown, *own])}


def _content(parts: Sequence[Part]) -> str | list[dict[str, object]]:
    """One text is a string, which even those take who know no parts."""
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [write_part(part) for part in parts if isinstance(part, Text | Image | Audio | File)]


def _marked(parts: list[Part], turn: Turn) -> list[Part]:
    """A mark on a whole message, as some write it, is one on its last part."""
    if turn.cache_control and parts and turn.role not in ("tool", "function"):
        last = parts[-1]
        if isinstance(last, Text | Image | File):
            return [*parts[:-1], msgspec.structs.replace(last, cache=last.cache or cache(turn.cache_control))]
    return parts
