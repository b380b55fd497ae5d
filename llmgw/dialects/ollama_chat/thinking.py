"""How much to think: yes or no, and only gpt-oss takes a word. A word to any other model is refused by Ollama.

What is not said is left to the model: most that can think do.
"""

from llmgw.chat.conversation import Effort

_LEVELS = {"minimal": "low", "low": "low", "medium": "medium"}  # all others: high
_BUDGETS = {"low": 1024, "medium": 8192}  # up to how many tokens a word stands for


def write_think(effort: Effort | None, model: str) -> bool | str | None:
    """`think` as it is on the wire."""
    if effort is None:
        return None
    if effort.level == "none":
        return False
    return _level(effort) if "gpt-oss" in model.lower() else True


def _level(effort: Effort) -> str:
    if effort.level:
        return _LEVELS.get(effort.level, "high")
    if effort.budget_tokens is None:
        return "medium"
    return next((level for level, budget in _BUDGETS.items() if effort.budget_tokens <= budget), "high")
