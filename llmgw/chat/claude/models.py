"""What a Claude takes, by its name: whoever serves it, the models accept more or less of the same fields.

A gateway in front (`us.anthropic.claude-…-v1:0`, `anthropic/claude-…`) keeps the name in the middle. A name that is
not of this pattern (an alias, another company's model behind this dialect) takes what Claude 4 to 4.5 took. What is
here is from the models' pages and migration guides (https://platform.claude.com/docs/en/models/overview).
"""

import re
from typing import NamedTuple

_NAME = re.compile(r"claude-(?:([a-z]+)-)?v?(\d)(?:[-.](\d)(?!\d))?(?:-([a-z]+))?")

OUTPUT_TOKENS_UNKNOWN = 4096
# The most that `max_tokens` may be, from this version on.
_OUTPUT_TOKENS_MAX = (
    ((4, 6), 128_000),
    ((4, 5), 64_000),
    ((3, 7), 32_000),  # Opus 4 and 4.1; their Sonnets and 3.7 take twice that
    ((3, 5), 8192),
)
_OF_TOMORROW = (6, 0)  # from here on nothing is known
_ALWAYS_THINKING = frozenset({"fable", "mythos"})


class _Model(NamedTuple):
    version: tuple[int, int]
    family: str = ""


def _model(name: str) -> _Model:
    found = _NAME.search(name)
    if found is None:
        return _Model((4, 5))
    return _Model((int(found[2]), int(found[3] or 0)), found[1] or found[4] or "")


def takes_schema(model: str) -> bool:
    """An answer, and the arguments of tools, that keep to a schema strictly."""
    return _model(model).version >= (4, 5)


def takes_cache(model: str) -> bool:
    """Marks of what may be cached."""
    return _model(model).version >= (3, 5)


def takes_effort(model: str) -> bool:
    """A word for how much to think, for a model that adapts (`thinking.type` adaptive)."""
    return _model(model).version >= (4, 6)


def takes_xhigh_effort(model: str) -> bool:
    """The word between `high` and `max`: all that take a word take `max`."""
    return _model(model).version >= (4, 7)


def takes_budget(model: str) -> bool:
    """Tokens for how much to think (`thinking.budget_tokens`)."""
    return (3, 7) <= _model(model).version < (4, 7)


def at_rest(model: str) -> str | None:
    """The `thinking.type` of a model that is not to think: empty if it need not be told so, None if there is none."""
    version, family = _model(model)
    if version < (5, 0):
        return ""
    if family in _ALWAYS_THINKING or (family == "opus" and version >= (5, 5)):
        return None
    return "between_tools" if family == "sonnet" and version >= (5, 5) else "disabled"


def takes_forced_tools(model: str) -> bool:
    """A `tool_choice` that leaves the model no choice."""
    version, family = _model(model)
    if family in _ALWAYS_THINKING:
        return version < (5, 1)
    return version < (5, 5) or family == "haiku"


def takes_prefill(model: str) -> bool:
    """A last turn of the assistant, from which the model goes on."""
    return _model(model).version < (4, 6)


def takes_sampling(model: str) -> bool:
    """`temperature`, `top_p` and `top_k`."""
    return _model(model).version < (4, 7)


def takes_two_of_sampling(model: str) -> bool:
    """`temperature` and `top_p` at once."""
    return _model(model).version < (4, 1)


def output_tokens_max(model: str) -> int:
    """The longest answer that can be asked for: what a caller means who names no cap."""
    if _NAME.search(model) is None:
        return OUTPUT_TOKENS_UNKNOWN
    version = _model(model).version
    return next((most for since, most in _OUTPUT_TOKENS_MAX if version >= since), OUTPUT_TOKENS_UNKNOWN)


def output_tokens_limit(model: str) -> int | None:
    """What no answer can be asked for beyond; None if that is not known. 3.7 goes that far with a header of its own."""
    version, family = _model(model)
    if _NAME.search(model) is None or version >= _OF_TOMORROW:
        return None
    if (3, 7) <= version < (4, 5) and family != "opus":
        return 64_000 if version >= (4, 0) else 128_000
    return output_tokens_max(model)
