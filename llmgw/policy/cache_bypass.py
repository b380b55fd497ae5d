"""What is not asked of a cache, though a rule is about it: for there the same request means another answer.

Who asks for variety wants no answer twice; who goes on with what a provider keeps says only half of what he asks; and
what a provider's own tools find, or do, is of the moment. Fields have the same names in all dialects that have them.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from llmgw.chat.request import ChatRequest
from llmgw.graph.cache_rules import CacheRule

TEMPERATURE_USUAL_MAX = 1  # above it, the unusual is asked for

_STATE = frozenset({"previous_response_id", "conversation", "background", "container", "deferred"})
_SEARCH = "web_search_options"
_RUN_BY_PROVIDER = frozenset(
    {
        *(_SEARCH, "mcp_servers", "plugins", "connectors"),
        *("search_parameters", "search_settings", "enable_search", "web_search", "search_recency_filter"),
    }
)
_SETTINGS = ("generationConfig", "generation_config")
_DECLARATIONS = frozenset({"functionDeclarations", "function_declarations"})
_FUNCTIONS = frozenset({"function", "custom"})  # the caller's own, to run himself
_OF_FUNCTIONS = frozenset({"function", "name"})  # by these one is known that does not say what it is


def reason(request: ChatRequest, dialect: str, body: Mapping[str, Any], rule: CacheRule) -> str:
    """Why this is neither looked for nor kept; empty if it may be. `body`: its fields, decoded."""
    if not rule.keep_variety and (why := _variety(request, body)):
        return why
    if why := _state(dialect, body):
        return why
    return "" if rule.keep_tool_calls else _tools(dialect, body)


def _variety(request: ChatRequest, body: Mapping[str, Any]) -> str:
    if request.choices > 1:
        return f"it asks for {request.choices} answers"
    for temperature in _temperatures(body):
        if isinstance(temperature, int | Decimal) and temperature > TEMPERATURE_USUAL_MAX:
            return f"its temperature is above {TEMPERATURE_USUAL_MAX}"
    return ""


def _temperatures(body: Mapping[str, Any]) -> Iterator[Any]:
    yield body.get("temperature")
    for name in _SETTINGS:
        settings = body.get(name)
        if isinstance(settings, dict):
            yield settings.get("temperature")


def _state(dialect: str, body: Mapping[str, Any]) -> str:
    if name := _given(_STATE, body):
        return f"`{name}`: the provider remembers more than is said"
    if dialect != "openai_responses":
        return ""
    if body.get("prompt"):
        return "`prompt`: what it says is kept by the provider"
    items = body.get("input")
    if isinstance(items, list) and any(isinstance(item, dict) and _is_reference(item) for item in items):
        return "`item_reference`: what it says is kept by the provider"
    return ""


def _given(names: frozenset[str], body: Mapping[str, Any]) -> str:
    """The first of these, by name, of which something is said."""
    return "" if names.isdisjoint(body) else min((name for name in names.intersection(body) if body[name]), default="")


def _is_reference(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "item_reference" or item.keys() == {"id"}


def _tools(dialect: str, body: Mapping[str, Any]) -> str:
    searched = body.get(_SEARCH) == {}  # with nothing said of how
    if name := _SEARCH if searched else _given(_RUN_BY_PROVIDER, body):
        return f"`{name}`: the provider runs tools"
    kind = next(_not_functions(dialect, body.get("tools")), None)
    return "" if kind is None else f"`{kind[:100]}` is no plain function: the provider may run it"


def _not_functions(dialect: str, tools: Any) -> Iterator[str]:
    """What each tool is that is not simply a function; what has another shape than tools have is none either."""
    if not tools:
        return
    for tool in tools if isinstance(tools, list) else [tools]:
        if not isinstance(tool, dict):
            yield "tools"
        elif dialect == "gemini_generate":
            yield from (name for name, value in tool.items() if name not in _DECLARATIONS and value is not None)
        else:
            kind = tool.get("type") or ("function" if tool.keys() & _OF_FUNCTIONS else next(iter(tool), "tools"))
            if kind not in _FUNCTIONS:
                yield str(kind)
