"""A violation of the JSON Schema in plain language: what is wrong with the value, and what to write instead.

Values that came from a reference are never printed, for they may be secrets: the message names the reference.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from llmgw.config import hints
from llmgw.config.choices import not_in_list
from llmgw.config.foreign_sections import in_our_words
from llmgw.config.problems import KeyPath, quoted, short
from llmgw.config.violation import Finding, Unit, Violation, not_yet
from llmgw.config.wrong_type import wrong_type


def findings(violation: Violation) -> Iterable[Finding]:
    """What a violation means to the reader; a map with three unknown keys gives three findings."""
    say = _BY_KEYWORD.get(violation.keyword)
    if say is None:
        return [Finding(violation.path, "this does not fit", str(violation.schema.get("description", "")) or None)]
    return say(violation)


def _unknown_keys(violation: Violation) -> Iterable[Finding]:
    known = violation.schema["properties"]
    for key in violation.value:
        if key not in known:
            path = (*violation.path, key)
            yield Finding(path, *_unknown_key(path, key, known, violation.value[key]), at_key=True, is_whole=True)


def _unknown_key(path: KeyPath, key: str, known: Mapping[str, Any], value: Any) -> tuple[str, str]:
    if (meaning := hints.LATER.get(hints.place(path))) is not None:
        return not_yet(f"`{key}`", meaning)
    return f"unknown key {quoted(key)}", _key_hint(path, key, known, value)


def _key_hint(path: KeyPath, key: str, known: Mapping[str, Any], value: Any) -> str:
    """What was meant, the surest guess first: a slip of the pen comes before another product's word."""
    return (
        in_our_words(path, value)
        or _placed(path, value)
        or _meant(key, known, cutoff=0.85)
        or _renamed(key.lower(), known)
        or hints.WORDS.get(key.lower())
        or _meant(key, known, cutoff=0.6)
        or f"known here: {', '.join(sorted(known))}"
    )


def _placed(path: KeyPath, value: Any) -> str | None:
    """What a key in the wrong place should be, with the reader's own name where it leads to one."""
    hint = hints.PLACED.get(hints.place(path))
    is_name = path[0] == "routes" and isinstance(value, str) and _NAME.fullmatch(value)
    return hint.replace("NAME", value) if hint and is_name else hint


_NAME = re.compile(r"[\w*/@:.+-]{1,60}")


def _meant(key: str, known: Mapping[str, Any], *, cutoff: float) -> str | None:
    near = hints.did_you_mean(key, known, cutoff=cutoff)
    return f"did you mean {quoted(near)}?" if near else None


def _renamed(word: str, known: Mapping[str, Any]) -> str | None:
    name = hints.RENAMED.get(word)
    if name is None:
        return None
    return f"here it is `{name}`" if name in known else f"here it is `{name}`, {hints.WHERE[name]}"


def _missing_keys(violation: Violation) -> Iterable[Finding]:
    """Once for each; the schema's check comes here once for each too, and doubles are dropped later.

    Not where another word stands for the key: that word is told.
    """
    for key in violation.wanted:
        if key not in violation.value and not _is_meant(key, violation):
            hint = _MISSING_HINTS.get(f"{hints.place(violation.path)}.{key}") or _MISSING_HINTS.get(key)
            yield Finding(violation.path, f"{quoted(key)} is missing", hint, at_key=True)


def _is_meant(key: str, violation: Violation) -> bool:
    """Whether another word stands for the key, and is told what it is called here."""
    if key == "use":
        return bool(violation.value.keys() & hints.USE_WORDS)
    known = violation.schema.get("properties", {})
    others = [other for other in violation.value if other not in known]
    told = [_key_hint((*violation.path, other), other, known, violation.value[other]) for other in others]
    return any(f"here it is `{key}`" in hint or f"here it is {key}:" in hint for hint in told)


_MISSING_HINTS = {
    "target": "write target: provider/model, as in openai/gpt-4o-mini",
    "use": "write use: NAME, of a model or route",
    "name": "say in a few words what the test shows",
    "limits[].name": "say what errors and logs shall call it: name: per-key",
    "budgets[].name": "say what errors, logs and tests shall call it: name: team-month",
    "cache.rules[].name": "say what logs and `llmgw cache` shall call it: name: faq",
    "ttl": "say for how long an answer holds: ttl: 1h",
    "limit_usd": 'write limit_usd: 100, or one amount by the value of `each`: {search: 12000, "*": 100}',
    "per": "write per: hour, day, week or month (of the calendar), or the last so many: 30d",
    "webhook": 'write webhook: "${ALERT_URL}"',
    "keys[].name": "say what logs, rules and tests shall call it: name: search-prod",
    "value": 'write value: "${NAME}"',
    "request": "write request: {model: NAME}",
    "model": "write the name that the client asks for",
    "expect": "write the targets in the order in which they are tried: expect: [gpt, claude]",
    "cert": "name the PEM file with the certificate chain",
    "key": "name the PEM file with the private key",
    "input_usd_per_mtok": "write the price in USD per million tokens, or price: free",
}


def _wrong_unit(violation: Violation, unit: Unit) -> Finding:
    written = violation.written
    if violation.is_reference:
        return Finding(violation.path, f"{quoted(written)} does not hold {unit.what}", unit.hint(""))
    hint = unit.hint(written)
    if hint == f"write {written}":  # well spelled, so it can only be zero
        remedy = "write more" if violation.title in ("Window", "Time to live") else "take it out for the default"
        return Finding(violation.path, f"{unit.what} of {short(written)} makes no sense here", remedy)
    return Finding(violation.path, f"{quoted(written)} is not {unit.what}", hint)


