"""A section as another product writes it, in our words: what it says, as far as we have a word for that.

Of texts only known words are told on: the others may have come from a reference.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from llmgw.config.problems import KeyPath, short

_SEMANTIC = "mode: semantic, embed: openai/text-embedding-3-small"
_MODES = {"simple": "exact", "exact": "exact", "semantic": "semantic"}
_SETTINGS = frozenset({"litellm_settings", "router_settings"})
_ON = frozenset({"cache", "cache_responses"})  # with true
_CACHES = frozenset({"cache", "cache_params"})  # wherever they stand but as our own section
_OF_A_RULE = frozenset({("cache", "mode"), ("cache", "max_age")})
_ON_DISK = "disk"


def in_our_words(path: KeyPath, value: Any) -> str | None:
    """What to write instead of this key with this value; None: nobody is known to write it so."""
    key = path[-1]
    if key == "model_list":
        return _models(value)
    if key in _SETTINGS and isinstance(value, Mapping) and any(value.get(word) is True for word in _ON):
        return f"here it is {_cache(value.get('cache_params'))}; the other settings stand in their own sections"
    if key in _CACHES:
        return f"here it is {_cache(value)}{'' if len(path) == 1 else ', at the top of the file'}"
    if path in _OF_A_RULE:
        return f"it belongs to a rule: {_cache({str(key): value})}"
    return None


def _models(model_list: Any) -> str | None:
    """LiteLLM's list, by its first entry."""
    try:
        entry = model_list[0]
        name, target = entry["model_name"], entry["litellm_params"]["model"]
    except (TypeError, KeyError, IndexError):
        return None
    if not isinstance(name, str) or not isinstance(target, str) or len(name) + len(target) > 120:
        return None
    target = target if "/" in target else f"openai/{target}"
    ours = f"{short(name)}: {short(target)}"
    return f"here it is `models`, a map of names: models: {{{ours}}}; credentials belong to `providers`"


def _cache(settings: Any) -> str:
    """LiteLLM's `cache_params`, or Portkey's `cache`."""
    told = settings if isinstance(settings, Mapping) else {}
    store = "store: sqlite:///cache.db, " if told.get("type") == _ON_DISK else ""
    return f"cache: {{{store}rules: [{{{', '.join(_rule(told))}}}]}}"


def _rule(settings: Mapping[str, Any]) -> Iterator[str]:
    yield "name: faq"
    mode, kind = _MODES.get(str(settings.get("mode"))), str(settings.get("type"))
    if mode == "semantic" or kind.endswith("-semantic"):
        yield _SEMANTIC
        threshold = settings.get("similarity_threshold")
        if isinstance(threshold, float) and 0 < threshold < 1:
            yield f"threshold: {threshold:g}"
    elif mode is not None:
        yield f"mode: {mode}"
    yield f"ttl: {_time(settings.get('max_age', settings.get('ttl')))}"


def _time(seconds: Any) -> str:
    """They count in seconds, and do not say so."""
    is_time = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 1 <= seconds < 10**9
    return f"{int(seconds)}s" if is_time else "1h"
