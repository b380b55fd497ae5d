"""How much a Claude is to think: a budget of tokens or, since 4.6, a word (`output_config.effort`) if it adapts.

Which of the two a model takes is told by its name.
A budget binds the rest of the request: `max_tokens` must be above it, no tool may be forced, and in a tool loop the
model must get back what it thought. Where that cannot be, the answer comes without thinking rather than not at all.
"""

from itertools import dropwhile, takewhile
from typing import Any

from llmgw.chat.claude import models
from llmgw.chat.conversation import Conversation, Effort, Message, Part, Reasoning, Role, ToolMode, ToolResult, ToolUse
from llmgw.chat.signatures import ANTHROPIC

BUDGET_TOKENS_MIN = 1024
BUDGETS = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 16384, "max": 16384}
NOT_AT_ALL = "none"

_LEAST = "low"


def is_own_reasoning(part: Part) -> bool:
    """Whether Anthropic will take it back: a thought needs the proof that it gave."""
    return isinstance(part, Reasoning) and part.issuer == ANTHROPIC and bool(part.signature or part.redacted)


def write_effort(conversation: Conversation, model: str) -> tuple[dict[str, Any] | None, str]:
    """`thinking`, and the word for `output_config.effort`; neither, if it is not wanted or cannot be."""
    effort = conversation.effort
    if effort is None:
        return None, ""
    if effort.level == NOT_AT_ALL:
        return _at_rest(model)
    if is_forced(conversation):
        return None, ""
    if models.takes_effort(model) and (effort.budget_tokens is None or not models.takes_budget(model)):
        return _adaptive(effort), _word(effort, model)
    if not models.takes_budget(model) or _lacks_thoughts(conversation.messages):
        return None, ""
    budget = BUDGETS.get(effort.level, BUDGETS["medium"]) if effort.budget_tokens is None else effort.budget_tokens
    return {"type": "enabled", "budget_tokens": max(budget, BUDGET_TOKENS_MIN)}, ""


def below(cap: int, thinking: dict[str, Any] | None) -> dict[str, Any] | None:
    """The budget is a part of the cap: half of it, where it would not fit, and none at all where that is too little."""
    if thinking is None or thinking.get("budget_tokens", 0) < cap:
        return thinking
    budget = max(cap // 2, BUDGET_TOKENS_MIN)
    return {**thinking, "budget_tokens": budget} if budget < cap else None


def is_forced(conversation: Conversation) -> bool:
    """Whether the model must call a tool."""
    choice = conversation.tool_choice
    return choice is not None and bool(conversation.tools) and (bool(choice.name) or choice.mode is ToolMode.REQUIRED)


def _at_rest(model: str) -> tuple[dict[str, Any] | None, str]:
    """Those that always think can at least think little."""
    kind = models.at_rest(model)
    if kind is None:
        return None, _LEAST
    return ({"type": kind} if kind else None), ""


def _adaptive(effort: Effort) -> dict[str, Any]:
    shown = {True: "summarized", False: "omitted"}
    display = {} if effort.is_shown is None else {"display": shown[effort.is_shown]}
    return {"type": "adaptive", **display}


def _word(effort: Effort, model: str) -> str:
    if effort.budget_tokens is not None:
        return next((word for word in ("low", "medium") if effort.budget_tokens <= BUDGETS[word]), "high")
    if effort.level == "xhigh" and not models.takes_xhigh_effort(model):
        return "high"
    return _LEAST if effort.level == "minimal" else effort.level


def _lacks_thoughts(messages: tuple[Message, ...]) -> bool:
    """In a tool loop whose last calls came without a thought that Anthropic will take back."""
    answers = takewhile(lambda message: message.role is not Role.ASSISTANT, reversed(messages))
    if not any(isinstance(part, ToolResult) for message in answers for part in message.parts):
        return False
    before = dropwhile(lambda message: message.role is not Role.ASSISTANT, reversed(messages))
    turn = takewhile(lambda message: message.role is Role.ASSISTANT, before)
    parts = [part for message in turn for part in message.parts]
    return any(isinstance(part, ToolUse) for part in parts) and not any(map(is_own_reasoning, parts))
