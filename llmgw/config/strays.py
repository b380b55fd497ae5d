"""Settings that stand where names stand: `fallback` beside the route to which it belongs, for lack of two spaces.

YAML finds nothing wrong with them, and the schema only that they are no sound entries; their neighbour tells more.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from llmgw.config.hints import NAMED_SECTIONS
from llmgw.config.problems import KeyPath, quoted
from llmgw.config.schema import resolved_schema
from llmgw.config.violation import Finding


def strays(value: Any) -> dict[KeyPath, Finding]:
    """What to say in place of all else that is wrong with some entries: the strays, and what they left empty."""
    found: dict[KeyPath, Finding] = {}
    for section in NAMED_SECTIONS:
        entries = value.get(section) if isinstance(value, dict) else None
        if isinstance(entries, dict):
            found |= _strays(section, entries)
    return found


def _strays(section: str, entries: Mapping[str, Any]) -> dict[KeyPath, Finding]:
    found: dict[KeyPath, Finding] = {}
    owner: str | None = None
    for name, entry in entries.items():
        if name not in _settings(section) or _is_entry(section, name, entry):
            owner = name
            continue
        found[section, name] = finding = _finding((section, name), owner, entries)
        if owner is not None and entries[owner] is None:
            found.setdefault((section, owner), finding)
    return found


def _is_entry(section: str, name: str, entry: Any) -> bool:
    """Whether it is one in spite of its name: a model may be called `default`."""
    if isinstance(entry, dict):
        return any(key in _settings(section) for key in entry)
    return section == "models" and isinstance(entry, str) and "/" in entry and name != "target"


def _finding(path: tuple[str, str], owner: str | None, entries: Mapping[str, Any]) -> Finding:
    section, name = path
    if owner is None:
        message, hint = f"`{name}` is a setting", f"it stands under a name: {section}: {{NAME: {{{name}: …}}}}"
    elif entries[owner] is None:
        message, hint = f"`{name}` stands beside {quoted(owner)}", "indent it by two more spaces"
    else:
        message, hint = f"`{name}` is a setting", f"does it belong under {quoted(owner)}? then indent it"
    return Finding(path, message, hint, at_key=True, is_whole=True)


@cache
def _settings(section: str) -> frozenset[str]:
    """The keys of one entry."""
    entry = resolved_schema()["properties"][section]["additionalProperties"]
    return frozenset(entry.get("else", entry)["properties"])
