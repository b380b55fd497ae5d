"""The messages of a conversation as `contents`: turns of the user and the model, in the form that Google takes.

Neighbours of the same role are one turn, the results of functions stand first in it, the user begins. A proof stands
on the part that follows its thought: the first call of a turn, or its text.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, assert_never

from llmgw.chat.conversation import (
    Audio,
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
from llmgw.chat.objects import object_of
from llmgw.chat.turns import OPENING, joined, results_first, speaker, spoken
from llmgw.chat.writing import arguments_of
from llmgw.dialects.gemini_generate import models
from llmgw.dialects.gemini_generate.media import Media, write_media
from llmgw.dialects.gemini_generate.proofs import UNSIGNED, own_signature

WirePart = dict[str, Any]
Drop = Callable[[str], None]

_MODEL, _USER = "model", "user"


class ContentWriter:
    """`drop` is told the name of what cannot be said. `model` decides on what is taken."""

    def __init__(self, model: str, drop: Drop) -> None:
        self._model = model
        self._drop = drop
        self._names: dict[str, str] = {}  # of the functions, by the ids of their calls

    def write(self, messages: Sequence[Message]) -> list[WirePart]:
        """Raises InvalidRequestError for arguments of a call that are no object."""
        turns: list[WirePart] = []
        placed = [(place, message) for place, message in enumerate(messages) if message.parts]
        for role, turn in groupby(placed, lambda each: speaker(each[1])):
            name, write = (_MODEL, self._model_turn) if role is Role.ASSISTANT else (_USER, self._user_turn)
            if parts := write(turn):
                turns.append({"role": name, "parts": parts})
        turns = joined(turns, "parts")
        if turns and turns[0]["role"] == _MODEL:
            turns.insert(0, {"role": _USER, "parts": [{"text": OPENING}]})
        return turns

    def _model_turn(self, turn: Iterable[tuple[int, Message]]) -> list[WirePart]:
        parts = [part for place, message in turn for part in self._said(message.parts, place)]
        first = next((part for part in parts if "functionCall" in part), None)
        if first is not None and models.wants_signatures(self._model):
            first.setdefault("thoughtSignature", UNSIGNED)
        return parts

    def _said(self, parts: Iterable[Part], place: int) -> Iterator[WirePart]:
        waiting = ""  # a proof, for the part after its thought
        for part in parts:
            proof = own_signature(part.issuer, part.signature) if isinstance(part, Reasoning | ToolUse) else ""
            if waiting and (proof or not isinstance(part, ToolUse | Text)):
                yield {"text": "", **_signed(waiting)}
                waiting = ""
            if isinstance(part, Reasoning):
                yield from [{"text": part.text, "thought": True}] if part.text else []
                waiting = proof
                continue
            written = self._call(part, place) if isinstance(part, ToolUse) else self._part(part)
            if written is not None:
                yield {**written, **_signed(proof or waiting)}
                waiting = ""
        if waiting:
            yield {"text": "", **_signed(waiting)}

    def _user_turn(self, turn: Iterable[tuple[int, Message]]) -> list[WirePart]:
        messages = [message for _, message in turn]
        if any(message.name for message in messages):
            self._drop("messages.name")
        parts = [part for message in messages for part in spoken(message, self._drop)]
        results: list[WirePart] = []
        rest: list[WirePart] = []
        for part in results_first(parts, self._drop):
            if isinstance(part, ToolResult):
                results.append(self._result(part, rest))
            elif (written := self._part(part)) is not None:
                rest.append(written)
        return results + rest

    def _part(self, part: Part) -> WirePart | None:
        """None: there is nothing to say, or no way to say it."""
        match part:
            case Text() | Refusal():
                return self._text(part)
            case Image() | Audio() | File():
                return self._media(part)
            case Reasoning() | ToolUse():
                self._drop(f"messages.{'tool_use' if isinstance(part, ToolUse) else 'reasoning'}")
                return None  # only a model thinks and calls
            case ToolResult():
                self._drop("messages.tool_result")
                return None  # only a user answers
            case _:
                assert_never(part)

    def _text(self, part: Text | Refusal) -> WirePart | None:
        if isinstance(part, Text) and part.cache:
            self._drop("cache_control")
        if isinstance(part, Text) and part.citations:
            self._drop("messages.annotations")
        return {"text": part.text} if part.text else None

    def _media(self, part: Media) -> WirePart | None:
        if isinstance(part, Image) and part.detail not in {"", "auto"}:
            self._drop("messages.image_url.detail")
        if not isinstance(part, Audio) and part.cache:
            self._drop("cache_control")
        written = write_media(part)
        if written is None:
            self._drop("messages.file")
        return written

    def _call(self, call: ToolUse, place: int) -> WirePart:
        if call.cache:
            self._drop("cache_control")
        self._names[call.id] = call.name
        given = arguments_of(call.arguments, call.id, place)
        return {"functionCall": {**({"id": call.id} if call.id else {}), "name": call.name, "args": given}}

    def _result(self, result: ToolResult, beside: list[WirePart]) -> WirePart:
        """Media go into the result where the model takes them there, else into the user's own turn."""
        if result.cache:
            self._drop("cache_control")
        text = "\n".join(part.text for part in result.parts if isinstance(part, Text))
        media = [part for part in result.parts if isinstance(part, Image | Audio | File)]
        written = [part for part in map(self._media, media) if part is not None]
        told: WirePart = {
            **({"id": result.id} if result.id else {}),
            "name": result.name or self._names.get(result.id) or result.id,
            "response": _response(text, is_error=result.is_error),
        }
        if written and models.takes_media_in_results(self._model):
            told["parts"] = written
        else:
            beside += written
        return {"functionResponse": told}


def _response(text: str, *, is_error: bool) -> object:
    """Google wants an object: that of the function, or one with the word for what it gave."""
    if is_error:
        return {"error": text}
    return object_of(text) or {"output": text}


def _signed(proof: str) -> WirePart:
    return {"thoughtSignature": proof} if proof else {}
