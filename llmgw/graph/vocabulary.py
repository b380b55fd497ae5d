"""The names that rules may use, and what an expression says before it is run.

One vocabulary serves every rule of the file. A name that is not in it is an error at load; what is absent in a
request reads as `""`, an absent number as `0`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

Default = str | int | float | bool | tuple[object, ...]

# Every name and what it reads as when absent: which is also its type.
NAMES: Mapping[str, Default] = MappingProxyType(
    {
        "model": "",
        "ip": "",
        "key": "",
        "key.team": "",
        "key.user": "",
        "request.endpoint": "",
        "request.user": "",
        "request.stream": False,
        "request.input_tokens": 0,
        "request.max_tokens": 0,
        "request.tools": False,
        "request.images": False,
        "request.json": False,
        "request.messages": (),
        "time.hour": 0,
        "time.weekday": 0,
        "budget.used": 0.0,
    }
)
# Known only once a target has been chosen: for rules about attempts, not for a condition that chooses one.
CHOSEN: Mapping[str, Default] = MappingProxyType({"target": "", "provider": ""})
EVERY_NAME: Mapping[str, Default] = MappingProxyType({**NAMES, **CHOSEN})
# What a limit or a budget may ask for: how full budgets are follows from which of them apply.
RULE_NAMES: Mapping[str, Default] = MappingProxyType({n: d for n, d in EVERY_NAME.items() if n != "budget.used"})
# Maps of the caller: any member is a name, all values are text.
OPEN_ROOTS = frozenset({"metadata", "headers"})
# A name that has members and is text by itself: for CEL, which cannot have both, that text is a member too.
ITSELF: Mapping[str, str] = MappingProxyType({"key": "name"})
# What `each` may name beside the members of the maps: what is text, and so a value for a bucket.
TEXTS = tuple(name for name, default in EVERY_NAME.items() if default == "")

FUNCTIONS = frozenset(
    {
        *("size", "contains", "startsWith", "endsWith", "matches", "has"),
        *("all", "exists", "exists_one", "map", "filter"),
        *("int", "uint", "double", "string", "bytes", "duration", "timestamp"),
        *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
        *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    }
)
# Those of them that a newcomer is told of.
FUNCTIONS_SHOWN = ("startsWith", "endsWith", "contains", "matches", "size", "exists", "all", "int", "double", "string")
_BINDERS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_LITERALS = frozenset({"true", "false", "null", "in"})

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)"""
    r"""|(?P<string>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)|(?P<mark>&&|\|\||[=!]==|<>|[=!<>]=|\S)""",
    re.DOTALL,
)
_PLAIN_STRING = re.compile(r"""(["'])([^\\"']*)\1""")


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that an expression uses: `metadata.tier` is root `metadata`, member `tier`; a bare root has none."""

    root: str
    member: str = ""

    @property
    def name(self) -> str:
        return f"{self.root}.{self.member}" if self.member else self.root


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of CEL: a string, a name, a number or a mark."""

    kind: str
    text: str
    start: int


def tokens(source: str) -> list[Token]:
    """The pieces of any text, CEL or not; comments are left out."""
    return [
        Token(match.lastgroup or "", match.group(), match.start())
        for match in _TOKEN.finditer(source)
        if match.lastgroup != "comment"
    ]


def references(source: str) -> frozenset[Reference]:
    """Every name of the vocabulary, known or not, that the CEL text uses; variables of macros are left out."""
    return frozenset(reference for reference, _ in _placed(source))


def as_cel(source: str) -> str:
    """The same with every bare `key` as the member that CEL can tell from the map: `key.name`."""
    written = source
    for reference, token in sorted(_placed(source), key=lambda found: -found[1].start):
        if not reference.member and (name := ITSELF.get(reference.root)):
            end = token.start + len(token.text)
            written = f"{written[:end]}.{name}{written[end:]}"
    return written


def _placed(source: str) -> Iterator[tuple[Reference, Token]]:
    end = Token("end", "", len(source))
    pieces = [*tokens(source), end, end]
    left_out = {*_bound(pieces), *_LITERALS}
    for at, token in enumerate(pieces):
        after_dot = at > 0 and pieces[at - 1].text == "."
        is_call = pieces[min(at + 1, len(pieces) - 1)].text == "("
        if token.kind == "name" and not after_dot and not is_call and token.text not in left_out:
            yield Reference(token.text, _member(pieces, at)), token


def functions(source: str) -> frozenset[str]:
    """Every function that the CEL text calls."""
    pieces = tokens(source)
    return (
        frozenset(name.text for name, mark in pairwise(pieces) if name.kind == "name" and mark.text == "(") - _LITERALS
    )


def operands(source: str) -> Iterator[str]:
    """The parts between `&&`, `||`, `?` and `:`, inside parentheses too: each must be true or false on its own."""
    source = source.strip()
    parts = [part for part, _ in split(source, _CONNECTIVES)]
    if len(parts) > 1:
        for part in parts:
            yield from operands(part)
    elif _is_wrapped(source):
        yield from operands(source[1:-1])
    elif source:
        yield source


def split(source: str, marks: Collection[str]) -> Iterator[tuple[str, str]]:
    """The parts between some marks, each with the mark after it (the last with none), outside all brackets."""
    depth, start = 0, 0
    for token in tokens(source):
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth == 0 and token.kind != "string" and token.text in marks:
            yield source[start : token.start], token.text
            start = token.start + len(token.text)
    yield source[start:], ""


_CONNECTIVES = ("&&", "||", "?", ":")


def _is_wrapped(source: str) -> bool:
    """Whether one pair of parentheses holds all of it: `(a)`, but not `(a) + (b)`."""
    depth = 0
    pieces = tokens(source)
    for token in pieces:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            return token is pieces[-1] and token.text == ")"
    return False


def _bound(pieces: list[Token]) -> Iterator[str]:
    """Variables that a macro binds: the `m` of `messages.exists(m, …)`."""
    for at, token in enumerate(pieces[:-3]):
        if token.text in _BINDERS and pieces[at + 1].text == "(" and pieces[at + 3].text == ",":
            yield pieces[at + 2].text


def _member(pieces: list[Token], at: int) -> str:
    """`.tier` or `["tier"]` after the root; a method call is no member."""
    first, second, third = (pieces[min(at + step, len(pieces) - 1)] for step in (1, 2, 3))
    if first.text == "." and second.kind == "name":
        return "" if third.text == "(" else second.text
    plain = _PLAIN_STRING.fullmatch(second.text)
    return plain[2] if first.text == "[" and plain and third.text == "]" else ""
