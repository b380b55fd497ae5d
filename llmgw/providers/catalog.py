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

from llmgw.chat.departures import NO_DEPARTURES, Departures
from llmgw.chat.dialect import ProviderDialect
from llmgw.providers.auth import CLOUDS, Auth

SIMULATOR = "simulator"
LIKENESS_MIN = 0.7  # for "did you mean": among so many names, one is a little like any word
_FILE = Path(__file__).with_name("catalog.jsonl")
# By name: where the dialect of that name is. Only those are loaded that a file makes use of.
DIALECTS: Mapping[str, str] = {
    "anthropic_complete": "llmgw.dialects.anthropic_complete",
    "anthropic_messages": "llmgw.dialects.anthropic_messages.dialect",
    "anthropic_vertex": "llmgw.providers.claude",
    "bedrock_converse": "llmgw.dialects.bedrock_converse.dialect",
    "bedrock_invoke": "llmgw.providers.bedrock_invoke",
    "cohere_chat": "llmgw.dialects.cohere_chat.dialect",
    "cohere_chat_v1": "llmgw.dialects.cohere_chat.dialect",
    "cohere_generate_v1": "llmgw.dialects.cohere_chat.dialect",
    "gemini_generate": "llmgw.dialects.gemini_generate.dialect",
    "gemini_interactions": "llmgw.dialects.gemini_interactions.dialect",
    "hf_text_generation": "llmgw.dialects.hf_text_generation",
    "ollama_chat": "llmgw.dialects.ollama_chat.dialect",
    "ollama_generate": "llmgw.dialects.ollama_chat.dialect",
    "openai_chat": "llmgw.dialects.openai_chat.dialect",
    "openai_completions": "llmgw.dialects.openai_completions.dialect",
    "replicate_predictions": "llmgw.dialects.replicate_predictions",
    "watsonx_text": "llmgw.dialects.watsonx_text",
    "openai_responses": "llmgw.dialects.openai_responses.dialect",
}


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A catalogue row. Paths follow the base URL; `{model}`, `{region}`, `{project}`, `{api_version}` are filled in."""

    name: str
    aliases: tuple[str, ...] = ()  # what other tools call it
    base_url: str = ""  # none: it is the customer's own
    chat_path: str = "/chat/completions"
    stream_path: str = ""  # none: the same
    count_path: str = ""  # where it counts the tokens of a request, if anywhere
    api_version: str = ""
    region: str = ""
    key_env: str = ""  # the variable that its key is usually in
    auth: Auth = Auth.BEARER
    cloud: Auth = Auth.NONE  # whose own credentials it takes too, where the file says so
    service: str = "bedrock"  # what a signature of AWS is for
    dialect: str = "openai_chat"
    also: Mapping[str, str] = {}  # further dialects that it speaks, each with its path
    headers: Mapping[str, str] = {}
    cap_field: str = "max_tokens"  # or max_completion_tokens, for the cap of the output
    thoughts_field: str = ""  # of a message, for what its model thought before: many refuse the whole request for it
    # Globs of the models that can be told how much to think, of those not after `!`. None: the dialect knows them.
    efforts: tuple[str, ...] | None = None
    takes_stream_options: bool = True  # `stream_options.include_usage`
    departs: Departures = NO_DEPARTURES  # from the dialect, in what it takes
    unsupported: frozenset[str] = frozenset()  # fields of a request that it does not take
    not_here: Mapping[str, str] = {}  # other tools' spellings that would call the wrong thing, each with ours
    local: bool = False  # runs on the caller's own machine: slow to load, free of charge
    simulated: bool = False
    priced_as: str = ""  # in the price table, where that has another name; a star: what its models end with
    docs: str = ""

    @property
    def seller(self) -> str:
        """Its name in the price table, if it is there."""
        return "" if self.local else self.priced_as or self.name

    @property
    def own_cloud(self) -> Auth:
        """The cloud whose own credentials it can be called with, or NONE."""
        return self.auth if self.auth in CLOUDS else self.cloud

    @property
    def key_auth(self) -> Auth:
        """How it takes a key, where there is one."""
        return Auth.BEARER if self.auth in CLOUDS else self.auth


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
