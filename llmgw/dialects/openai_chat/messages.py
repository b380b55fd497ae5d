"""The messages of a request: read as any caller writes them, written as every provider takes them.

Results of tools are messages of their own here and parts of the user's turn in the hub; instructions at the start are
`system` there, and here the first message.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from llmgw.chat.request import Edits
from llmgw.chat.signatures import GOOGLE
from llmgw.dialects.openai_chat.answers import tool_call
from llmgw.dialects.openai_chat.calls import arguments_of, google_signature, proof_of
from llmgw.dialects.openai_chat.parts import Content, cache, read_content, write_part
from llmgw.dialects.openai_chat.reasoning import (
    DETAILS,
    Proof,
    call_proofs,
    issuer_of,
    read_reasoning,
    write_call_proofs,
    write_details,
)
from llmgw.errors import InvalidRequestError

Drop = Callable[[str], None]

_KINDS = {"video_url": "video", "input_video": "video"}  # of parts that have no word in the hub


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
    extra_content: Any = None
    cache_control: Any = None
    audio: Any = None
    annotations: Any = None
    prefix: Any = None


class MessageReader:
    """Reads the turns in their order. `drop` is told the name of what has no word in the hub."""

    def __init__(self, drop: Drop) -> None:
        self._drop = drop
        self._last_call = ""
        # Of the last turn that called tools, for results that do not say whose they are.
        self._calls: deque[str] = deque()
        self._answered: set[str] = set()

    def read(self, turns: Sequence[Turn]) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
        """The instructions at the start, and the messages."""
        leading = list(takewhile(lambda turn: turn.role in ("system", "developer"), turns))
        system = tuple(part for turn in leading for part in self._content(turn) if isinstance(part, Text))
        rest = enumerate(turns[len(leading) :], len(leading))
        return system, tuple(self._message(turn, place) for place, turn in rest)

    def _message(self, turn: Turn, place: int) -> Message:
        for name in ("audio", "annotations", "prefix"):
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
                id_ = self._call_of(turn.tool_call_id)
                mark = cache(turn.cache_control)
                return Message(Role.USER, (ToolResult(id_, self._content(turn), turn.name or "", cache=mark),))
            case _:
                param = f"messages[{place}].role"
                raise InvalidRequestError(f"{param}: no such role: {turn.role!r}", param=param)

    def _call_of(self, told: str | None) -> str:
        """The call that a result is of: the first without one, where it does not say."""
        while not told and self._calls:
            first = self._calls.popleft()
            told = "" if first in self._answered else first
        id_ = told or self._last_call
        self._answered.add(id_)
        return id_

    def _called(self, id_: str) -> str:
        self._last_call = id_
        self._calls.append(id_)
        return id_

    def _content(self, turn: Turn) -> tuple[Part, ...]:
        return tuple(_marked([part for part in map(self._known, read_content(turn.content)) if part], turn))

    def _known(self, part: Part | str) -> Part | None:
        if not isinstance(part, str):
            return part
        self._drop(f"messages.{_KINDS.get(part, part)}")
        return None

    def _said(self, turn: Turn, place: int) -> Iterator[Part]:
        yield from read_reasoning(turn)
        yield from self._content(turn)
        signature = google_signature(turn.extra_content)
        if signature:
            yield Reasoning(signature=signature, issuer=GOOGLE)
        if turn.refusal:
            yield Refusal(turn.refusal)
        proofs = call_proofs(turn)
        if turn.tool_calls or turn.function_call:
            self._calls.clear()
            self._answered.clear()
        for n, call in enumerate(turn.tool_calls or []):
            yield self._call(call, f"messages[{place}].tool_calls[{n}]", f"call_{place}_{n}", proofs)
        if turn.function_call:
            name = turn.function_call.get("name")
            if not isinstance(name, str):
                where = f"messages[{place}].function_call.name"
                raise InvalidRequestError(f"{where}: missing", param=where)
            yield ToolUse(self._called(f"call_{place}"), name, arguments_of(turn.function_call))

    def _call(self, call: dict[str, Any], place: str, made_up: str, proofs: Mapping[str, Proof]) -> ToolUse:
        function = call.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise InvalidRequestError(f"{place}.function: only calls of functions can be translated", param=place)
        id_ = self._called(str(call.get("id") or made_up))
        mark = cache(call.get("cache_control"))
        return ToolUse(id_, function["name"], arguments_of(function), *proof_of(call, proofs), cache=mark)


def write_messages(conversation: Conversation, edits: Edits, drop: Drop) -> list[dict[str, object]]:
    """`drop` is told the name of what cannot be said."""
    messages: list[dict[str, object]] = []
    if conversation.system:
        messages.append({"role": "system", "content": "\n\n".join(text.text for text in conversation.system)})
    loop = _start_of_loop(conversation.messages)
    for place, message in enumerate(conversation.messages):
        named: dict[str, object] = {"name": message.name} if message.name else {}
        if message.role is Role.ASSISTANT:
            thoughts = _thoughts(message, edits, is_in_loop=place > loop)
            messages.append({"role": "assistant", **named, **_assistant(message, edits, drop), **thoughts})
        elif message.role is Role.SYSTEM:
            messages.append({"role": "system", **named, "content": _content(message.parts, drop)})
        else:
            messages += _user(message, named, drop)
    return messages


def _start_of_loop(messages: Sequence[Message]) -> int:
    """The place of the last thing that a user has said: only thoughts since then are asked for again."""
    said = (place for place, message in enumerate(messages) if _is_said_by_user(message))
    return max(said, default=-1)


def _is_said_by_user(message: Message) -> bool:
    return message.role is Role.USER and any(not isinstance(part, ToolResult) for part in message.parts)


def _assistant(message: Message, edits: Edits, drop: Drop) -> dict[str, object]:
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    calls = [part for part in message.parts if isinstance(part, ToolUse)]
    refusal = "".join(part.text for part in message.parts if isinstance(part, Refusal))
    for part in message.parts:
        if not isinstance(part, Text | ToolUse | Refusal | Reasoning):
            drop(f"messages.{type(part).__name__.lower()}")
        if isinstance(part, Text) and part.citations:
            drop("messages.annotations")
    proves = issuer_of(edits.model) == GOOGLE
    return {
        "content": None if (calls or refusal) and not texts else "".join(texts),
        **({"refusal": refusal} if refusal else {}),
        **({"tool_calls": [tool_call(call, proves=proves) for call in calls]} if calls else {}),
    }


def _thoughts(message: Message, edits: Edits, *, is_in_loop: bool) -> dict[str, object]:
    """Where the provider takes them: in a loop of tools their text, or always the details that can be proved."""
    thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
    if edits.thoughts_field == DETAILS:
        return _details(message, thoughts, issuer_of(edits.model))
    text = "\n\n".join(thought.text for thought in thoughts if thought.text)
    return {edits.thoughts_field: text} if text and is_in_loop and edits.thoughts_field else {}


def _details(message: Message, thoughts: Sequence[Reasoning], issuer: str) -> dict[str, object]:
    own = [thought for thought in thoughts if thought.issuer in ("", issuer)]
    details = [detail for index, thought in enumerate(own) for detail in write_details(thought, index)]
    calls = [part for part in message.parts if isinstance(part, ToolUse) and part.issuer == issuer]
    details += write_call_proofs(calls, googles=True)
    return {DETAILS: details} if details else {}


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
    if not all(isinstance(part, ToolResult) for part in message.parts[: len(message.parts) - len(own)]):
        drop("messages.order")
    if shown or own or not message.parts:
        yield {"role": "user", **named, "content": _content([*shown, *own], drop)}


def _content(parts: Sequence[Part], drop: Drop) -> str | list[dict[str, object]]:
    """One text is a string, which even those take who know no parts."""
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    pieces = (write_part(part, drop) for part in parts if isinstance(part, Text | Image | Audio | File))
    return [piece for piece in pieces if piece is not None] or ""


def _marked(parts: list[Part], turn: Turn) -> list[Part]:
    """A mark on a whole message, as some write it, is one on its last part."""
    if turn.cache_control and parts and turn.role not in ("tool", "function"):
        last = parts[-1]
        if isinstance(last, Text | Image | File):
            return [*parts[:-1], msgspec.structs.replace(last, cache=last.cache or cache(turn.cache_control))]
    return parts
