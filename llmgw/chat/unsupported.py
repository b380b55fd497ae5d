"""What a target has no way to do: left out where it only tunes the answer, refused where it would change its meaning.

Names are those of the fields as their caller knows them, with a dot for what is inside: `tools.web_search`. Here are
those of the hub, which are OpenAI's; every dialect that callers speak has its own beside them (`Dialect.meaning`).
"""

from collections.abc import Iterable
from enum import StrEnum

from llmgw.errors import InvalidRequestError


class NothingSaidError(InvalidRequestError):
    """Of the turns in the field `param`: `names` is what a target could not be told of them, and nothing is left."""

    def __init__(self, names: Iterable[str], param: str = "messages") -> None:
        self.names = tuple(dict.fromkeys(names))
        what = f"nothing in them can be said to this model: {', '.join(self.names)}"
        super().__init__(f"{param}: {what if self.names else 'there is nothing in them to answer'}", param=param)


class Policy(StrEnum):
    """`unsupported` of a provider; USUAL where the file says nothing."""

    USUAL = "usual"
    DROP = "drop"
    ERROR = "error"


# Without these the answer would be to another question, or in another form than the caller can read.
_HUBS = """
tools tool_choice response_format n stop
messages.image messages.audio messages.video messages.file messages.tool_use messages.tool_result
"""
MEANING = frozenset(_HUBS.split())
ANY_JSON = "response_format.json_object"
IMAGE_URL = "messages.image.url"
_REMEDIES = {ANY_JSON: "a JSON schema would do", IMAGE_URL: "as data it would do"}
_NO_WORDS: frozenset[str] = frozenset()


def refused(names: Iterable[str], policy: Policy, meaning: frozenset[str] = _NO_WORDS) -> list[str]:
    """Those for whose sake a target must not be asked. `meaning` are the words of the caller's dialect."""
    match policy:
        case Policy.DROP:
            return []
        case Policy.ERROR:
            return sorted(set(names))
        case Policy.USUAL:
            return sorted({name for name in names if _is_among(MEANING | meaning, name)})


def remedy(name: str) -> str:
    """What would do instead, to be put behind the name; empty if nobody knows."""
    return f" ({_REMEDIES[name]})" if name in _REMEDIES else ""


def _is_among(words: frozenset[str], name: str) -> bool:
    """It, or what it is inside of."""
    while name:
        if name in words:
            return True
        name = name.rpartition(".")[0]
    return False
