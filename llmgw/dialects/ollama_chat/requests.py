"""A request for the next message (https://docs.ollama.com/api/chat).

No tool can be forced, nor one of them chosen: that is named, and left to the policy. Not to call any is said by
leaving them out.
"""

from typing import Any

from llmgw.chat.conversation import Conversation, ResponseFormat, Tool
from llmgw.chat.request import Edits
from llmgw.chat.writing import to_answer, told, write_body
from llmgw.dialects.ollama_chat.messages import write_messages
from llmgw.dialects.ollama_chat.options import write_options
from llmgw.dialects.ollama_chat.thinking import write_think

WORDLESS = frozenset(
    {
        *("n", "user", "metadata", "logit_bias", "logprobs", "cache_control"),
        *("strict", "tool_choice", "parallel_tool_calls"),
    }
)


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError."""
    says = told(conversation)
    unsaid = dict.fromkeys([*conversation.beyond, *sorted(says & WORDLESS)])
    options, rest, dropped = write_options(conversation, edits)
    fields: dict[str, object] = {
        "messages": to_answer(write_messages(conversation, unsaid.setdefault), unsaid),
        "tools": [write_tool(tool) for tool in conversation.tools] if "tools" in says else None,
        "format": write_format(conversation.response_format),
        "think": write_think(conversation.effort, edits.model),
        "options": options,
        "stream": conversation.stream,  # Ollama streams unless told not to
    }
    return write_body(fields, (*unsaid, *dropped), rest, {"response_format": "format", "reasoning_effort": "think"})


def write_format(told: ResponseFormat | None) -> Any:
    """Any JSON, or as the schema says."""
    if told is None:
        return None
    return "json" if told.schema is None else told.schema


def write_tool(tool: Tool) -> dict[str, object]:
    schema = tool.parameters if isinstance(tool.parameters, dict) else {"type": "object", "properties": {}}
    function = {"name": tool.name, "description": tool.description, "parameters": schema}
    return {"type": "function", "function": {name: value for name, value in function.items() if value != ""}}
