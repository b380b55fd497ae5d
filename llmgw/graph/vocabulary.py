"""The names that rules may use, and what an expression says before it is run.

One vocabulary serves every rule of the file. A name that is not in it is an error at load; what is absent in a
request reads as `""`, an absent number as `0`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

Default = str | int | float | bool | tuple[object, ...]

# Every name and what it reads as when absent: which is also its type.
NAMES: Mapping[str, Default] = MappingProxyType(
    {
        "model": "",
        "ip": "",
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
    }
)
# Maps of the caller: any member is a name, all values are text.
OPEN_ROOTS = frozenset({"metadata", "headers"})
# In the vocabulary, but without meaning until the piece that fills them is built.
LATER_ROOTS: Mapping[str, str] = MappingProxyType({"key": "keys", "budget": "budgets"})
# Known only once a target has been chosen, so not in a condition that chooses one.
CHOSEN_ROOTS = frozenset({"target", "provider"})

FUNCTIONS = frozenset(
    {
        *("size", "contains", "startsWith", "endsWith", "matches", "has"),
        *("all", "exists", "exists_one", "map", "filter", "min", "max"),
        *("int", "uint", "double", "string", "bytes", "bool", "type", "duration", "timestamp"),
        *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
        *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    }
)
_BINDERS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_LITERALS = frozenset({"true", "false", "null", "in"})

_TOKEN = re.compile(
    r"""(?P<string>[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)|(?P<mark>&&|\|\||\S)""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that an expression uses: `metadata.tier` is root `metadata`, member `tier`; a bare root has none."""

    root: str
    member: str = ""

    @property
    def name(self) -> str:
        return f"{self.root}.{self.member}" if self.member else self.root


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


def _tokens(source: str) -> list[_Token]:
    return [_Token(match.lastgroup or "", match.group(), match.start()) for match in _TOKEN.finditer(source)]


def references(source: str) -> frozenset[Reference]:
    """Every name of the vocabulary, known or not, that the CEL text uses; variables of macros are left out."""
    tokens = [*_tokens(source), _Token("end", "", len(source)), _Token("end", "", len(source))]
    bound = set(_bound(tokens))
    found = set()
    for at, token in enumerate(tokens):
        after_dot = at > 0 and tokens[at - 1].text == "."
        is_call = token.kind == "name" and tokens[at + 1].text == "("
        if token.kind == "name" and not after_dot and not is_call and token.text not in bound | _LITERALS:
            found.add(Reference(token.text, _member(tokens, at)))
    return frozenset(found)


def functions(source: str) -> frozenset[str]:
    """Every function that the CEL text calls."""
    tokens = [*_tokens(source), _Token("end", "", len(source))]
    return frozenset(
        token.text for at, token in enumerate(tokens[:-1]) if token.kind == "name" and tokens[at + 1].text == "("
    )


def operands(source: str) -> Iterator[str]:
    """The parts between `&&`, `||`, `?` and `:`, inside parentheses too: each can be tried on its own."""
    source = source.strip()
    depth, start, parts = 0, 0, []
    for token in _tokens(source):
        depth += (token.text in "([{") - (token.text in ")]}") if token.kind == "mark" else 0
        if depth == 0 and token.kind == "mark" and token.text in ("&&", "||", "?", ":"):
            parts.append(source[start : token.start])
            start = token.start + len(token.text)
    if parts:
        for part in (*parts, source[start:]):
            yield from operands(part)
    elif source.startswith("(") and source.endswith(")"):
        yield from operands(source[1:-1])
    elif source:
        yield source


def _bound(tokens: list[_Token]) -> Iterable[str]:
    """Variables that a macro binds: the `m` of `messages.exists(m, …)`."""
    for at, token in enumerate(tokens[:-3]):
        if token.text in _BINDERS and tokens[at + 1].text == "(" and tokens[at + 3].text == ",":
            yield tokens[at + 2].text


def _member(tokens: list[_Token], at: int) -> str:
    """`.tier` or `["tier"]` after the root; a method call is no member."""
    first, second, third = (tokens[min(at + step, len(tokens) - 1)] for step in (1, 2, 3))
    if first.text == "." and second.kind == "name":
        return "" if third.text == "(" else second.text
    if first.text == "[" and second.kind == "string" and third.text == "]":
        return second.text.strip("\"'")
    return ""
