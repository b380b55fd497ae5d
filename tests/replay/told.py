"""What an answer tells, whoever speaks, in the plainest words: the common ground of all comparisons here.

The folds of the dialects make it of recordings and of what clients receive; they are written from the recordings and
the documentation, as naively as can be, and share no line with the gateway.
"""

import json
from dataclasses import dataclass, field
from typing import Any

STOP, LENGTH, TOOLS, FILTER, PAUSE = "stop", "length", "tools", "filter", "pause"


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens: cached ones are inside of `input`, thoughts inside of `output`."""

    input: int = 0
    output: int = 0
    cached: int = 0


@dataclass(slots=True)
class Told:
    """An answer. `is_opaque`: it also holds what only its own dialect has words for."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: dict[Any, list[str]] = field(default_factory=dict)  # by their place: id, name and arguments
    finish: str = ""
    usage: Counted | None = None
    counts: bool = True  # whether tokens are looked into
    is_opaque: bool = False
    error: str = ""
    is_whole: bool = False

    @property
    def says_something(self) -> bool:
        return bool(self.text or self.reasoning or self.refusal or self.calls)

    @property
    def called(self) -> list[tuple[str, Any]]:
        """Name and arguments of each call, however they were spelt."""
        return [(name, plain(arguments)) for _, name, arguments in self.calls.values()]

    @property
    def said(self) -> str:
        """Refusals are text to some."""
        return self.text + self.refusal

    @property
    def thought(self) -> str:
        """Thoughts are parted by blank lines, or not."""
        return "".join(self.reasoning.split())

    def call(self, place: Any) -> list[str]:
        return self.calls.setdefault(place, ["", "", ""])


def plain(arguments: str) -> Any:
    """As JSON; no arguments are none, and a call that was cut short stays the text it is."""
    try:
        told = json.loads(arguments or "{}")
    except ValueError:
        return arguments
    return {} if told is None else told


def shown_to(caller: str, told: Told, *, counts: bool = True) -> dict[str, Any]:
    """What a caller of that dialect sees of an answer, in the words that the dialect has.

    Of mere completions (no `counts`) the first space belongs to the prompt.
    """
    shown = {
        "said": told.said if counts else told.said.lstrip(" "),
        "ends": _ends(caller, told),
        "usage": (told.usage or Counted()) if counts else None,
        "is whole": told.is_whole,
        "error": told.error,
    }
    if caller == "openai_completions":  # text is all it knows
        return shown
    called = told.called
    if caller == "gemini_generate":  # its arguments are objects: of a call that was cut short there are none
        called = [(name, {} if isinstance(arguments, str) else arguments) for name, arguments in called]
    return {**shown, "thought": told.thought, "called": called}


def _ends(caller: str, told: Told) -> str:
    """No word for a pause but at Anthropic's, none for calls in the legacy completions."""
    if told.finish == PAUSE and caller != "anthropic_messages":
        return STOP
    if told.finish == TOOLS and caller == "openai_completions":
        return STOP
    return told.finish
