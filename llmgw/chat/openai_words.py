"""What OpenAI's dialects say in the same words: errors, models, usage, users, effort, why an answer ended.

Many providers with dialects of their own have taken these words over, too.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from llmgw.chat.conversation import Effort
from llmgw.chat.dialect import ErrorReport
from llmgw.chat.events import Finish
from llmgw.chat.usage import Usage, service_tier, tokens

# In lower case.
FINISHES: Mapping[str, Finish] = {
    "stop": Finish.STOP,
    "eos": Finish.STOP,
    "eos_token": Finish.STOP,
    "end_turn": Finish.STOP,
    "completed": Finish.STOP,
    "length": Finish.LENGTH,
    "max_tokens": Finish.LENGTH,
    "max_output_tokens": Finish.LENGTH,
    "model_length": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_calls": Finish.TOOL_USE,
    "tool_call": Finish.TOOL_USE,
    "tool_use": Finish.TOOL_USE,
    "function_call": Finish.TOOL_USE,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "content_filter": Finish.CONTENT_FILTER,
    "content_filtered": Finish.CONTENT_FILTER,
    "safety": Finish.CONTENT_FILTER,
    "sensitive": Finish.CONTENT_FILTER,
    "refusal": Finish.REFUSAL,
    "pause_turn": Finish.PAUSE,
}
_KIND_BY_STATUS = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}
USER_CHARS_MAX = 64
_BUDGETS = {"low": 1024, "medium": 4096}  # up to how many tokens a word stands for
_LEVELS = {"xhigh": "high", "max": "high"}  # words that few models of few providers know
_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def write_error(report: ErrorReport) -> bytes:
    """The body of an error answer, and the data of the event that ends a broken stream."""
    error: dict[str, object] = {
        "message": report.message.encode(errors="replace").decode(),  # half a character may come from a path
        "type": _kind(report.status),
        "param": report.param,
        "code": report.code,
    }
    if report.attempts:
        error["attempts"] = report.attempts
    return _encode({"error": error})


def write_models(names: Sequence[str], created_s: int) -> bytes:
    """The list of what a client may ask for."""
    return _encode({"object": "list", "data": [_model(name, created_s) for name in names]})


def write_model(name: str, created_s: int) -> bytes:
    """One of it."""
    return _encode(_model(name, created_s))


def read_usage(told: Any, tier: Any = None) -> Usage | None:
    """`tier`: what the answer says beside it of the service tier.

    Some count beside what others count inside, and only their arithmetic tells.

    Azure's Grok has the cached tokens beside the prompt; xAI has the reasoning beside the completion and both in the
    total; Gemini's endpoint names its thoughts nowhere but in the total.
    """
    if not isinstance(told, dict) or not ("prompt_tokens" in told or "completion_tokens" in told):
        return None
    prompt, completion = count(told, "prompt_tokens"), count(told, "completion_tokens")
    cached = (
        count(told.get("prompt_tokens_details"), "cached_tokens")
        or count(told, "prompt_cache_hit_tokens")  # DeepSeek
        or count(told, "num_cached_tokens")  # Mistral
    )
    details, said = told.get("prompt_tokens_details"), told.get("completion_tokens_details")
    written = count(details, "cache_write_tokens")  # OpenRouter, at times both
    reasoning = count(said, "reasoning_tokens")
    input_tokens = prompt if cached <= prompt else prompt + cached
    beside = max(count(told, "total_tokens") - input_tokens - completion, 0) if prompt else 0
    return Usage(
        input_tokens=input_tokens,
        output_tokens=completion + beside,
        cached_input_tokens=cached,
        reasoning_tokens=max(reasoning, beside),
        cache_write_input_tokens=min(written, input_tokens - cached),
        audio_input_tokens=count(details, "audio_tokens"),
        audio_output_tokens=count(said, "audio_tokens"),
        image_input_tokens=count(details, "image_tokens"),
        image_output_tokens=count(said, "image_tokens"),
        service_tier=service_tier(tier),
    )


def write_usage(usage: Usage) -> dict[str, object]:
    """As OpenAI counts."""
    read = {
        "cache_write_tokens": usage.cache_write_input_tokens,
        "audio_tokens": usage.audio_input_tokens,
        "image_tokens": usage.image_input_tokens,
    }
    said = {"audio_tokens": usage.audio_output_tokens, "image_tokens": usage.image_output_tokens}
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens, **_counted(read)},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens, **_counted(said)},
    }


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    """What there is: the SDKs do without the rest."""
    return {name: count for name, count in counts.items() if count}


def count(told: Any, name: str) -> int:
    """A number of tokens; 0 for whatever is none."""
    return tokens(told.get(name)) if isinstance(told, dict) else 0


def write_user(name: str) -> str | None:
    """OpenAI takes 64 characters; whoever has a longer name is the same user by its digest."""
    return hashlib.sha256(name.encode()).hexdigest() if len(name) > USER_CHARS_MAX else name or None


def write_effort(effort: Effort | None) -> str | None:
    """Not to think is what no word says to all who cannot; a budget is the word that it suffices for."""
    if effort is None or effort.level == "none":
        return None
    if effort.level or effort.budget_tokens is None:
        return _LEVELS.get(effort.level, effort.level) or None
    return next((level for level, budget in _BUDGETS.items() if effort.budget_tokens <= budget), "high")


def with_usage(options: msgspec.Raw | None) -> msgspec.Raw:
    """A caller's `stream_options`, asking for usage too."""
    given = {} if options is None or bytes(options) == b"null" else _fields_decoder.decode(options)
    return msgspec.Raw(_encode({**given, "include_usage": msgspec.Raw(b"true")}))


def may_matter(events: bytes) -> bool:
    """Whether any of these chunks could carry usage, an error or an end."""
    return (
        events.count(b'"usage"') != events.count(b'"usage":null')
        or events.count(b'"finish_reason"') != events.count(b'"finish_reason":null')
        or b'"error"' in events
        or b"[DONE]" in events
        or b"event:" in events
    )


def _kind(status: int) -> str:
    fallback = "server_error" if status >= 500 else "invalid_request_error"
    return _KIND_BY_STATUS.get(status, fallback)


def _model(name: str, created_s: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created_s, "owned_by": "llmgw"}
