"""A conversation for those who only complete a text: one prompt, and the settings in their own words.

The turns of a chat cannot be said to them: whatever marks we put between them, the model was not trained on ours. So
what a user has said at once is all that can be, with the instructions before it.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from llmgw.chat.conversation import Conversation, Part, Role, Text
from llmgw.chat.request import Edits
from llmgw.chat.writing import encoded, with_turn
from llmgw.errors import InvalidRequestError

Drop = Callable[[str], None]


def single_prompt(conversation: Conversation, drop: Drop) -> str:
    """`drop` is told the names of parts that are no text. Raises InvalidRequestError if there was a turn before."""
    conversation = with_turn(conversation)
    messages = conversation.messages
    if not messages or any(message.role is not Role.USER for message in messages):
        why = "a target that completes texts takes what one user has said, and no other turns"
        raise InvalidRequestError(f"messages: {why}", param="messages")
    parts = [part for message in messages for part in message.parts]
    for part in parts:
        if not isinstance(part, Text):
            drop(name_of(part))
    if any(message.name for message in messages):
        drop("messages.name")
    texts = [*conversation.system, *(part for part in parts if isinstance(part, Text))]
    if any(text.cache for text in texts):
        drop("cache_control")
    return "\n\n".join(text.text for text in texts)


def settings(conversation: Conversation, words: Mapping[str, str], edits: Edits, drop: Drop) -> dict[str, object]:
    """What the caller has set, as `words` has it by OpenAI's name; `drop` is told what it has no word for."""
    said: dict[str, object] = {}
    for name, value in _set(conversation).items():
        if name in words and name not in edits.drop:
            said[words[name]] = value
        else:
            drop(name)
    return said


def _set(conversation: Conversation) -> dict[str, object]:
    sampling, effort, choice = conversation.sampling, conversation.effort, conversation.tool_choice
    thinks = effort is not None and effort.level != "none"
    fields: dict[str, object] = {
        "max_tokens": conversation.max_tokens,
        "stop": list(conversation.stop) or None,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "seed": sampling.seed,
        "logit_bias": sampling.logit_bias or None,
        "logprobs": sampling.logprobs,
        "user": conversation.user or None,
        "metadata": conversation.metadata or None,
        "n": conversation.choices if conversation.choices > 1 else None,
        "reasoning_effort": effort if thinks else None,
        "response_format": conversation.response_format,
        "tools": conversation.tools or None,
        "tool_choice": choice if conversation.tools and choice else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def write_prompt_body(
    fields: Mapping[str, object], unsaid: Iterable[str], edits: Edits
) -> tuple[bytes, tuple[str, ...]]:
    """The body with the target's edits, and the names of what it does not say."""
    body, dropped = edits.applied({name: encoded(value) for name, value in fields.items()})
    return msgspec.json.encode(body), tuple(dict.fromkeys((*unsaid, *dropped)))


def name_of(part: Part) -> str:
    """By which a part of a message is told that cannot be said."""
    kind = type(part).__name__
    return f"messages.{_NAMES.get(kind, kind.lower())}"


_NAMES = {"ToolUse": "tool_use", "ToolResult": "tool_result"}
