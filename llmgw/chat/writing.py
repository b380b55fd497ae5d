"""What dialects that only providers speak have in common when they write a request.

Names are OpenAI's, which callers and files know: of what a conversation says, and of the fields that a file edits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import TypeVar

import msgspec

from llmgw.chat.conversation import Conversation, Message, Reasoning, Role, ToolMode, ToolResult
from llmgw.chat.objects import object_of
from llmgw.chat.request import Edits
from llmgw.chat.unsupported import NothingSaidError
from llmgw.errors import InvalidRequestError

_encode = msgspec.json.Encoder().encode
_NO_WORDS: Mapping[str, str] = {}
_Turns = TypeVar("_Turns")


def told(conversation: Conversation) -> frozenset[str]:
    """By which fields the caller has asked for something: those for which not every dialect has a word."""
    sampling, effort, choice = conversation.sampling, conversation.effort, conversation.tool_choice
    says = {
        "n": conversation.choices > 1,
        "user": conversation.user,
        "metadata": conversation.metadata,
        "top_k": sampling.top_k is not None,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "seed": sampling.seed is not None,
        "logit_bias": sampling.logit_bias,
        "logprobs": sampling.logprobs is not None,
        "response_format": conversation.response_format is not None,
        "reasoning_effort": effort is not None and effort.level != "none",
        "tools": conversation.tools and not (choice is not None and choice.mode is ToolMode.NONE),
        "strict": any(tool.strict for tool in conversation.tools),
        "tool_choice": choice is not None and choice.mode is ToolMode.REQUIRED,
        "parallel_tool_calls": choice is not None and choice.parallel is False,
        "cache_control": has_cache_marks(conversation),
    }
    return frozenset(name for name, is_said in says.items() if is_said)


def with_turn(conversation: Conversation) -> Conversation:
    """Instructions alone are no conversation: then they are what the user says."""
    if conversation.messages or not conversation.system:
        return conversation
    said = Message(Role.USER, conversation.system)
    return msgspec.structs.replace(conversation, messages=(said,), system=())


def to_answer(turns: _Turns, unsaid: Iterable[str]) -> _Turns:
    """The turns, of which there must be one. Raises NothingSaidError with what could not be said of them."""
    if not turns:
        raise NothingSaidError(unsaid)
    return turns


def write_body(
    fields: Mapping[str, object], unsaid: Iterable[str], edits: Edits, words: Mapping[str, str] = _NO_WORDS
) -> tuple[bytes, tuple[str, ...]]:
    """The body with the target's edits, and the names of what it does not say. A field of None says nothing.

    `words` are what OpenAI's names for fields are called here: files use either.
    """
    raws = {name: encoded(value) for name, value in fields.items() if value is not None}
    spoken = {name: words.get(name, name) for name in chain(edits.set, edits.default, edits.drop)}
    named = replace(
        edits,
        set={spoken[name]: value for name, value in edits.set.items()},
        default={spoken[name]: value for name, value in edits.default.items()},
        drop=frozenset(spoken[name] for name in edits.drop),
    )
    body, dropped = named.applied(raws)
    body["model"] = encoded(edits.model)
    files_word = {spoken[name]: name for name in sorted(edits.drop)}
    return _encode(body), tuple(dict.fromkeys((*unsaid, *(files_word[name] for name in dropped))))


def encoded(value: object) -> msgspec.Raw:
    """Raises InvalidRequestError for what is nested too deeply."""
    try:
        return msgspec.Raw(_encode(value))
    except RecursionError:
        raise InvalidRequestError("the body is nested too deeply") from None


def arguments_of(arguments: str, call_id: str, place: int) -> msgspec.Raw:
    """The arguments of a call as they were written, where they must be an object. None at all are an empty one."""
    found = object_of(arguments if arguments.strip() else "{}")
    if found is None:
        param = f"messages[{place}]"
        raise InvalidRequestError(f"{param}: the arguments of tool call '{call_id}' are no JSON object", param=param)
    return found


def has_cache_marks(conversation: Conversation) -> bool:
    """Whether the caller says what is to be kept in a cache."""
    parts = [*conversation.system, *(part for message in conversation.messages for part in message.parts)]
    parts += [inner for part in parts if isinstance(part, ToolResult) for inner in part.parts]
    marked = [part for part in (*parts, *conversation.tools) if not isinstance(part, Reasoning)]
    return any(getattr(part, "cache", "") for part in marked)
