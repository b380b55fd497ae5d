"""A request for the next turn, read into a conversation and written of one.

What Google cannot say is named as the callers of OpenAI know it, since it is they whose words do not cross; what
other dialects cannot say is named as it stands here, in camelCase, with a dot for what is inside.
"""

from typing import Any

import msgspec

from llmgw.chat.bodies import reading, scalars
from llmgw.chat.conversation import Conversation
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.writing import to_answer
from llmgw.dialects.gemini_generate import settings
from llmgw.dialects.gemini_generate.contents import ContentReader, listed
from llmgw.dialects.gemini_generate.edited import applied
from llmgw.dialects.gemini_generate.names import renamed
from llmgw.dialects.gemini_generate.thinking import read_effort
from llmgw.dialects.gemini_generate.tools import read_choice, read_tools, write_tools
from llmgw.dialects.gemini_generate.turns import ContentWriter, Drop
from llmgw.errors import InvalidRequestError

_WORDS = frozenset({"model", "contents", "systemInstruction", "tools", "toolConfig", settings.NAME, "labels"})
_encoder = msgspec.json.Encoder()


def read_conversation(request: ChatRequest) -> Conversation:
    """Raises InvalidRequestError with the place in the body."""
    with reading():
        told = renamed({name: msgspec.json.decode(raw) for name, raw in request.fields.items()})
        return _read(request, told)


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """Raises InvalidRequestError for arguments of a tool call that are no object."""
    unsaid = dict.fromkeys(conversation.beyond)

    def drop(name: str) -> None:
        unsaid[name] = None

    try:
        said = _written(conversation, edits.model, drop)
        to_answer(said["contents"], unsaid)
        fields = {name: msgspec.Raw(_encoder.encode(value)) for name, value in said.items() if value}
    except RecursionError:
        raise InvalidRequestError("the body is nested too deeply") from None
    body, dropped = applied(fields, edits)
    return _encoder.encode(body), tuple(dict.fromkeys((*unsaid, *dropped)))


def _read(request: ChatRequest, told: dict[str, Any]) -> Conversation:
    beyond = [name for name, value in told.items() if name not in _WORDS and value not in (None, [], {})]
    reader = ContentReader(beyond)
    with reading(base="systemInstruction.parts[...]"):
        system = reader.texts(told.get("systemInstruction"))
    with reading(base="contents[...].parts[...]"):
        messages = reader.read(told.get("contents"))
    with reading(base=settings.NAME):
        said = settings.read_settings(told.get(settings.NAME), beyond)
    with reading(base="tools[...].functionDeclarations"):
        tools = read_tools(listed(told.get("tools")), beyond)
    with reading(base="toolConfig.functionCallingConfig"):
        tools, choice = read_choice(told.get("toolConfig"), tools, beyond)
    return Conversation(
        model=request.model,
        messages=messages,
        system=system,
        tools=tools,
        tool_choice=choice,
        response_format=settings.read_format(said),
        max_tokens=said.max_output_tokens,
        stop=tuple(listed(said.stop_sequences)),
        sampling=settings.read_sampling(said),
        effort=read_effort(said.thinking_config),
        choices=max(said.candidate_count or 1, 1),
        metadata=scalars(told.get("labels")),
        stream=request.stream,
        beyond=tuple(dict.fromkeys(beyond)),
    )


def _written(conversation: Conversation, model: str, drop: Drop) -> dict[str, Any]:
    """Instructions alone are no conversation: then they are what the user says."""
    if conversation.user:
        drop("user")
    if conversation.metadata:
        drop("metadata")
    contents = ContentWriter(model, drop).write(conversation.messages)
    if any(text.cache for text in conversation.system):
        drop("cache_control")
    system = [{"text": text.text} for text in conversation.system if text.text]
    beside = {
        **write_tools(conversation.tools, conversation.tool_choice, drop),
        settings.NAME: settings.write_settings(conversation, model, drop),
    }
    if not contents and system:
        return {"contents": [{"role": "user", "parts": system}], **beside}
    return {"systemInstruction": {"parts": system} if system else None, "contents": contents, **beside}
