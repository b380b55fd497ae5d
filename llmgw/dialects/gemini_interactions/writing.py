"""A conversation as the steps of an interaction, and what is asked of the next one.

Nothing is stored: the conversation comes whole each time. A thought is a step only with its signature.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llmgw.chat.conversation import (
    Audio,
    Conversation,
    Effort,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
)
from llmgw.chat.prompts import name_of
from llmgw.chat.request import Edits
from llmgw.chat.signatures import GOOGLE, is_sealed
from llmgw.chat.turns import results_first, spoken
from llmgw.chat.writing import arguments_of, to_answer, told, with_turn, write_body

Drop = Callable[[str], None]
Step = dict[str, Any]

_MODES = {ToolMode.AUTO: "auto", ToolMode.NONE: "none", ToolMode.REQUIRED: "any"}
_LEVELS = {"none": "minimal", "xhigh": "high", "max": "high"}
_BUDGETS = {"low": 1024, "medium": 4096}  # up to how many tokens a word stands for
# The fields of OpenAI's for which there is no word here.
_UNSAID = (
    *("n", "user", "metadata", "top_k", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs"),
    *("strict", "parallel_tool_calls", "cache_control"),
)


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError."""
    unsaid = [*conversation.beyond, *(name for name in _UNSAID if name in told(conversation))]
    if conversation.effort is not None and conversation.effort.level == "none":
        unsaid.append("reasoning_effort")  # as little as can be is the nearest
    conversation = with_turn(conversation)
    fields = {
        "input": to_answer(list(_Steps(unsaid.append).write(conversation)), unsaid),
        "system_instruction": "\n\n".join(text.text for text in conversation.system) or None,
        "tools": [_tool(tool) for tool in conversation.tools] or None,
        "generation_config": _config(conversation) or None,
        "response_format": _format(conversation.response_format),
        "stream": conversation.stream or None,
        "store": False,
    }
    return write_body(fields, unsaid, edits)


class _Steps:
    """The name of a call is told again with its result."""

    def __init__(self, drop: Drop) -> None:
        self._drop = drop
        self._names: dict[str, str] = {}

    def write(self, conversation: Conversation) -> Iterator[Step]:
        for place, message in enumerate(conversation.messages):
            if message.name:
                self._drop("messages.name")
            yield from self._said(message, place) if message.role is Role.ASSISTANT else self._heard(message)

    def _heard(self, message: Message) -> Iterator[Step]:
        """Results of tools first, as they follow their calls; instructions amid the conversation in a tag."""
        parts = results_first(spoken(message, self._drop), self._drop)
        yield from (self._result(part) for part in parts if isinstance(part, ToolResult))
        content = list(self._content([part for part in parts if not isinstance(part, ToolResult)]))
        if content:
            yield {"type": "user_input", "content": content}

    def _said(self, message: Message, place: int) -> Iterator[Step]:
        for part in message.parts:
            match part:
                case Text() | Refusal():
                    yield {"type": "model_output", "content": [self._words(part)]}
                case Reasoning():
                    yield from _thought(part.signature, part.issuer, part.text)
                case ToolUse():
                    self._names[part.id] = part.name
                    yield from _thought(part.signature, part.issuer)
                    arguments = arguments_of(part.arguments, part.id, place)
                    yield {"type": "function_call", "id": part.id, "name": part.name, "arguments": arguments}
                case _:
                    content = list(self._content([part]))
                    yield from [{"type": "model_output", "content": content}] if content else []

    def _result(self, result: ToolResult) -> Step:
        name = result.name or self._names.get(result.id, "")
        return {
            "type": "function_result",
            "call_id": result.id,
            "result": list(self._content(result.parts)),
            **({"name": name} if name else {}),
            **({"is_error": True} if result.is_error else {}),
        }

    def _content(self, parts: Sequence[Part]) -> Iterator[Step]:
        for part in parts:
            match part:
                case Text():
                    yield self._words(part)
                case Image():
                    if part.detail not in ("", "auto"):
                        self._drop("messages.image_url.detail")
                    yield {"type": "image", **_media(part.media_type, part.data, part.url)}
                case Audio():
                    yield {"type": "audio", **_media(f"audio/{part.format}", part.data, "")}
                case File() if part.data or part.url:
                    yield {"type": "document", **_media(part.media_type, part.data, part.url)}
                case File():
                    self._drop("messages.file")
                case _:
                    self._drop(name_of(part))

    def _words(self, part: Text | Refusal) -> Step:
        if isinstance(part, Text) and part.citations:
            self._drop("messages.annotations")
        return _text(part.text)


def _thought(signature: str, issuer: str, text: str = "") -> Iterator[Step]:
    if signature and issuer == GOOGLE and not is_sealed(signature):
        yield {"type": "thought", "signature": signature, **({"summary": [_text(text)]} if text else {})}


def _text(text: str) -> Step:
    return {"type": "text", "text": text}


def _media(media_type: str, data: str, url: str) -> Step:
    where = {"data": data} if data else {"uri": url}
    return {**where, **({"mime_type": media_type} if media_type else {})}


def _tool(tool: Tool) -> Step:
    fields = {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {name: value for name, value in fields.items() if value}


def _config(conversation: Conversation) -> Step:
    sampling = conversation.sampling
    fields = {
        "max_output_tokens": conversation.max_tokens,
        "stop_sequences": list(conversation.stop) or None,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "thinking_level": _level(conversation.effort),
        "thinking_summaries": _summaries(conversation.effort),
        "tool_choice": _choice(conversation.tool_choice) if conversation.tools else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _level(effort: Effort | None) -> str | None:
    if effort is None:
        return None
    if effort.level or effort.budget_tokens is None:
        return _LEVELS.get(effort.level, effort.level) or None
    return next((level for level, budget in _BUDGETS.items() if effort.budget_tokens <= budget), "high")


def _summaries(effort: Effort | None) -> str | None:
    if effort is None or effort.is_shown is None:
        return None
    return "auto" if effort.is_shown else "none"


def _choice(choice: ToolChoice | None) -> str | Step | None:
    if choice is None:
        return None
    if choice.name:
        return {"allowed_tools": {"mode": "any", "tools": [choice.name]}}
    return _MODES[choice.mode]


def _format(format_: ResponseFormat | None) -> Step | None:
    if format_ is None:
        return None
    schema = {} if format_.schema is None else {"schema": format_.schema}
    return {"type": "text", "mime_type": "application/json", **schema}
