"""Thoughts of earlier turns on their way back to a provider of this dialect: only whoever can use them gets them.

An answer that crossed from another dialect bears the text of its thoughts, their details and Google's signatures,
whoever gave them, and a caller hands them back with the history, be it to a provider who refuses the request for it.
What the provider itself has given goes back as it came: it is told by fields and formats that we do not write.
"""

from typing import Any

import msgspec

from llmgw.chat.request import Edits
from llmgw.chat.signatures import GOOGLE, OPENAI
from llmgw.dialects.openai_chat.reasoning import DETAILS, FORMATS, issuer_of

Turn = dict[str, msgspec.Raw]

_TEXT, _PLAIN, _EXTRA, _GOOGLE = "reasoning_content", "reasoning", "extra_content", "google"
_MARKS = (b'"reasoning_details"', b'"extra_content"')
_NO_FORMAT = (None, "unknown")
_turns_decoder = msgspec.json.Decoder(list[Turn])
_turn_decoder = msgspec.json.Decoder(Turn)
_encode = msgspec.json.Encoder().encode


class _Detail(msgspec.Struct):
    format: Any = None


_detail_decoder = msgspec.json.Decoder(_Detail)


def returned(messages: msgspec.Raw, edits: Edits) -> msgspec.Raw:
    """The messages without what is of no use to the target, as they were if there is nothing of that."""
    if not any(mark in bytes(messages) for mark in _MARKS):
        return messages
    turns = _turns_decoder.decode(messages)
    issuer = issuer_of(edits.model)
    changes = [_without_foreign(turn, edits.thoughts_field, issuer) for turn in turns]
    if issuer != GOOGLE:
        changes += [_without_googles(turn) for turn in turns]
    return _raw(turns) if any(changes) else messages


def _without_foreign(turn: Turn, field: str, issuer: str) -> bool:
    """Whether anything was. Who gives `reasoning` beside the details, as OpenRouter does, has a word for them."""
    details, knows = _details(turn), field == DETAILS or _PLAIN in turn
    kept = [raw for detail, raw in details if not _is_foreign(detail, issuer, knows=knows)]
    is_less = len(kept) < len(details)
    if is_less:
        turn[DETAILS] = _raw(kept)
        if not kept:
            del turn[DETAILS]
    has_moved = (is_less or (field == DETAILS and details)) and field != _TEXT and _TEXT in turn
    if has_moved:
        _move_text(turn, field)
    return is_less or bool(has_moved)


def _move_text(turn: Turn, field: str) -> None:
    """To where the target takes thoughts; where it takes details, these say it already."""
    text = turn.pop(_TEXT)
    if field == _PLAIN:
        turn.setdefault(_PLAIN, text)


def _details(turn: Turn) -> list[tuple[_Detail, msgspec.Raw]]:
    """Each with its bytes; none if they are something else."""
    try:
        raws = msgspec.json.decode(turn.get(DETAILS, b"[]"), type=list[msgspec.Raw])
        return [(_detail_decoder.decode(raw), raw) for raw in raws]
    except msgspec.ValidationError:
        return []


def _is_foreign(detail: _Detail, issuer: str, *, knows: bool) -> bool:
    """Whether another made it than made the model. A target that `knows` details may have given what nobody signed."""
    if detail.format in _NO_FORMAT:
        return not knows
    if detail.format == FORMATS[OPENAI]:
        return not knows  # OpenAI itself takes its own on another wire only
    is_known = detail.format in FORMATS.values()
    return is_known and detail.format != FORMATS.get(issuer) and (bool(issuer) or not knows)


def _without_googles(turn: Turn) -> bool:
    """Its signatures stand on the message, and on each call."""
    changed = _without_google(turn)
    calls = turn.get("tool_calls")
    if calls is None or b'"extra_content"' not in bytes(calls):
        return changed
    try:
        told = _turns_decoder.decode(calls)
    except msgspec.ValidationError:
        return changed  # what is no call is the provider's to refuse
    changes = [_without_google(call) for call in told]
    if any(changes):
        turn["tool_calls"] = _raw(told)
        return True
    return changed


def _without_google(fields: Turn) -> bool:
    try:
        extra = _turn_decoder.decode(fields.get(_EXTRA, b"{}"))
    except msgspec.ValidationError:
        return False
    if extra.pop(_GOOGLE, None) is None:
        return False
    if extra:
        fields[_EXTRA] = _raw(extra)
    else:
        del fields[_EXTRA]
    return True


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))
