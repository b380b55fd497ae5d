"""What a provider of this dialect takes only otherwise, mended on the way out.

A body is read no deeper than it must be: whether a message has anything to mend is seen by its bytes.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

import msgspec

from llmgw.chat.departures import Departures

Turn = dict[str, msgspec.Raw]

_IDS = re.compile(r"[a-zA-Z0-9]+")
_NOTHING = (b"null", b'""', b"[]")
_turns_decoder = msgspec.json.Decoder(list[Turn])
_text_decoder = msgspec.json.Decoder(str)
_encode = msgspec.json.Encoder().encode


def departed(body: dict[str, msgspec.Raw], departures: Departures) -> tuple[str, ...]:
    """Mend a body, in place; the names of what had to be left out."""
    left_out: list[str] = []
    for name, words in departures.words.items():
        if name in body:
            body[name] = _word(body[name], words)
    for name, other in departures.rename.items():
        raw = body.pop(name, None)
        if raw is not None and other in body:
            left_out.append(name)  # both were said
        elif raw is not None:
            body[other] = raw
    messages = body.get("messages")
    if messages is not None and _may_depart(bytes(messages), departures):
        body["messages"] = _mended(messages, departures, left_out)
    return tuple(dict.fromkeys(left_out))


def call_id(told: str, chars: int) -> str:
    """One that the provider takes: itself, or the same other one each time."""
    if len(told) == chars and _IDS.fullmatch(told):
        return told
    return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:chars]


def _word(raw: msgspec.Raw, words: Mapping[str, str]) -> msgspec.Raw:
    told = _text(raw)
    return raw if told is None or told not in words else _raw(words[told])


def _may_depart(messages: bytes, departures: Departures) -> bool:
    """The cheap look: a word may be there and mean something else, but it is never missing."""
    needles = [*departures.roles, *departures.leaves_out]
    needles += ["tool_calls", "tool_call_id"] if departures.call_id_chars else []
    needles += ["assistant"] if departures.prefill_field else []
    return any(b'"%b"' % needle.encode() in messages for needle in needles)


def _mended(messages: msgspec.Raw, departures: Departures, left_out: list[str]) -> msgspec.Raw:
    turns = _turns_decoder.decode(messages)
    for turn in turns:
        left_out += _leave_out(turn, departures)
        turn["role"] = _word(turn["role"], departures.roles)
        if departures.call_id_chars:
            _mend_ids(turn, departures.call_id_chars)
    if departures.prefill_field and turns and bytes(turns[-1]["role"]) == b'"assistant"':
        turns[-1].setdefault(departures.prefill_field, msgspec.Raw(b"true"))
    return _raw(turns)


def _leave_out(turn: Turn, departures: Departures) -> Iterator[str]:
    """Told only where there was something in it."""
    for name in sorted(departures.leaves_out & turn.keys()):
        if bytes(turn.pop(name)) not in _NOTHING:
            yield f"messages.{name}"


def _mend_ids(turn: Turn, chars: int) -> None:
    _mend_id(turn, "tool_call_id", chars)
    if bytes(turn.get("tool_calls", b"")).startswith(b"["):
        with suppress(msgspec.ValidationError):  # what is no call is the provider's to refuse
            calls = _turns_decoder.decode(turn["tool_calls"])
            for call in calls:
                _mend_id(call, "id", chars)
            turn["tool_calls"] = _raw(calls)


def _mend_id(fields: Turn, name: str, chars: int) -> None:
    told = _text(fields[name]) if name in fields else None
    if told is not None:
        fields[name] = _raw(call_id(told, chars))


def _text(raw: msgspec.Raw) -> str | None:
    """None if it is something else."""
    try:
        return _text_decoder.decode(raw)
    except msgspec.ValidationError:
        return None


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))
