"""Who can be called: catalog.jsonl, a row each. A provider that speaks a known dialect is one row and nothing else.

The rows are sorted by name and say only what differs from the defaults below. Facts are from the providers' own pages,
linked in `docs`, and from public catalogues. They are read when a name is first looked up, never at import.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from llmgw.chat.dialect import Dialect
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.providers.auth import Auth

SIMULATOR = "simulator"
LIKENESS_MIN = 0.7  # for "did you mean": among so many names, one is a little like any word
_FILE = Path(__file__).with_name("catalog.jsonl")
_DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in (anthropic_messages, openai_chat)}


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A catalogue row. `chat_path` follows the base URL; `{model}`, `{region}` and `{api_version}` are filled in."""

    name: str
    aliases: tuple[str, ...] = ()  # what other tools call it
    base_url: str = ""  # none: it is the customer's own
    chat_path: str = "/chat/completions"
    api_version: str = ""
    region: str = ""
    key_env: str = ""  # the variable that its key is usually in
    auth: Auth = Auth.BEARER
    dialect_name: str = msgspec.field(default="openai_chat", name="dialect")
    headers: Mapping[str, str] = {}
    cap_field: str = "max_tokens"  # or max_completion_tokens, for the cap of the output
    takes_stream_options: bool = True  # `stream_options.include_usage`
    unsupported: frozenset[str] = frozenset()  # fields of a request that it does not take
    local: bool = False  # runs on the caller's own machine: slow to load, free of charge
    simulated: bool = False
    docs: str = ""

    @property
    def dialect(self) -> Dialect:
        return _DIALECTS[self.dialect_name]


@cache
def rows() -> tuple[Provider, ...]:
    """Every row once, sorted by name."""
    return tuple(msgspec.json.Decoder(Provider).decode_lines(_FILE.read_bytes()))


@cache
def catalog() -> Mapping[str, Provider]:
    """The rows by name and by alias."""
    return MappingProxyType({name: row for row in rows() for name in (row.name, *row.aliases)})
