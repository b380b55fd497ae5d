"""A request for the next message (https://docs.cohere.com/reference/chat)."""

from collections.abc import Sequence

from llmgw.chat.conversation import Conversation, ResponseFormat, Tool, ToolChoice, ToolMode
from llmgw.chat.request import Edits
from llmgw.chat.writing import to_answer, told, write_body
from llmgw.dialects.cohere_chat.messages import write_messages
from llmgw.dialects.cohere_chat.sampling import WORDS, write_sampling
from llmgw.dialects.cohere_chat.thinking import takes_thinking, takes_thoughts, write_thinking

STOPS_MAX = 5
WORDLESS = frozenset({"n", "user", "metadata", "logit_bias", "logprobs", "cache_control", "parallel_tool_calls"})
_CHOICES = {ToolMode.REQUIRED: "REQUIRED", ToolMode.NONE: "NONE"}


def write_conversation(conversation: Conversation, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
    """The body, and the names of what it does not say. Raises InvalidRequestError."""
    unsaid = dict.fromkeys([*conversation.beyond, *sorted(told(conversation) & _wordless(conversation, edits.model))])
    thoughts = takes_thoughts(conversation, edits.model)
    fields: dict[str, object] = {
        "messages": to_answer(write_messages(conversation, unsaid.setdefault, thoughts=thoughts), unsaid),
        **_write_tools(conversation.tools, conversation.tool_choice),
        "response_format": write_format(conversation.response_format, "json_schema"),
        "max_tokens": conversation.max_tokens,
        "stop_sequences": list(conversation.stop[:STOPS_MAX]) or None,
        **write_sampling(conversation.sampling, unsaid.setdefault),
        "thinking": write_thinking(conversation.effort, edits.model),
        "stream": conversation.stream,
    }
    if len(conversation.stop) > STOPS_MAX:
        unsaid.setdefault("stop")
    return write_body(fields, unsaid, edits, {**WORDS, "reasoning_effort": "thinking"})


def _wordless(conversation: Conversation, model: str) -> frozenset[str]:
    strict = {"strict"} if not all(tool.strict for tool in conversation.tools) else set()
    effort = set() if takes_thinking(model) else {"reasoning_effort"}
    return WORDLESS | strict | effort


def _write_tools(tools: Sequence[Tool], choice: ToolChoice | None) -> dict[str, object]:
    """A tool cannot be chosen by its name; but if it is the only one, to call any is to call it."""
    if not tools:
        return {}
    named = [tool for tool in tools if choice is not None and choice.name and tool.name == choice.name]
    return {
        "tools": [_write_tool(tool) for tool in named or tools],
        "strict_tools": all(tool.strict for tool in tools) or None,
        "tool_choice": None if choice is None else _CHOICES.get(choice.mode),
    }


def _write_tool(tool: Tool) -> dict[str, object]:
    schema = tool.parameters if isinstance(tool.parameters, dict) else {"type": "object", "properties": {}}
    function = {"name": tool.name, "description": tool.description, "parameters": schema}
    return {"type": "function", "function": {name: value for name, value in function.items() if value != ""}}


def write_format(told: ResponseFormat | None, schema_field: str) -> dict[str, object] | None:
    """Any JSON, or as the schema says."""
    if told is None:
        return None
    return {"type": "json_object", **({} if told.schema is None else {schema_field: told.schema})}
