"""What the events of a stream mean to the gateway, while they go on as they came."""

from typing import Any

from llmgw.chat.dialect import FINISH_CONTENT_FILTER, NOTHING, Sign
from llmgw.chat.provider_errors import ProviderError
from llmgw.dialects.openai_responses.errors import read_failure
from llmgw.dialects.openai_responses.said import dict_of, dicts_of, text_of, texts
from llmgw.dialects.openai_responses.usage import read_usage
from llmgw.dialects.openai_responses.wire_events import ENDS, WireEvent, parse

_ITEMS = frozenset({"response.output_item.added", "response.output_item.done"})
_MAY_BE_EMPTY = frozenset({"message", "reasoning"})
_MARKS = (b'"error"', b"event: error", b"event:error", *(name.encode() for name in ENDS))


def read_sign(event: bytes) -> Sign:
    """Raises UpstreamProtocolError if it is not of this dialect."""
    told = parse(event)
    if told is None:
        return NOTHING
    if isinstance(told, ProviderError):
        return Sign(error=told)
    return _end(dict_of(told.response)) if told.type in ENDS else Sign(content=_has_content(told))


def _end(response: dict[str, Any]) -> Sign:
    usage, failure = read_usage(response.get("usage"), response.get("service_tier")), read_failure(response)
    if failure is not None:
        return Sign(error=failure, usage=usage)
    content = any(map(_says, dicts_of(response.get("output"))))  # some say all of it only here
    return Sign(content=content, finish=finish_of(response), finished=(0,), end=True, usage=usage)


def finish_of(response: dict[str, Any]) -> str:
    """As the gateway knows it: only that an answer was filtered matters to it."""
    reason = dict_of(response.get("incomplete_details")).get("reason")
    return FINISH_CONTENT_FILTER if reason == FINISH_CONTENT_FILTER else str(response.get("status") or "completed")


def _has_content(told: WireEvent) -> bool:
    if told.type in _ITEMS:
        return _says(dict_of(told.item))
    return bool(told.delta or told.text or told.refusal or told.annotation or texts([told.part]))


def _says(item: dict[str, Any]) -> bool:
    """Messages and thoughts begin empty; every other kind of item says something by being there."""
    if text_of(item.get("type")) not in _MAY_BE_EMPTY:
        return bool(item)
    content = dicts_of(item.get("content"))
    said = texts(content) or texts(item.get("summary")) or any(part.get("refusal") for part in content)
    return bool(said or item.get("encrypted_content"))


def may_matter(events: bytes) -> bool:
    """Whether any of these events could carry an error or the end, which has the usage."""
    return any(mark in events for mark in _MARKS)
