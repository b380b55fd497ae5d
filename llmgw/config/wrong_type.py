"""A value of the wrong type: text for a number, yes for true, a bare number for a duration, a list for a map.

The remedy shows the reader's own value, spelled rightly, wherever that can be told.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from llmgw.config import hints
from llmgw.config.choices import lone_word
from llmgw.config.problems import quoted, short
from llmgw.config.units import duration_hint, fraction_hint
from llmgw.config.violation import Finding, Violation

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
}


def wrong_type(violation: Violation) -> Iterable[Finding]:
    wanted = violation.wanted if isinstance(violation.wanted, list) else [violation.wanted]
    if violation.value is None:
        return [Finding(violation.path, "has no value", _value_to_give(violation, wanted), at_key=True)]
    if (told := lone_word(violation)) is not None:
        return told
    if (unit := violation.unit) and _is_number(violation.value):
        return [Finding(violation.path, f"{unit.what} needs a unit", unit.hint(violation.written))]
    kinds = " or ".join(_KINDS[kind] for kind in wanted)
    message = f"must be {kinds}, not {_kind_of(violation)}"
    return [Finding(violation.path, message, _type_hint(violation, wanted), is_whole=True)]


def _value_to_give(violation: Violation, wanted: list[str]) -> str:
    place = hints.place(violation.path)
    if place in _NEVER_EMPTY:
        return _NEVER_EMPTY[place]
    return "write {} for nothing, or take the key out" if "object" in wanted else "give it one, or take the key out"


def _kind_of(violation: Violation) -> str:
    value, written = violation.value, violation.written
    if violation.is_reference:
        return f"what {quoted(written)} holds"
    if isinstance(value, bool | int | float):
        kind = "number" if _is_number(value) else "boolean"
        return f"a {kind}" if violation.is_secret else f"the {kind} {short(written)}"
    if isinstance(value, str):
        return "text" if violation.is_secret else f"the text {quoted(written)}"
    return "a list" if isinstance(value, list) else "a map"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _type_hint(violation: Violation, wanted: list[str]) -> str | None:
    """The remedy; what is usual in this place comes before what the value suggests."""
    if violation.is_reference:
        return "check the variable"
    if "object" in wanted and isinstance(violation.value, str) and (joined := _JOINED.fullmatch(violation.written)):
        return f"a space is missing after the colon: write {short(joined[1])}: {short(joined[2])}"
    if (hint := _PLACE_HINTS.get(hints.place(violation.path))) is not None:
        return hint(violation.value) if callable(hint) else hint
    return _value_hint(violation, wanted)


def _value_hint(violation: Violation, wanted: list[str]) -> str | None:
    value, written = violation.value, violation.written
    if isinstance(value, str):
        return _text_hint(written, wanted)
    if isinstance(value, list):
        return "write names as keys: NAME: …" if "object" in wanted else "write one value instead of a list"
    if "string" in wanted and not isinstance(value, dict):
        return "put it in quotes" if violation.is_secret else f"put it in quotes: {quoted(written)}"
    return "write a list: each entry begins with a dash" if "array" in wanted else None


def _text_hint(text: str, wanted: list[str]) -> str | None:
    if "boolean" in wanted:
        return _YES_NO.get(text.lower())
    if "integer" in wanted or "number" in wanted:
        return fraction_hint(text) or _number_hint(text)
    if "array" in wanted:
        return f"write [{short(text)}]" if len(text) < 60 else "write a list: [a, b]"
    return "write its keys on lines of their own, indented below"


_JOINED = re.compile(r"([A-Za-z_][\w-]*):([^\s/].{0,60})")


def _number_hint(text: str) -> str | None:
    """For a number in quotes, or dressed up: `10,000`, `$0.60`, `128k`."""
    match = _DRESSED.fullmatch(text.strip().replace("_", "").replace(",", ""))
    if match is None:
        return None
    if match[2]:
        return f"write {float(match[1]) * _THOUSANDS[match[2].lower()]:.0f}"
    return f"write {match[1]}" if text.startswith("$") else f"write {match[1]}, without quotes"


_DRESSED = re.compile(r"\$?([-+]?[0-9]{1,15}(?:\.[0-9]{1,15})?)([kKmM]?)")
_THOUSANDS = {"k": 1e3, "m": 1e6}
_YES_NO = {
    **dict.fromkeys(("yes", "on", "y", "1", "enabled", "enable", "true"), "write true"),
    **dict.fromkeys(("no", "off", "n", "0", "disabled", "disable", "false", "none"), "write false"),
}


def _timeout_hint(value: Any) -> str:
    if _is_number(value):
        return f"write {{total: {value}s}} or {{total: {value}ms}}, with any of connect, first_token, idle, total"
    likely = duration_hint(str(value)).removeprefix("write ")
    total = likely if " " not in likely else "60s"
    return f"write {{total: {total}}}, with any of connect, first_token, idle, total"


def _retry_hint(value: Any) -> str:
    return f"write {{attempts: {value if isinstance(value, int) and value > 0 else 2}}}; it counts the first try too"


_NEVER_EMPTY = {
    "models": "write NAME: provider/model, as in gpt: openai/gpt-4o-mini",
    "models.*": "write provider/model, as in openai/gpt-4o-mini",
    "routes.*": "write {fallback: [gpt, claude]}, or pool or when",
}

_PLACE_HINTS: dict[str, str | Callable[[Any], str]] = {
    "models": "names are keys here: models: {gpt: openai/gpt-4o-mini}",
    "routes": "names are keys here: routes: {chat: {fallback: [gpt, claude]}}",
    "providers": 'names are keys here: providers: {openai: {api_key: "${OPENAI_API_KEY}"}}',
    "keys": 'keys are a list: keys: [{name: search-prod, secret: "${SEARCH_KEY}"}]',
    "keys[]": 'write a map: {name: search-prod, secret: "${SEARCH_KEY}"}',
    "limits": "limits are a list: limits: [{name: per-key, each: key, requests: 60/m}]",
    "limits[]": "write a map: {name: per-key, each: key, requests: 60/m}",
    "limits[].concurrent": "write how many at once, as a number: 20",
    **{
        f"limits[].{what}": "write 60/m, or one by the value of `each`: {VALUE: 60/m}"
        for what in ("requests", "tokens")
    },
    "budgets": "budgets are a list: budgets: [{name: team-month, each: key.team, limit_usd: 100, per: month}]",
    "budgets[]": "write a map: {name: team-month, each: key.team, limit_usd: 100, per: month}",
    "budgets[].alert": 'write {at: [0.8, 1.0], webhook: "${ALERT_URL}"}',
    "budgets[].alert.at": "write a list of fractions: [0.8, 1.0]",
    "budgets[].on_exceeded": "write {use: NAME}, or reject",
    "cache": "write {rules: [{name: faq, ttl: 1h}]}",
    "cache.rules": "rules are a list: rules: [{name: faq, ttl: 1h}]",
    "cache.rules[]": "write a map: {name: faq, ttl: 1h}",
    "cache.rules[].match": "write the condition in single quotes",
    "cache.rules[].scope": "write key, key.team, metadata.X … or everyone",
    "cache.rules[].threshold": "write a number from 0 to 1: 0.9",
    "state": "write {ledger: sqlite:///llmgw.db}",
    "state.ledger": "write sqlite:///llmgw.db, or none if nothing shall be kept",
    **{f"{section}[].match": "write the condition in single quotes" for section in ("limits", "budgets")},
    "tests[].spent": "write {BUDGET: 12000}, in US dollars",
    "keys[].secret": 'write "${NAME}", or a list of {value: "${NAME}", not_after: 2027-01-31}',
    "providers.*": 'write a map: {api_key: "${NAME}"} or {like: openai, base_url: …}',
    "routes.*": "write fallback: [gpt, claude], or pool or when; another name for a model is the model's `expose`",
    **{f"{section}.timeout": _timeout_hint for section in ("models.*", "routes.*", "defaults")},
    **{f"{section}.retry": _retry_hint for section in ("models.*", "routes.*", "defaults")},
    "models.*": "write provider/model, as in openai/gpt-4o-mini",
    "models.*.price": "write free, or {input_usd_per_mtok: 0.15, output_usd_per_mtok: 0.60}",
    "prices": "targets are keys here: prices: {my-vendor/big-model: {input_usd_per_mtok: 1.2, output_usd_per_mtok: 4}}",
    "prices.*": "write free, or {input_usd_per_mtok: 0.15, output_usd_per_mtok: 0.60}",
    "routes.*.when[].if": "write the condition in single quotes; the last entry has none: {use: NAME}",
    "telemetry.logs": "write {level: info}",
}
