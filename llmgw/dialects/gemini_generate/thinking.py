"""How much to think: a word (`thinkingLevel`, since Gemini 3) or a budget of tokens, and whether to show the thoughts.

Google's own table says for how many tokens a word stands (https://ai.google.dev/gemini-api/docs/openai).
"""

from collections.abc import Callable
from typing import Any

import msgspec

from llmgw.chat.conversation import Effort
from llmgw.dialects.gemini_generate import models

BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576, "xhigh": 24_576, "max": 24_576}
_NOT_AT_ALL = "none"
_AS_IT_LIKES = -1
_ORDER = tuple(BUDGETS)


class ThinkingConfig(msgspec.Struct, rename="camel"):
    """As it is on the wire."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


def read_effort(config: ThinkingConfig | None) -> Effort | None:
    """None: nothing was said, but perhaps that the thoughts are not to be shown, which is the rule."""
    if config is None:
        return None
    shown, budget = config.include_thoughts, config.thinking_budget
    level = (config.thinking_level or "").lower().removeprefix("thinking_level_")
    if level in BUDGETS:
        return Effort(level, is_shown=shown)
    if budget == 0:
        return Effort(_NOT_AT_ALL)
    if budget is not None and budget != _AS_IT_LIKES:
        return Effort(budget_tokens=budget, is_shown=shown)
    return Effort(is_shown=shown) if shown or budget is not None else None


def write_effort(effort: Effort | None, model: str, drop: Callable[[str], None]) -> dict[str, Any] | None:
    """`thinkingConfig`. Whoever asks for thoughts wants to see them, if he does not say otherwise.

    A word is as much as the model makes of it; a number that it does not take, or a no that it does not, is named.
    """
    if effort is None:
        return None
    if not models.thinks(model):
        if effort.level != _NOT_AT_ALL:
            drop("reasoning_effort")
        return None
    if effort.level == _NOT_AT_ALL:
        return _least(model, drop)
    if effort.budget_tokens is not None and _within(effort.budget_tokens, model) != effort.budget_tokens:
        drop("reasoning_effort")
    shown = {} if effort.is_shown is False else {"includeThoughts": True}
    return {**shown, **_amount(effort, model)}


def _amount(effort: Effort, model: str) -> dict[str, Any]:
    if effort.budget_tokens is not None:
        return {"thinkingBudget": _within(effort.budget_tokens, model)}
    if effort.level not in BUDGETS:
        return {}
    if models.takes_level(model):
        return {"thinkingLevel": _word(effort.level, model)}
    return {"thinkingBudget": _within(BUDGETS[effort.level], model)}


def _least(model: str, drop: Callable[[str], None]) -> dict[str, Any]:
    """Not at all, where the model lets itself be told; else as little as it can, which is named."""
    if models.can_stop_thinking(model):
        return {"thinkingBudget": 0}
    drop("reasoning_effort")
    if models.takes_level(model):
        return {"thinkingLevel": models.levels(model)[0]}
    return {"thinkingBudget": models.budgets(model)[0]}


def _word(level: str, model: str) -> str:
    """The least word of the model that asks for as much, else its highest."""
    known = models.levels(model)
    return next((word for word in known if _ORDER.index(word) >= _ORDER.index(level)), known[-1])


def _within(budget_tokens: int, model: str) -> int:
    least, most = models.budgets(model)
    return min(max(budget_tokens, least), most)
