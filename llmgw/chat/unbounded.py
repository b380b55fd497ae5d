"""What a request asks for of which nobody can say how much it will cost: what a provider keeps, and runs by itself.

Fields have the same names in all dialects that have them. A tool is its caller's to run only if it is known to be.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from llmgw.chat import usage

Raws = Mapping[str, msgspec.Raw]

_FIELDS = """
previous_response_id conversation prompt cachedContent cached_content container
background context_management mcp_servers models plugins web_search_options search_parameters enable_search
connectors deferred inference_geo preset provider route
"""
# By these a body asks for what is kept, what is run, or for models, sellers or places whose price is another.
FIELDS = frozenset(_FIELDS.split())
_OFF = (b"null", b"false", b'""', b"[]")
# The table has Perplexity's own fee for each search, but not what others take who sell its models.
_MODELS = re.compile(
    r":online|deep-research|groq/compound|compound-beta|search-preview|search-api"
    r"|perplexity/sonar|sonar-pro-search|sonar-.*-online|:nitro|:exacto|@preset/"
)
TIER_FIELDS = ("service_tier", "serviceTier", "speed", "performanceConfig")
_CLIENTS = re.compile(
    r"function|custom|local_shell|apply_patch|computer|computer_use_preview"
    r"|(?:bash|text_editor|computer|memory)_\d+"
)
_CLIENTS_KEYS = frozenset({"functionDeclarations", "function_declarations", "computerUse", "computer_use"})
_READY_MADE = re.compile(
    rb'"type"\s*:\s*"(?:bash_|text_editor_|memory_|computer|local_shell|shell|apply_patch)|"computer_?[uU]se"\s*:'
)

_tools_decoder = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_text_decoder = msgspec.json.Decoder(str)


class _Tier(msgspec.Struct):
    """As Bedrock has it."""

    type: str = ""
    latency: str = ""


_tier_decoder = msgspec.json.Decoder(str | _Tier | None)


@lru_cache(maxsize=1024)
def of_model(name: str) -> str:
    """It works with tools of its own, whoever asks, or is one of a seller that nobody knows beforehand."""
    found = _MODELS.search(name)
    return found[0] if found else ""


def of_fields(fields: Raws) -> str:
    """The first that is there; empty if none is."""
    if FIELDS.isdisjoint(fields):
        return ""
    return next((name for name, raw in fields.items() if name in FIELDS and _is_meant(name, bytes(raw))), "")


def service_tier(fields: Raws) -> str:
    """The one that is asked for, which only its price can bound; empty for the usual one. Two together are a third."""
    asked = (_tier(fields[name]) for name in TIER_FIELDS if name in fields)
    return "+".join(name for name in asked if name)


def of_tools(tools: msgspec.Raw) -> str:
    """The first that the provider runs."""
    if bytes(tools) == b"null":
        return ""
    try:
        told = _tools_decoder.decode(tools)
    except (msgspec.DecodeError, RecursionError):
        return "tools"
    return next((f"tools[{place}]: {kind}" for place, tool in enumerate(told) if (kind := _providers(tool))), "")


def ready_made(tools: bytes) -> int:
    """How many of them are a name only: the provider has told its model all about them."""
    return len(_READY_MADE.findall(tools))


def _is_meant(name: str, raw: bytes) -> bool:
    match name:
        case "prompt" | "provider":
            return raw.startswith(b"{")  # else it is the text to be completed, or nothing that we know
        case "context_management":
            return b"compact" in raw  # what only leaves something out costs nothing
        case "inference_geo":
            return raw not in (*_OFF, b'"global"')
        case _:
            return raw not in _OFF


def _tier(raw: msgspec.Raw) -> str:
    try:
        told = _tier_decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return "of no kind"
    return usage.service_tier(told.type or told.latency if isinstance(told, _Tier) else told)


def _providers(tool: Raws) -> str:
    """Its kind, if the provider runs it; empty if the caller does."""
    if "type" not in tool:
        names = (name for name, raw in tool.items() if bytes(raw) != b"null" and name not in _CLIENTS_KEYS)
        return "" if "name" in tool or "function" in tool else next(names, "")
    kind = _text(tool["type"])
    if kind == "shell":
        return "" if b'"local"' in bytes(tool.get("environment", b"")) else kind
    return "" if kind in (None, "") or _CLIENTS.fullmatch(kind) else kind


def _text(raw: msgspec.Raw) -> str | None:
    """None: nothing is told."""
    try:
        return None if bytes(raw) == b"null" else _text_decoder.decode(raw)
    except msgspec.DecodeError:
        return "of no kind"
