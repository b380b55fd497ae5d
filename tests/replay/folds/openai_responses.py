"""OpenAI Responses, folded. A stream is its deltas; what comes only whole, in `done` events, fills the gaps."""

from collections.abc import Sequence
from typing import Any

from tests.replay.frames import Frame
from tests.replay.told import FILTER, LENGTH, STOP, TOOLS, Counted, Told

TERMINAL = {"response.completed", "response.incomplete", "response.failed"}
OWN_ITEMS = {"message", "function_call", "reasoning"}


def fold(frames: Sequence[Frame]) -> Told:
    """The items as each was last told, in their order; of one that is still open, its deltas."""
    told = Told()
    items: dict[int, dict[str, Any]] = {}
    for frame in frames:
        if isinstance(frame.data, dict):
            _take(told, items, frame.data)
        if told.error or told.is_whole:
            break
    for item in items.values():
        _take_item(told, item)
    return _ended(told)


def read(body: Any) -> Told:
    told = Told()
    _take_response(told, body)
    for item in body.get("output") or []:
        _take_item(told, item)
    return _ended(told)


def _take(told: Told, items: dict[int, dict[str, Any]], data: dict[str, Any]) -> None:
    kind = data.get("type", "")
    if kind in TERMINAL:
        _take_response(told, data["response"])
        told.is_whole = kind != "response.failed"
    elif kind == "error":
        told.error = data.get("message") or (data.get("error") or {}).get("message") or "error"
    elif kind in ("response.output_item.added", "response.output_item.done"):
        item = data["item"]
        known = items.get(data["output_index"], {})
        if kind.endswith("added") or not known.get("deltas") or item["type"] == "function_call":
            items[data["output_index"]] = {"deltas": known.get("deltas", []), **item}
    elif kind in DELTAS and data.get("delta"):
        items.setdefault(data["output_index"], {}).setdefault("deltas", []).append((DELTAS[kind], data["delta"]))


DELTAS = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning",
    "response.reasoning_summary_text.delta": "summary",
    "response.function_call_arguments.delta": "arguments",
}


def _take_item(told: Told, item: dict[str, Any]) -> None:
    deltas = item.get("deltas") or []
    pieces = {name: "".join(piece for kind, piece in deltas if kind == name) for name in DELTAS.values()}
    kind = item.get("type")
    told.is_opaque = told.is_opaque or kind not in OWN_ITEMS or bool(item.get("encrypted_content"))
    if kind == "function_call":
        call = told.call(item.get("call_id"))
        call[:] = [item.get("call_id") or "", item.get("name") or "", item.get("arguments") or pieces["arguments"]]
    elif deltas:
        told.text += pieces["text"]
        told.refusal += pieces["refusal"]
        told.reasoning += pieces["reasoning"] or pieces["summary"]
    elif kind == "reasoning":
        thoughts = item.get("content") or item.get("summary") or []
        told.reasoning += "".join(part.get("text") or "" for part in thoughts)
    elif kind == "message":
        for part in item.get("content") or []:
            told.text += part.get("text") or ""
            told.refusal += part.get("refusal") or ""


def _take_response(told: Told, response: dict[str, Any]) -> None:
    told.usage = count(response.get("usage")) or told.usage
    status = response.get("status")
    if status == "failed" or response.get("error"):
        told.error = (response.get("error") or {}).get("message") or "failed"
        return
    told.is_whole = status in ("completed", "incomplete")
    reason = (response.get("incomplete_details") or {}).get("reason", "")
    told.finish = {"content_filter": FILTER}.get(reason, LENGTH) if status == "incomplete" else ""


def _ended(told: Told) -> Told:
    if told.is_whole and not told.finish:
        told.finish = TOOLS if told.calls else FILTER if told.refusal else STOP
    return told


def count(usage: Any) -> Counted | None:
    if not usage:
        return None
    cached = (usage.get("input_tokens_details") or {}).get("cached_tokens") or 0
    return Counted(usage.get("input_tokens") or 0, usage.get("output_tokens") or 0, cached)
