"""How many tokens a request can come to, before it is sent: a bound from above on each side, or why there is none.

Bytes bound what is text, a table bounds pictures, and only the model's window bounds sounds and documents. What the
file adds counts like what the caller wrote. The bounds are cheap: a request of nothing but text is not decoded.
"""

from collections.abc import Mapping
from functools import cache

import msgspec

from llmgw.chat import caps, estimate, unbounded
from llmgw.chat.dialect import Dialect
from llmgw.chat.measure import IMAGE_TOKENS_MAX, NOT_PROMPT
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.weighing import Weight

# What a provider may tell its model by itself: of any request, of tools or a form, and of each tool that it knows.
# The most that was seen in usage, or is documented, are 300 tokens, 350 and 740.
OWN_TOKENS_MAX = 1024

_PREDICTION = "prediction"
_NULL = b"null"


class Bounds(msgspec.Struct, frozen=True, gc=False):
    """`output_tokens_max` is that of each of the `answers`; None: nobody knows it.

    `is_capped`: the caller or the file has said how long an answer may be, or nobody may. `unbounded` names in the
    caller's words what cannot be bounded. `input_tokens_about` is an estimate, for a call of which nobody told more.
    `service_tier` is the one asked for, if it is not the usual one: bounded only by a price that knows it.
    """

    input_tokens_max: int | None
    output_tokens_max: int | None
    answers: int = 1
    is_capped: bool = False
    unbounded: str = ""
    input_tokens_about: int = 0
    service_tier: str = ""


NO_BOUNDS = Bounds(0, 0, is_capped=True)  # of what is not answered at all


def bounds(
    request: ChatRequest,
    dialect: Dialect,
    edits: Edits,
    body: bytes,
    *,
    max_output: int | None = None,
    context_window: int | None = None,
) -> Bounds:
    """Of one request to one target. `body` is what goes out: looked into only where the cap is in doubt."""
    is_edited = edits.set or edits.default or edits.drop
    fields = _going(request, edits) if is_edited else request.fields
    weight = dialect.weigh(bytes(fields.get(request.turns_field, b"")))
    if not (is_edited or request.json) and weight.is_text and _plain(request.turns_field).issuperset(fields):
        cap = caps.told(body, edits) if caps.is_in_doubt(request, edits) else request.max_tokens
        about = estimate.of_fields(fields, request.turns_field, edits.model)
        return _of_text(weight.text_bytes, about, cap, request.choices, edits.model, (max_output, context_window))
    text_bytes = weight.text_bytes + _beside(fields, request.turns_field)
    tokens = text_bytes + weight.images * IMAGE_TOKENS_MAX + _explained(request, fields)
    cap = caps.told(body, edits) if caps.is_in_doubt(request, edits) else request.max_tokens
    output_tokens_max = _least(_least(max_output, context_window), cap if cap > 0 else None)
    predicted = len(fields.get(_PREDICTION, _NULL)) - len(_NULL)  # billed beside the answer, if it does not come true
    return Bounds(
        context_window if weight.media else _least(tokens, context_window),
        None if output_tokens_max is None else output_tokens_max + predicted,
        edits.answers(request),
        cap > 0 or predicted > 0,  # who predicts is not allowed a cap
        _unbounded(weight, fields, edits)
        or (weight.media if context_window is None else "")
        or (_PREDICTION if predicted and output_tokens_max is None else ""),
        estimate.of_fields(fields, request.turns_field, edits.model),
        unbounded.service_tier(fields),
    )


def _of_text(
    text_bytes: int, about: int, cap: int, answers: int, model: str, targets_max: tuple[int | None, int | None]
) -> Bounds:
    """Of turns that are nothing but text, and beside them only settings: the same, at a glance."""
    output_tokens_max = _least(*targets_max)
    is_capped = cap > 0
    return Bounds(
        _least(text_bytes + OWN_TOKENS_MAX, targets_max[1]),
        _least(output_tokens_max, cap) if is_capped else output_tokens_max,
        answers,
        is_capped,
        unbounded.of_model(model),
        about,
    )


@cache
def _plain(turns_field: str) -> frozenset[str]:
    """The turns, and what is no prompt and has no bearing on anything that is asked here."""
    return (NOT_PROMPT - unbounded.FIELDS - {*unbounded.TIER_FIELDS, _PREDICTION}) | {turns_field}


def _going(request: ChatRequest, edits: Edits) -> Mapping[str, msgspec.Raw]:
    """The caller's fields and the file's: what the file adds may cost too, and what it drops does not."""
    return edits.applied(request.fields)[0]


def _beside(fields: Mapping[str, msgspec.Raw], turns_field: str) -> int:
    """The bytes of all else that may reach the model."""
    size = 0
    for name, raw in fields.items():
        if name not in NOT_PROMPT and name != turns_field:
            size += len(raw)
    return size


def _explained(request: ChatRequest, fields: Mapping[str, msgspec.Raw]) -> int:
    """What stands in no body."""
    if not (request.json or "tools" in fields or "functions" in fields):
        return OWN_TOKENS_MAX
    return OWN_TOKENS_MAX * (2 + unbounded.ready_made(bytes(fields.get("tools", b""))))


def _unbounded(weight: Weight, fields: Mapping[str, msgspec.Raw], edits: Edits) -> str:
    tools = fields.get("tools")
    return (
        weight.unbounded
        or unbounded.of_fields(fields)
        or (unbounded.of_tools(tools) if tools is not None else "")
        or unbounded.of_model(edits.model)
    )


def _least(one: int | None, other: int | None) -> int | None:
    """Of what is known."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
