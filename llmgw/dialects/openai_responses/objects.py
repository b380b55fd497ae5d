"""The response object and its items, as a client gets them: with every field that the SDKs require.

We keep nothing, so `store` is false whatever was asked; what else the caller set is repeated as it was.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from llmgw.chat.conversation import Reasoning
from llmgw.chat.events import Finish
from llmgw.chat.objects import in_one_line
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.proofs import item_fields
from llmgw.dialects.openai_responses.usage import write_usage

WireItem = dict[str, object]

COMPLETED, INCOMPLETE, IN_PROGRESS = "completed", "incomplete", "in_progress"
_STEM_CHARS_MAX = 40  # OpenAI takes ids of up to 64 characters back
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
# What a response repeats of its request, and what each field is where the caller did not say.
_ECHOED: Mapping[str, object] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}
_OURS: Mapping[str, object] = {"background": False, "previous_response_id": None, "store": False}


@dataclass(frozen=True, slots=True)
class Head:
    """What all objects of one answer have in common. `fields` are those of the request."""

    id: str
    model: str
    created_s: int
    fields: Mapping[str, msgspec.Raw]

    @property
    def stem(self) -> str:
        """What the ids of this response and of its items share: the provider's own id, if it can be one here."""
        stem = _FOREIGN.sub("_", self.id.removeprefix("resp_")) or "llmgw"
        return stem if len(stem) <= _STEM_CHARS_MAX else hashlib.sha256(stem.encode()).hexdigest()[:_STEM_CHARS_MAX]

    def item_id(self, kind: str, index: int) -> str:
        return f"{kind}_{self.stem}_{index}"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a response ended: `reason` is why it is incomplete."""

    status: str = COMPLETED
    reason: str = ""
    error: ProviderError | None = None


def ending(finish: Finish | None, *, refuses: bool, error: ProviderError | None = None) -> Ending:
    """A refusal in words completes a response; one without them is a filtered answer."""
    if error is not None:
        return Ending("failed", error=error)
    if finish is Finish.LENGTH:
        return Ending(INCOMPLETE, "max_output_tokens")
    if finish is Finish.CONTENT_FILTER or (finish is Finish.REFUSAL and not refuses):
        return Ending(INCOMPLETE, "content_filter")
    return Ending()


def response(head: Head, end: Ending, output: Sequence[WireItem], usage: Usage | None) -> dict[str, object]:
    error = end.error
    return {
        "id": f"resp_{head.stem}",
        "object": "response",
        "created_at": head.created_s,
        "status": end.status,
        "error": {"code": "server_error", "message": error.message} if error else None,
        "incomplete_details": {"reason": end.reason} if end.reason else None,
        "model": head.model,
        "output": output,
        "usage": write_usage(usage),
        **_OURS,
        **{name: _told(head.fields.get(name), usual) for name, usual in _ECHOED.items()},
    }


def _told(given: msgspec.Raw | None, usual: object) -> object:
    return usual if given is None or bytes(given) == b"null" else in_one_line(given)


def message(id_: str, status: str, content: Sequence[object]) -> WireItem:
    return {"id": id_, "type": "message", "status": status, "role": "assistant", "content": content}


def output_text(text: str, annotations: Sequence[object] = ()) -> WireItem:
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


def refusal(text: str) -> WireItem:
    return {"type": "refusal", "refusal": text}


def reasoning(id_: str, thought: Reasoning) -> WireItem:
    """Thoughts are told as their summary, which is where clients look for them."""
    summary = [{"type": "summary_text", "text": thought.text}] if thought.text else []
    return {"id": id_, "type": "reasoning", "summary": summary, **item_fields(thought)}


def function_call(id_: str, status: str, call_id: str, name: str, arguments: str) -> WireItem:
    call = {"call_id": call_id, "name": name, "arguments": arguments}
    return {"id": id_, "type": "function_call", "status": status, **call}
