"""What a Claude takes, by its name: the wire format is one, the models accept more or less of it.

A gateway in front (`us.anthropic.claude-…-v1:0`, `anthropic/claude-…`) keeps the name in the middle. A name that is
not of this pattern (an alias, another company's model behind this dialect) takes what Claude 4 to 4.5 took.
"""

import re

_NAME = re.compile(r"claude-(?:[a-z]+-)?v?(\d)(?:[-.](\d)(?!\d))?")


def _version(model: str) -> tuple[int, int]:
    found = _NAME.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else (4, 5)


def takes_effort(model: str) -> bool:
    """A word for how much to think, for a model that adapts (`thinking.type` adaptive)."""
    return _version(model) >= (4, 6)


def takes_budget(model: str) -> bool:
    """Tokens for how much to think (`thinking.budget_tokens`)."""
    return (3, 7) <= _version(model) < (4, 7)


def takes_sampling(model: str) -> bool:
    """`temperature`, `top_p` and `top_k`."""
    return _version(model) < (4, 7)


def takes_two_of_sampling(model: str) -> bool:
    """`temperature` and `top_p` at once."""
    return _version(model) < (4, 1)
