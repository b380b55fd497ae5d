"""A conversation as a request of Converse. The path says which model, and whether it is a stream.

What cannot be said is named as the callers of OpenAI know it. Files may edit Converse's own fields, and by OpenAI's
names those that lie inside of others.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from llmgw.chat.conversation import Conversation, Role
from llmgw.chat.request import Edits
from llmgw.chat.writing import encoded, to_answer, told
from llmgw.dialects.bedrock_converse import models
from llmgw.dialects.bedrock_converse.marks import bound
from llmgw.dialects.bedrock_converse.parts import Writing, write_messages, write_text
from llmgw.dialects.bedrock_converse.tools import write_tools
from llmgw.dialects.bedrock_converse.tuning import write_format, write_tuning
from llmgw.errors import InvalidRequestError

METADATA_ENTRIES_MAX = 16
_METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")
_CONFIG, _OWN = "inferenceConfig", "additionalModelRequestFields"
# OpenAI's names of what lies inside of other fields.
_WORDS = {
    "max_tokens": (_CONFIG, "maxTokens"),
    "max_completion_tokens": (_CONFIG, "maxTokens"),
    "temperature": (_CONFIG, "temperature"),
    "top_p": (_CONFIG, "topP"),
    "stop": (_CONFIG, "stopSequences"),
    "top_k": (_OWN, "top_k"),
    "thinking": (_OWN, "thinking"),
    "metadata": ("requestMetadata", ""),
}
# The same for what can be dropped only: in OpenAI's form nothing could be made of it here.
_WORDS_OF_DROPPED = _WORDS | {
    "tools": ("toolConfig", ""),
    "tool_choice": ("toolConfig", "toolChoice"),
    "response_format": ("outputConfig", "textFormat"),
}
_BEYOND = frozenset({"n", "user", "presence_penalty", "frequency_penalty", "seed", "logit_bias", "logprobs"})

Fields = dict[str, Any]


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """Raises InvalidRequestError for arguments of a call that are no object, and if there is nothing to be said."""
    unsaid = list(conversation.beyond)
    try:
        body = _said(conversation, edits.model, unsaid)
    except RecursionError:
        raise InvalidRequestError("the body is nested too deeply") from None
    unsaid += _edit(body, edits)
    return bytes(encoded(body)), tuple(dict.fromkeys(unsaid))


def _said(conversation: Conversation, model: str, unsaid: list[str]) -> Fields:
    writing = Writing(model, unsaid)
    system = [block for text in conversation.system for block in write_text(text, writing)]
    messages = write_messages(conversation.messages, writing)
    if not messages:
        system, messages = [], _alone(system, unsaid)
    tools, own_of_tools = write_tools(conversation, model, unsaid)
    bound(tools["tools"] if tools else [], system, messages, model, unsaid)
    config, own = write_tuning(conversation, model, unsaid)
    unsaid += sorted(told(conversation) & _BEYOND)
    said = {
        "system": system,
        "messages": messages,
        _CONFIG: config,
        "toolConfig": tools,
        "outputConfig": write_format(conversation.response_format, model, unsaid),
        _OWN: {**own, **own_of_tools},
        "additionalModelResponseFieldPaths": _asked_back(conversation, model),
        "requestMetadata": _metadata(conversation.metadata, unsaid),
    }
    return {name: value for name, value in said.items() if value}


def _alone(system: list[Fields], unsaid: Iterable[str]) -> list[Fields]:
    """Instructions alone are no conversation: then they are what the user says."""
    return [{"role": Role.USER, "content": to_answer(system, unsaid)}]


def _asked_back(conversation: Conversation, model: str) -> list[str]:
    """Which of the sequences it met is told only to those who ask, and by Claude."""
    return ["/stop_sequence"] if conversation.stop and models.is_claude(model) else []


def _metadata(given: Mapping[str, str], unsaid: list[str]) -> Mapping[str, str]:
    """What Bedrock puts into its log, if it is plain enough."""
    is_plain = all(name and _METADATA.fullmatch(name) and _METADATA.fullmatch(text) for name, text in given.items())
    if is_plain and len(given) <= METADATA_ENTRIES_MAX:
        return given
    unsaid.append("metadata")
    return {}


def _edit(body: Fields, edits: Edits) -> list[str]:
    """What the file drops, sets and adds; the names of what was dropped of the caller's."""
    dropped = [name for name in sorted(edits.drop) if _take_out(body, *_WORDS_OF_DROPPED.get(name, (name, "")))]
    for name, raw in edits.default.items():
        if name not in edits.drop:
            _put(body, *_WORDS.get(name, (name, "")), msgspec.json.decode(raw), over=False)
    for name, raw in edits.set.items():
        _put(body, *_WORDS.get(name, (name, "")), msgspec.json.decode(raw), over=True)
    return dropped


def _take_out(body: Fields, field: str, inner: str) -> bool:
    """What is then empty says nothing, and goes too."""
    if field not in body:
        return False
    is_there = body[field].pop(inner, None) is not None if inner else True
    if not (inner and body[field]):
        del body[field]
    return is_there


def _put(body: Fields, field: str, inner: str, value: Any, *, over: bool) -> None:
    """Objects are put together, field by field."""
    if inner:
        value = {inner: value}
    there = body.get(field)
    if isinstance(there, dict) and isinstance(value, dict):
        body[field] = {**there, **value} if over else {**value, **there}
    elif over or there is None:
        body[field] = value
