"""The turns of a request, read. Google's own SDK keeps a streamed answer as it came: neighbours of the model are one.

Before Gemini 3 calls had no id: they get one here, and a result without one is that of the first call of its name
which has none yet. What has no word in the hub is named, by its kind.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby
from typing import Any

import msgspec

from llmgw.chat.conversation import Message, Part, Reasoning, Role, Text, ToolResult, ToolUse
from llmgw.chat.signatures import GOOGLE
from llmgw.dialects.gemini_generate.media import read_blob, read_file
from llmgw.dialects.gemini_generate.proofs import read_proof
from llmgw.dialects.gemini_generate.wire import KNOWN_PARTS, AskedPart

_MODEL = "model"
_OUTPUT, _ERROR = "output", "error"  # Google's words for what a function gave
_RESULT = "result"  # the one that its own SDK writes
_OF_CALLS = frozenset({"id", "name", "args"})
_OF_RESULTS = frozenset({"id", "name", "response", "parts"})


class ContentReader:
    """Reads the turns in their order. `beyond` takes the names of what has no word in the hub."""

    def __init__(self, beyond: list[str]) -> None:
        self._beyond = beyond
        self._unanswered: defaultdict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self._calls = 0

    def read(self, told: Any) -> tuple[Message, ...]:
        """Of `contents`, its names in camelCase."""
        messages: list[Message] = []
        for is_model, contents in groupby(map(_content, listed(told)), lambda content: content.get("role") == _MODEL):
            turns = [list(self._parts(content.get("parts"))) for content in contents]
            if is_model:
                messages.append(Message(Role.ASSISTANT, tuple(_joined(chain(*turns)))))
            else:
                messages += [Message(Role.USER, tuple(parts)) for parts in turns]
        return tuple(messages)

    def texts(self, told: Any) -> tuple[Text, ...]:
        """Of `systemInstruction`, which may be a content or only its text."""
        parts = self._parts(told.get("parts") if isinstance(told, dict) else told)
        return tuple(part for part in parts if isinstance(part, Text) and part.text)

    def _parts(self, told: Any) -> Iterator[Part]:
        for part in listed(told):
            named = {"text": part} if isinstance(part, str) else part
            if isinstance(named, dict):
                self._name(named, KNOWN_PARTS, "messages")
            yield from self._part(msgspec.convert(named, AskedPart, strict=False))

    def _part(self, part: AskedPart) -> Iterator[Part]:
        proof = read_proof(part.thought_signature)
        if part.thought and part.text is not None:
            yield msgspec.structs.replace(proof, text=part.text)
            return
        if part.function_call is not None and proof.issuer == GOOGLE:
            yield self._call(part.function_call, proof.signature)
            return
        if proof.signature or proof.redacted:
            yield proof
        if part.text is not None and (part.text or not part.thought_signature):
            yield Text(part.text)
        elif part.function_call is not None:
            yield self._call(part.function_call)
        elif part.function_response is not None:
            yield self._result(part.function_response)
        elif part.inline_data is not None:
            yield read_blob(part.inline_data)
        elif part.file_data is not None:
            yield read_file(part.file_data)

    def _call(self, told: Mapping[str, Any], signature: str = "") -> ToolUse:
        self._name(told, _OF_CALLS, "functionCall")
        id_, name = _text(told.get("id")) or f"call_{self._calls}", _text(told.get("name"))
        self._calls += 1
        self._unanswered[name][id_] = None
        arguments = msgspec.json.encode(told.get("args") or {}).decode()
        return ToolUse(id_, name, arguments, signature, GOOGLE if signature else "")

    def _result(self, told: Mapping[str, Any]) -> ToolResult:
        self._name(told, _OF_RESULTS, "functionResponse")
        name = _text(told.get("name"))
        text, is_error = _said(told.get("response"))
        media = tuple(part for part in self._parts(told.get("parts")) if not isinstance(part, Text))
        parts = ((Text(text),) if text or not media else ()) + media
        return ToolResult(self._answered(_text(told.get("id")), name), parts, name, is_error)

    def _answered(self, id_: str, name: str) -> str:
        """Whose result it is."""
        waiting = self._unanswered[name]
        if not id_:
            return waiting.popitem(last=False)[0] if waiting else f"call_{name}"
        waiting.pop(id_, None)
        return id_

    def _name(self, told: Mapping[str, Any], known: frozenset[str], place: str) -> None:
        self._beyond += [f"{place}.{name}" for name, value in told.items() if value is not None and name not in known]


def listed(told: Any) -> list[Any]:
    """Google takes one thing where a list is asked for."""
    if told is None:
        return []
    return told if isinstance(told, list) else [told]


def _content(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {"parts": told}


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Pieces of a text are one text, those of a thought one thought."""
    for kind, run in groupby(parts, type):
        if kind is Text:
            yield Text("".join(part.text for part in run if isinstance(part, Text)))
        elif kind is Reasoning:
            yield from _thoughts(part for part in run if isinstance(part, Reasoning))
        else:
            yield from run


def _thoughts(run: Iterable[Reasoning]) -> Iterator[Reasoning]:
    """Each ends with its proof; one that nobody may read is one by itself."""
    pieces: list[str] = []
    for part in run:
        if not part.redacted:
            pieces.append(part.text)
        if pieces and (part.redacted or part.signature):
            yield Reasoning("".join(pieces), part.signature, issuer=part.issuer if part.signature else "")
            pieces = []
        if part.redacted:
            yield part
    if pieces:
        yield Reasoning("".join(pieces))


def _said(response: Any) -> tuple[str, bool]:
    """The text of a result, and whether it is that of an error."""
    if isinstance(response, dict) and len(response) == 1:
        ((name, value),) = response.items()
        if name in {_OUTPUT, _RESULT, _ERROR} and isinstance(value, str):
            return value, name == _ERROR
    if isinstance(response, str):
        return response, False
    return ("" if response is None else msgspec.json.encode(response).decode()), False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
