"""What a Gemini takes, by its name: the wire format is one, the models accept more or less of it.

`gemini-flash-latest` and its like are of the newest; a name that says nothing (a tuned model's number) takes what
Gemini 2.5 took.
"""

import re

_NAME = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
_NEWEST, _USUAL, _NOT_THINKING = (3, 1), (2, 5), (2, 0)


def _version(model: str) -> tuple[int, int]:
    found = _NAME.search(model)
    if found:
        return int(found[1]), int(found[2] or 0)
    if "gemma" in model:
        return _NOT_THINKING
    return _NEWEST if "gemini" in model else _USUAL


def thinks(model: str) -> bool:
    """Whether it takes a `thinkingConfig` at all."""
    return _version(model) >= _USUAL


def takes_level(model: str) -> bool:
    """A word for how much to think (`thinkingLevel`), not only a budget."""
    return _version(model) >= (3, 0)


def levels(model: str) -> tuple[str, ...]:
    """The words that it takes, from the least on."""
    if "flash" in model:
        return ("minimal", "low", "medium", "high")
    return ("low", "high") if _version(model) == (3, 0) else ("low", "medium", "high")


def budgets(model: str) -> tuple[int, int]:
    """The least and the most tokens for a budget; a least of 0 is not to think."""
    if "flash" not in model:
        return 128, 32_768
    return (512 if "lite" in model else 1), 24_576


def can_stop_thinking(model: str) -> bool:
    """Whether it takes a budget of 0."""
    return "flash" in model and not takes_level(model)


def wants_signatures(model: str) -> bool:
    """Whether it refuses a history in which a call of a tool is not signed."""
    return _version(model) >= (3, 0)


def takes_media_in_results(model: str) -> bool:
    """`functionResponse.parts`."""
    return _version(model) >= (3, 0)


def takes_schema_with_tools(model: str) -> bool:
    """An answer in JSON and calls of tools in one request."""
    return _version(model) >= (3, 0)
