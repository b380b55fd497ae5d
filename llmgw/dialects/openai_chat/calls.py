"""Tool calls as they come: in many pieces or one, with an index or an id or neither, or as the older `function_call`.

So a piece belongs to the call of its index, else of its id, else to the last one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmgw.chat import events
from llmgw.chat.events import Event
from llmgw.chat.signatures import GOOGLE
from llmgw.dialects.openai_chat.reasoning import Proof
from llmgw.errors import UpstreamProtocolError

# No answer has more; whoever tells more would only fill memory.
CALLS_MAX = 1024
WAITING_CHARS_MAX = 16 * 1024 * 1024  # of arguments that came before the names of their calls

_NO_PROOFS: Mapping[str, Proof] = {}


@dataclass(slots=True)
class _Call:
    """One call under way. It is announced with its name; what comes before waits."""

    id: str
    name: str = ""
    proof: Proof = ("", "")
    index: int | None = None
    early: list[str] = field(default_factory=list)


class Calls:
    """The calls of one answer. `count`: how many have been announced."""

    def __init__(self) -> None:
        self.count = 0
        self._all: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._waiting_chars = 0

    def read(
        self, pieces: Any, legacy: Any, answer_id: str, proofs: Mapping[str, Proof] = _NO_PROOFS
    ) -> Iterator[Event]:
        """`pieces` are the delta's `tool_calls`, `legacy` its `function_call`; `proofs` are by the ids of calls.

        Raises UpstreamProtocolError where there are more than can be held.
        """
        for piece in pieces if isinstance(pieces, list) else []:
            if isinstance(piece, dict):
                yield from self._read(piece, answer_id, proofs)
        if isinstance(legacy, dict) and (legacy.get("name") or legacy.get("arguments")):
            yield from self._read({"index": 0, "function": legacy}, answer_id, proofs)

    def rest(self, answer_id: str) -> Iterator[Event]:
        """Calls whose name never came, at last without it."""
        for call in self._all:
            if call.index is None and (call.id or call.early):
                yield from self._announce(call, answer_id)

    def _read(self, piece: dict[str, Any], answer_id: str, proofs: Mapping[str, Proof]) -> Iterator[Event]:
        function = _dict(piece.get("function"))
        call = self._call_of(piece.get("index"), text_of(piece.get("id")), is_named=bool(text_of(function.get("name"))))
        call.name = call.name or text_of(function.get("name"))
        call.proof = call.proof if call.proof[0] else proof_of(piece, proofs)
        arguments = arguments_of(function)
        if call.index is None and not call.name:
            self._wait(call, arguments)
            return
        if call.index is None:
            yield from self._announce(call, answer_id)
        if arguments and call.index is not None:
            yield events.ToolDelta(call.index, arguments)

    def _wait(self, call: _Call, arguments: str) -> None:
        if not arguments:
            return
        self._waiting_chars += len(arguments)
        if self._waiting_chars > WAITING_CHARS_MAX:
            raise UpstreamProtocolError(f"over {WAITING_CHARS_MAX} characters of arguments came before a call's name")
        call.early.append(arguments)

    def _announce(self, call: _Call, answer_id: str) -> Iterator[Event]:
        """An id is made of the answer's where the provider gave none."""
        call.index, self.count = self.count, self.count + 1
        id_ = call.id or (f"call_{answer_id}_{call.index}" if answer_id else "")
        yield events.ToolStarted(call.index, id_, call.name, *call.proof)
        if call.early:
            yield events.ToolDelta(call.index, "".join(call.early))

    def _call_of(self, index: Any, id_: str, *, is_named: bool) -> _Call:
        call = self._known(index, id_, is_named=is_named)
        if call is None:
            if len(self._all) >= CALLS_MAX:
                raise UpstreamProtocolError(f"the answer has over {CALLS_MAX} calls of tools")
            call = _Call(id_)
            self._all.append(call)
        call.id = call.id or id_
        if isinstance(index, int) and (index in self._by_index or len(self._by_index) < CALLS_MAX):
            self._by_index[index] = call
        if id_ and len(self._by_id) < CALLS_MAX:
            self._by_id[id_] = call
        return call

    def _known(self, index: Any, id_: str, *, is_named: bool) -> _Call | None:
        """A new id with a name under an index that is taken is another call: some number all of them 0."""
        if isinstance(index, int):
            call = self._by_index.get(index)
            if call is not None and is_named and id_ and call.id not in ("", id_):
                return self._by_id.get(id_)
            return call
        if id_:
            return self._by_id.get(id_)
        return None if is_named or not self._all else self._all[-1]


def arguments_of(function: dict[str, Any]) -> str:
    """JSON as text. Some give an object."""
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)


def proof_of(call: dict[str, Any], proofs: Mapping[str, Proof]) -> Proof:
    """What was thought before the call, in Google's corner of it, or among the details of the message."""
    signature = google_signature(call.get("extra_content"))
    return (signature, GOOGLE) if signature else proofs.get(text_of(call.get("id")), ("", ""))


def google_signature(extra_content: Any) -> str:
    """Of a call, or of a message (https://ai.google.dev/gemini-api/docs/thought-signatures)."""
    return text_of(_dict(_dict(extra_content).get("google")).get("thought_signature"))


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
