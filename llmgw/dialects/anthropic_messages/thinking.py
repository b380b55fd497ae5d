"""How much to think: a budget of tokens or, since Claude 4.6, a word (`output_config.effort`) for a model that adapts.

Which of the two a model takes is told by its name.
A budget binds the rest of the request: `max_tokens` must be above it, no tool may be forced, and in a tool loop the
model must get back what it thought. Where that cannot be, the answer comes without thinking rather than not at all.
"""

from typing import Any

import msgspec

from llmgw.chat.conversation import Conversation, Effort, Message, Role, ToolMode, ToolResult, ToolUse
from llmgw.dialects.anthropic_messages import models
from llmgw.dialects.anthropic_messages.parts import is_own_reasoning

BUDGET_TOKENS_MIN = 1024
BUDGETS = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 16384, "max": 16384}
_NOT_AT_ALL = "none"


class Thinking(msgspec.Struct):
    """`thinking` as it is on the wire."""

    type: str
    budget_tokens: int | None = None
    display: str | None = None


class OutputConfig(msgspec.Struct):
    """`output_config` as it is on the wire."""

    effort: str | None = None
    format: Any = None


def read_effort(thinking: Thinking | None, config: OutputConfig | None) -> Effort | None:
    """None: nothing was said."""
    level = (config.effort if config else None) or ""
    if thinking is None:
        return Effort(level) if level else None
    if thinking.type == "disabled":
        return Effort(_NOT_AT_ALL)
    shown = None if thinking.display is None else thinking.display != "omitted"
    return Effort(level, thinking.budget_tokens, shown)


def write_effort(conversation: Conversation, model: str) -> tuple[dict[str, Any] | None, str]:
    """`thinking`, and the word for `output_config.effort`; neither, if it is not wanted or cannot be."""
    effort = conversation.effort
    if effort is None or effort.level == _NOT_AT_ALL:
        return ({"type": "disabled"} if effort and models.takes_effort(model) else None), ""
    if _is_forced(conversation):
        return None, ""
    if models.takes_effort(model) and (effort.budget_tokens is None or not models.takes_budget(model)):
        return _adaptive(effort), _word(effort, model)
    if not models.takes_budget(model) or _lacks_thoughts(conversation.messages):
        return None, ""
    budget = BUDGETS.get(effort.level, BUDGETS["medium"]) if effort.budget_tokens is None else effort.budget_tokens
    return {"type": "enabled", "budget_tokens": max(budget, BUDGET_TOKENS_MIN)}, ""


def _adaptive(effort: Effort) -> dict[str, Any]:
    shown = {True: "summarized", False: "omitted"}
    display = {} if effort.is_shown is None else {"display": shown[effort.is_shown]}
    return {"type": "adaptive", **display}


def _word(effort: Effort, model: str) -> str:
    if effort.budget_tokens is not None:
        return next((word for word in ("low", "medium") if effort.budget_tokens <= BUDGETS[word]), "high")
    if effort.level == "xhigh" and models.takes_budget(model):
        return "high"  # the word came with Claude 4.7
    return "low" if effort.level == "minimal" else effort.level


def _is_forced(conversation: Conversation) -> bool:
    choice = conversation.tool_choice
    return choice is not None and bool(conversation.tools) and (bool(choice.name) or choice.mode is ToolMode.REQUIRED)


def _lacks_thoughts(messages: tuple[Message, ...]) -> bool:
    """In a tool loop whose last calls came without a thought that Anthropic will take back."""
    last: list[Any] = []
    for message in reversed(messages):
        if message.role is Role.ASSISTANT:
            last = [*message.parts, *last]
        elif last:
            break
    answered = any(isinstance(part, ToolResult) for message in messages[-1:] for part in message.parts)
    calls = any(isinstance(part, ToolUse) for part in last)
    return answered and calls and not any(map(is_own_reasoning, last))
