"""Who can be called: catalog.jsonl, a row each. A provider that speaks a known dialect is one row and nothing else.

The rows are sorted by name and say only what differs from the defaults below. Facts are from the providers' own pages,
linked in `docs`, and from public catalogues. They are read when a name is first looked up, never at import.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import msgspec

from llmgw.chat.dialect import ProviderDialect
from llmgw.providers.auth import Auth

SIMULATOR = "simulator"
LIKENESS_MIN = 0.7  # for "did you mean": among so many names, one is a little like any word
_FILE = Path(__file__).with_name("catalog.jsonl")
# By name: where the dialect of that name is. Only those are loaded that a file makes use of.
DIALECTS: Mapping[str, str] = {
    "anthropic_messages": "llmgw.dialects.anthropic_messages.dialect",
    "openai_chat": "llmgw.dialects.openai_chat.dialect",
}


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A catalogue row. Paths follow the base URL; `{model}`, `{region}`, `{project}`, `{api_version}` are filled in."""

    name: str
    aliases: tuple[str, ...] = ()  # what other tools call it
    base_url: str = ""  # none: it is the customer's own
    chat_path: str = "/chat/completions"
    stream_path: str = ""  # none: the same
    api_version: str = ""
    region: str = ""
    key_env: str = ""  # the variable that its key is usually in
    auth: Auth = Auth.BEARER
    dialect: str = "openai_chat"
    also: Mapping[str, str] = {}  # further dialects that it speaks, each with its path
    headers: Mapping[str, str] = {}
    cap_field: str = "max_tokens"  # or max_completion_tokens, for the cap of the output
    takes_stream_options: bool = True  # `stream_options.include_usage`
    unsupported: frozenset[str] = frozenset()  # fields of a request that it does not take
    local: bool = False  # runs on the caller's own machine: slow to load, free of charge
    simulated: bool = False
    docs: str = ""


@cache
def rows() -> tuple[Provider, ...]:
    """Every row once, sorted by name."""
    return tuple(msgspec.json.Decoder(Provider).decode_lines(_FILE.read_bytes()))


@cache
def catalog() -> Mapping[str, Provider]:
    """The rows by name and by alias."""
    return MappingProxyType({name: row for row in rows() for name in (row.name, *row.aliases)})


@cache
def dialect(name: str) -> ProviderDialect:
    """The dialect of that name."""
    found: ProviderDialect = getattr(import_module(DIALECTS[name]), name)
    return found
