"""A call of a tool on its way to a client: what of its arguments can be told now, and when they are whole.

Anthropic's blocks follow each other, but providers may tell several calls by turns: a call whose block cannot be open
yet keeps its pieces until then. Each character is looked at once.
"""

import re

from llmgw.chat.events import ToolStarted
from llmgw.dialects.anthropic_messages.answers import NO_ARGUMENTS

_SIGNS = re.compile(r'["\\{}\[\]]')
_NULL = "null"


class Nesting:
    """Whether a JSON object or list that comes in pieces has come to its end."""

    __slots__ = ("_depth", "_escaped", "_in_text", "closed")

    def __init__(self) -> None:
        self.closed = False
        self._depth = 0
        self._in_text = False
        self._escaped = False  # the piece before ended in a backslash

    def feed(self, piece: str) -> None:
        skip_to = 1 if self._escaped else 0
        self._escaped = self._escaped and not piece
        for sign in _SIGNS.finditer(piece):
            if sign.start() < skip_to:
                continue
            match sign[0]:
                case "\\" if self._in_text:
                    skip_to = sign.end() + 1
                    self._escaped = sign.end() == len(piece)
                case '"':
                    self._in_text = not self._in_text
                case "{" | "[" if not self._in_text:
                    self._depth += 1
                case "}" | "]" if not self._in_text:
                    self._depth -= 1
                    self.closed = self.closed or self._depth <= 0


class Call:
    """One call. `waiting` are the pieces that came before its block was open."""

    __slots__ = ("_lead", "_nesting", "_speaks", "started", "waiting")

    def __init__(self, started: ToolStarted) -> None:
        self.started = started
        self.waiting: list[str] = []
        self._lead = ""
        self._speaks = False
        self._nesting = Nesting()

    @property
    def is_over(self) -> bool:
        """Its arguments are whole: another block may begin."""
        return self._nesting.closed

    def take(self, piece: str) -> str:
        """What may be told of it: nothing, as long as it could be that there are no arguments."""
        if not self._speaks:
            piece = (self._lead + piece).lstrip()
            if _NULL.startswith(piece.rstrip()):
                self._lead = piece.rstrip()
                return ""
            self._speaks = True
        self._nesting.feed(piece)
        return piece

    def rest(self) -> str:
        """The last of it: no arguments are an empty object."""
        if self._speaks:
            return ""
        return "{}" if self._lead in NO_ARGUMENTS else self._lead
