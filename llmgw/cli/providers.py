"""`llmgw providers`: who can be called without an entry in the file, and whose key is there."""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from llmgw.cli.env_file import environment
from llmgw.cli.render import Piece, show, show_json, show_table
from llmgw.providers.catalog import LIKENESS_MIN, Provider, catalog, rows
from llmgw.providers.clouds import CLOUDS

_HEADS = ("name", "aliases", "key from", "set", "speaks", "base URL", "docs")
# Models whose name is better known than their makers', by its beginning: the rows that have them.
_FAMILIES: Mapping[str, frozenset[str]] = {
    "claude": frozenset(
        {"anthropic", "azure-anthropic", "bedrock", "bedrock-invoke", "openrouter", "vertex-anthropic"}
    ),
    "command": frozenset({"cohere", "cohere-openai"}),
    "gemma": frozenset({"gemini", "ollama"}),
    "glm": frozenset({"zai", "zhipuai"}),
    "gpt": frozenset({"azure", "azure-v1", "openai"}),
    "jamba": frozenset({"ai21"}),
    "kimi": frozenset({"moonshot", "moonshot-cn"}),
    "sonar": frozenset({"perplexity"}),
}


def providers(text: str, env_file: Path | None, *, as_json: bool) -> int:
    """0 if there are some with `text` in a name or in the address, or with such a model, else 1."""
    env = environment(env_file)
    found = _found(text)
    if as_json:
        show_json([_json(row, env) for row in found], sys.stdout)
    elif found:
        show_table(_HEADS, (_cells(row, env) for row in found), sys.stdout)
    if not found:
        show([_nothing(text)], sys.stderr)
    return 0 if found else 1


def _found(text: str) -> list[Provider]:
    part = text.lower()
    known = frozenset[str]().union(*(names for family, names in _FAMILIES.items() if part.startswith(family)))
    return [
        row
        for row in rows()
        if row.name in known or any(part in own for own in (row.name, *row.aliases, _address(row)))
    ]


def _nothing(text: str) -> tuple[Piece, ...]:
    close = get_close_matches(text.lower()[:100], catalog(), n=1, cutoff=LIKENESS_MIN)
    instead = f"did you mean {close[0]}?" if close else "`llmgw providers` lists them all"
    return ((f"no provider has {text!r} in its names or its address", "bold red"), f": {instead}")


def _cells(row: Provider, env: Mapping[str, str]) -> tuple[Piece, ...]:
    is_set = bool(env.get(row.key_env))
    return (
        (row.name, "bold"),
        ", ".join(row.aliases),
        row.key_env or (_keyless(row), "dim"),
        "" if not row.key_env else ("yes", "green") if is_set else ("no", "dim"),
        ", ".join((row.dialect, *row.also)),
        _address(row),
        (row.docs, f"dim link {row.docs}"),
    )


def _keyless(row: Provider) -> str:
    return f"your {CLOUDS[row.auth].name} login" if row.auth in CLOUDS else "none needed"


def _address(row: Provider) -> str:
    return "built in" if row.simulated else row.base_url or "yours: say base_url"


def _json(row: Provider, env: Mapping[str, str]) -> dict[str, Any]:
    """The stable shape for programs; the command's help names its fields."""
    return {
        "name": row.name,
        "aliases": list(row.aliases),
        "dialect": row.dialect,
        "also": list(row.also),
        "base_url": row.base_url or None,
        "key_env": row.key_env or None,
        "key_is_set": bool(env.get(row.key_env)),
        "auth": row.auth,
        "takes_stream_options": row.takes_stream_options,
        "unsupported": sorted(row.unsupported),
        "local": row.local,
        "docs": row.docs,
    }
