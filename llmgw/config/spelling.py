"""Values that are well-formed and still not what was meant: other products' references, and keys in the open.

A key that stands in the file is only warned about, and never printed.
"""

import re
from collections.abc import Iterator
from typing import Any

from llmgw.config.problems import KeyPath, Problem, Severity, path_text, short
from llmgw.config.secrets import Filled, literal_key_shape

_NAME = r"([A-Za-z_][A-Za-z0-9_]*)"
_ANYWHERE = re.compile(rf"os\.environ/{_NAME}")
# Whole values, where a credential or an address stands.
_OF_PROVIDERS = (
    re.compile(rf"env[.:]+{_NAME}"),
    re.compile(rf"\${_NAME}"),
    re.compile(rf"%{_NAME}%"),
    re.compile(rf"\{{\{{\s*(?:env\.|secrets\.)?{_NAME}\s*\}}\}}"),
)


def spelling_problems(filled: Filled, ignored: frozenset[KeyPath]) -> Iterator[Problem]:
    """Looks at every text of the file but what has no business in it."""
    for path, text in _texts(filled.source.value, (), ignored):
        if path in filled.references:
            continue
        mark = filled.source.mark(path)
        if name := _foreign_reference(path, text):
            message = "a variable of the environment is written otherwise here"
            yield Problem(mark, path_text(path), message, f'write "${{{short(name)}}}"')
        elif shape := literal_key_shape(text):
            message = f"a key ({shape}) stands in the file in the open"
            hint = 'put it into a variable: "${NAME}", or a file: "${file:/path}"'
            yield Problem(mark, path_text(path), message, hint, Severity.WARNING)


def _foreign_reference(path: KeyPath, text: str) -> str | None:
    shapes = (_ANYWHERE, *_OF_PROVIDERS) if path[:1] == ("providers",) else (_ANYWHERE,)
    found = (shape.fullmatch(text.strip()) for shape in shapes)
    return next((match[1] for match in found if match), None)


def _texts(value: Any, path: KeyPath, ignored: frozenset[KeyPath]) -> Iterator[tuple[KeyPath, str]]:
    if path in ignored:
        return
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key), ignored)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index), ignored)
