"""How much to think: on, with a budget of tokens or without one, or off. Which models can is told by their names.

https://docs.cohere.com/docs/reasoning
"""

import re

from llmgw.chat.conversation import Conversation, Effort

_THINKS_NOT = re.compile(r"command(?:-light|-nightly)?$|command-r|command-a-(?:03|translate|vision)|c4ai-|tiny-aya")
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 4096}  # more: as much as the model likes
_NOT_AT_ALL = "none"


def takes_thinking(model: str) -> bool:
    """Whether `thinking` is no error. Newer models are taken to think."""
    return _THINKS_NOT.match(model.lower()) is None


def write_thinking(effort: Effort | None, model: str) -> dict[str, object] | None:
    """`thinking` as it is on the wire; None where it is not wanted, or would be refused."""
    if effort is None or not takes_thinking(model):
        return None
    if effort.level == _NOT_AT_ALL:
        return {"type": "disabled"}
    budget = effort.budget_tokens or _BUDGETS.get(effort.level)
    return {"type": "enabled", **({"token_budget": budget} if budget else {})}


def takes_thoughts(conversation: Conversation, model: str) -> bool:
    """Thoughts of earlier turns are refused where none are wanted."""
    effort = conversation.effort
    return takes_thinking(model) and not (effort is not None and effort.level == _NOT_AT_ALL)