def _wrong_shape(violation: Violation) -> Iterable[Finding]:
    if violation.unit:
        return [_wrong_unit(violation, violation.unit)]
    if meaning := _later(violation):
        return [Finding(violation.path, *not_yet(meaning, meaning))]
    message, hint = _SHAPES.get(violation.title, ("does not fit here", str(violation.schema.get("description", ""))))
    if not violation.is_reference and not violation.is_secret:
        hint = _nearly(violation, violation.written.strip()) or hint
    message = f"{quoted(violation.written)} {message}"
    return [Finding(violation.path, message, hint or None, at_key=violation.is_name)]


def _later(violation: Violation) -> str | None:
    """What the value is, if by its beginning it is none of this version."""
    here = hints.place(violation.path)
    text = str(violation.value)
    later = hints.LATER_BEGINNINGS.items()
    return next((what for (place, start), what in later if place == here and text.startswith(start)), None)


def _nearly(violation: Violation, text: str) -> str | None:
    """The remedy where only the beginning is missing, or the mark after it is another's."""
    if text != violation.written and re.fullmatch(violation.wanted, text):
        return f"write {short(text)}, without the space"
    if violation.title == "Target" and re.fullmatch(r"[\w.:-]+", text):
        if ours := hints.with_slash(text, violation.providers.__contains__):
            return f"write {short(ours)}"
        return f"write {short(hints.with_provider(text) or f'openai/{text}')}, or the provider that has it"
    if violation.title == "Base URL" and (match := _URL_END.fullmatch(text)):
        is_near = _is_near(match["host"])
        return f"write {'http' if is_near else 'https'}://{short(text)}{'' if match['path'] or not is_near else '/v1'}"
    return None


_URL_END = re.compile(r"(?P<host>[\w-]+(\.[\w-]+)*)(:[0-9]+)?(?P<path>/[^?#\s]*)?")


def _is_near(host: str) -> bool:
    """Whether a host is of this machine or its own network, where servers of models speak plain HTTP."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host


_SHAPES = {
    "Target": ("is not `provider/model`", "write the provider, a slash and its model: openai/gpt-4o-mini"),
    "Name": ("cannot be a name", "a name has no spaces and at most one *"),
    "Provider name": ("cannot be a provider's name", "it has no spaces, no slash and no *"),
    "Key name": ("cannot be a key's name", "it has no spaces: search-prod"),
    "SHA-256": ("is not a SHA-256", "64 hex digits: `llmgw keys digest` tells it of a secret"),
    "Header name": ("cannot be a header's name", "letters, digits and dashes: x-team"),
    "Header value": ("cannot be a header's value", "it stands on one line, without control characters"),
    "Base URL": ("is not a URL", "write https://host/path, without a query"),
    "Rule name": ("cannot be a rule's name", "it has no spaces: per-key"),
    "Webhook": ("is not a URL", "write https://host/path"),
    "Ledger": ("is not a ledger", "write sqlite:///llmgw.db, or none if nothing shall be kept"),
    "Store": ("is not a store", "write memory, or sqlite:///cache.db"),
    "Embed": ("is not a model", "write provider/model, the name of a model, or local/NAME"),
    "Proxy": ("is not a proxy's URL", "write http://host:port"),
}


def _out_of_range(violation: Violation) -> Iterable[Finding]:
    low = violation.schema.get("minimum", violation.schema.get("exclusiveMinimum"))
    above = "above" if "exclusiveMinimum" in violation.schema else "from"
    shown = f"what {quoted(violation.written)} holds" if violation.is_reference else short(violation.written)
    hint = f"write a number {above} {low} to {violation.schema.get('maximum')}"
    return [Finding(violation.path, f"{shown} is out of range", hint)]


def _empty(violation: Violation) -> Iterable[Finding]:
    what = "list" if isinstance(violation.value, list) else "map" if isinstance(violation.value, dict) else "text"
    return [
        Finding(
            violation.path, f"is an empty {what}", "put something in, or take the key out", at_key=violation.is_name
        )
    ]


def _too_long(violation: Violation) -> Iterable[Finding]:
    return [Finding(violation.path, f"is longer than {violation.wanted} characters", at_key=violation.is_name)]


def _not_one_kind(violation: Violation) -> Iterable[Finding]:
    """The only `oneOf` of the schema is a route's kind."""
    if not isinstance(violation.value, dict) or violation.value.keys() & hints.FALLBACK_WORDS:
        return []
    given = [key for key in ("fallback", "pool", "when") if key in violation.value]
    if given:
        message = f"has {' and '.join(f'`{key}`' for key in given)}, and a route has exactly one of them"
        return [Finding(violation.path, message, "make it two routes: one can name the other", at_key=True)]
    message = "needs one of `fallback`, `pool` and `when`"
    return [Finding(violation.path, message, "write fallback: [gpt, claude]", at_key=True)]


def _alone(violation: Violation) -> Iterable[Finding]:
    for key, needed in violation.wanted.items():
        if key in violation.value and any(other not in violation.value for other in needed):
            message = f"`{key}` is of no use without `{needed[0]}`"
            yield Finding((*violation.path, key), message, "take it out", at_key=True)


_BY_KEYWORD: dict[str, Callable[[Violation], Iterable[Finding]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_keys,
    "type": wrong_type,
    "pattern": _wrong_shape,
    "enum": not_in_list,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
    "minItems": _empty,
    "minProperties": _empty,
    "minLength": _empty,
    "maxLength": _too_long,
    "oneOf": _not_one_kind,
    "dependentRequired": _alone,
}
