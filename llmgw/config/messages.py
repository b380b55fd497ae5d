"""A violation of the JSON Schema in plain language: what is wrong with the value, and what to write instead.

Values that came from a reference are never printed, for they may be secrets: the message names the reference.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from llmgw.config import hints
from llmgw.config.problems import KeyPath, quoted
from llmgw.config.units import duration_hint, fraction_hint, size_hint


@dataclass(frozen=True, slots=True)
class Violation:
    """One keyword of the schema that a value does not meet. `written`: the value's text as in the file."""

    path: KeyPath
    keyword: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    written: str
    is_name: bool = False  # the value is a key: `path` ends with it
    is_reference: bool = False
    is_secret: bool = False

    @property
    def title(self) -> str:
        return str(self.schema.get("title", ""))

    @property
    def unit(self) -> "Unit | None":
        return next((unit for unit in _UNITS if unit.sign in self.schema.get("pattern", "")), None)


@dataclass(frozen=True, slots=True)
class Finding:
    """What to say, and where. `at_key`: at the key rather than at its value.

    `is_whole`: the value has no business here, so nothing that stands inside it matters.
    """

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False
    is_whole: bool = False


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
    here = hints.place(path)
    if here in hints.LATER:
        return _later(f"`{key}`", hints.LATER[here])
    message = f"unknown key {quoted(key)}"
    if here in hints.PLACED:
        return message, hints.PLACED[here]
    if near := hints.did_you_mean(key, known, cutoff=0.85):
        return message, f"did you mean {quoted(near)}?"
    if key == "model_list":
        return message, _as_models(value) or hints.WORDS[key]
    if (word := hints.WORDS.get(key.lower())) is not None:
        return message, word
    if near := hints.did_you_mean(key, known):
        return message, f"did you mean {quoted(near)}?"
    return message, f"known here: {', '.join(sorted(known))}"


def _later(what: str, meaning: str) -> tuple[str, str]:
    return f"{what} ({meaning}) is not in this version yet", "take it out for now: nothing is silently ignored"


def _as_models(model_list: Any) -> str | None:
    """LiteLLM's list in our words, by its first entry."""
    try:
        entry = model_list[0]
        name, target = entry["model_name"], entry["litellm_params"]["model"]
    except (TypeError, KeyError, IndexError):
        return None
    if not isinstance(name, str) or not isinstance(target, str) or len(name) + len(target) > 120:
        return None
    target = target if "/" in target else f"openai/{target}"
    return f"here it is `models`, a map of names: models: {{{name}: {target}}}; credentials belong to `providers`"


def _missing_keys(violation: Violation) -> Iterable[Finding]:
    """Once for each; the schema's check comes here once for each too, and doubles are dropped later."""
    for key in violation.wanted:
        if key not in violation.value:
            hint = _MISSING_HINTS.get(key)
            yield Finding(violation.path, f"{quoted(key)} is missing", hint, at_key=True)


_MISSING_HINTS = {
    "target": "write target: provider/model, as in openai/gpt-4o-mini",
    "use": "write use: NAME, of a model or route",
    "name": "say in a few words what the test shows",
    "request": "write request: {model: NAME}",
    "model": "write the name that the client asks for",
    "expect": "write the targets in the order in which they are tried: expect: [gpt, claude]",
    "cert": "name the PEM file with the certificate chain",
    "key": "name the PEM file with the private key",
    "input_usd_per_mtok": "write the price in USD per million tokens, or price: free",
    "output_usd_per_mtok": "write the price in USD per million tokens, or price: free",
}

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
}


def _wrong_type(violation: Violation) -> Iterable[Finding]:
    wanted = violation.wanted if isinstance(violation.wanted, list) else [violation.wanted]
    meaning = hints.LATER_LISTS.get(hints.place(violation.path))
    if meaning and isinstance(violation.value, list):
        return [Finding(violation.path, *_later(f"`{violation.path[-1]}` as a list", meaning), is_whole=True)]
    if violation.value is None:
        hint = "write {} for nothing, or take the key out" if "object" in wanted else "give it one, or take the key out"
        return [Finding(violation.path, "has no value", hint, at_key=True)]
    if (unit := violation.unit) and _is_number(violation.value):
        return [Finding(violation.path, f"{unit.what} needs a unit", unit.hint(violation.written))]
    kinds = " or ".join(_KINDS[kind] for kind in wanted)
    message = f"must be {kinds}, not {_kind_of(violation)}"
    return [Finding(violation.path, message, _type_hint(violation, wanted), is_whole=True)]


def _kind_of(violation: Violation) -> str:
    value, written = violation.value, violation.written
    if violation.is_reference:
        return f"what {quoted(written)} holds"
    if isinstance(value, bool | int | float):
        kind = "number" if _is_number(value) else "boolean"
        return f"a {kind}" if violation.is_secret else f"the {kind} {written}"
    if isinstance(value, str):
        return "text" if violation.is_secret else f"the text {quoted(written)}"
    return "a list" if isinstance(value, list) else "a map"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _type_hint(violation: Violation, wanted: list[str]) -> str | None:
    """The remedy, from the value and from what is wanted; the first rule that fits."""
    value, written = violation.value, violation.written
    if violation.is_reference:
        return "check the variable"
    if (hint := _PLACE_HINTS.get(hints.place(violation.path))) is not None:
        return hint(value) if callable(hint) else hint
    if isinstance(value, str):
        return _text_hint(value, wanted)
    if isinstance(value, bool | int | float):
        if "string" in wanted:
            return "put it in quotes" if violation.is_secret else f"put it in quotes: {quoted(written)}"
        return f"write [{written}]" if "array" in wanted else None
    if isinstance(value, list):
        return "write names as keys: NAME: …" if "object" in wanted else "write one value instead of a list"
    return "write a list: each entry begins with a dash" if "array" in wanted else None


def _text_hint(text: str, wanted: list[str]) -> str | None:
    if "boolean" in wanted:
        return _YES_NO.get(text.lower())
    if "integer" in wanted or "number" in wanted:
        plain = text.strip().replace("_", "").replace(",", "")
        return fraction_hint(text) or (f"write {plain}, without quotes" if _DIGITS.fullmatch(plain) else None)
    if "array" in wanted:
        return f"write [{text}]" if len(text) < 60 else "write a list: [a, b]"
    if joined := re.fullmatch(r"([A-Za-z_][\w-]*):(\S.{0,60})", text):
        return f"a space is missing after the colon: write {joined[1]}: {joined[2]}"
    return "write its keys on lines of their own, indented below"


_DIGITS = re.compile(r"[-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_YES_NO = {
    **dict.fromkeys(("yes", "on", "y", "1", "enabled", "enable", "true"), "write true"),
    **dict.fromkeys(("no", "off", "n", "0", "disabled", "disable", "false", "none"), "write false"),
}


def _timeout_hint(value: Any) -> str:
    duration = duration_hint(str(value)).removeprefix("write ") if isinstance(value, str | int | float) else "60s"
    return (
        f"write {{total: {duration if len(duration) < 12 else '60s'}}}, with any of connect, first_token, idle, total"
    )


def _retry_hint(value: Any) -> str:
    return f"write {{attempts: {value if isinstance(value, int) and value > 0 else 2}}}; it counts the first try too"


_PLACE_HINTS: dict[str, str | Callable[[Any], str]] = {
    "models": "names are keys here: models: {gpt: openai/gpt-4o-mini}",
    "routes": "names are keys here: routes: {chat: {fallback: [gpt, claude]}}",
    "providers": 'names are keys here: providers: {openai: {api_key: "${OPENAI_API_KEY}"}}',
    "providers.*": 'write a map: {api_key: "${NAME}"} or {like: openai, base_url: …}',
    "routes.*": "write fallback: [gpt, claude], or pool or when; another name for a model is the model's `expose`",
    **{f"{section}.timeout": _timeout_hint for section in ("models.*", "routes.*", "defaults")},
    **{f"{section}.retry": _retry_hint for section in ("models.*", "routes.*", "defaults")},
    "models.*.price": "write free, or {input_usd_per_mtok: 0.15, output_usd_per_mtok: 0.60}",
    "telemetry.logs": "write {level: info}",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A kind of text with a unit in it, known by a sign in the schema's pattern."""

    sign: str
    what: str
    hint: Callable[[str], str]


_UNITS = (
    Unit("(ms|s|m|h|d)", "a duration", duration_hint),
    Unit("(B|KiB|MiB|GiB)", "a size", size_hint),
)


def _wrong_unit(violation: Violation, unit: Unit) -> Finding:
    written = violation.written
    if violation.is_reference:
        return Finding(violation.path, f"{quoted(written)} does not hold {unit.what}", unit.hint(""))
    hint = unit.hint(written)
    if hint == f"write {written}":  # well spelled, so it can only be zero
        return Finding(violation.path, f"{unit.what} of {written} makes no sense here", "take it out for the default")
    return Finding(violation.path, f"{quoted(written)} is not {unit.what}", hint)


def _wrong_shape(violation: Violation) -> Iterable[Finding]:
    if violation.unit:
        return [_wrong_unit(violation, violation.unit)]
    message, hint = _SHAPES.get(violation.title, ("does not fit here", str(violation.schema.get("description", ""))))
    if not violation.is_reference and not violation.is_secret:
        hint = _nearly(violation.title, violation.written.strip()) or hint
    message = f"{quoted(violation.written)} {message}"
    return [Finding(violation.path, message, hint or None, at_key=violation.is_name)]


def _nearly(title: str, text: str) -> str | None:
    """The remedy where only the beginning is missing."""
    if title == "Target" and re.fullmatch(r"[\w.:-]+", text):
        return f"write openai/{text}, or the provider that has it"
    if title == "Base URL" and re.fullmatch(r"[\w-]+(\.[\w-]+)*(:[0-9]+)?(/[^?#\s]*)?", text):
        return f"write https://{text}"
    return None


_SHAPES = {
    "Target": ("is not `provider/model`", "write the provider, a slash and its model: openai/gpt-4o-mini"),
    "Name": ("cannot be a name", "a name has no spaces and at most one *"),
    "Provider name": ("cannot be a provider's name", "it has no spaces, no slash and no *"),
    "Header name": ("cannot be a header's name", "letters, digits and dashes: x-team"),
    "Base URL": ("is not a URL", "write https://host/path, without a query"),
    "Proxy": ("is not a proxy's URL", "write http://host:port"),
}


def _not_in_list(violation: Violation) -> Iterable[Finding]:
    written = violation.written
    choices = "write one of " + ", ".join(violation.wanted)
    if violation.is_reference:
        return [Finding(violation.path, f"{quoted(written)} holds something else than is known here", choices)]
    if meaning := hints.LATER_VALUES.get((hints.place(violation.path), written)):
        return [Finding(violation.path, *_later(f"`{written}`", meaning))]
    if written == "invalid_request":
        hint = "the caller's own fault never leads to another target: take it out"
    else:
        near = _VALUE_WORDS.get(written.lower()) or hints.did_you_mean(written, violation.wanted)
        hint = f"did you mean {near}?" if near in violation.wanted else choices
    message = f"{quoted(written)} is not known here"
    return [Finding(violation.path, message, hint, at_key=violation.is_name)]


_VALUE_WORDS = {
    **dict.fromkeys(("429", "ratelimit", "rate_limit", "ratelimiterror", "throttled"), "rate_limited"),
    **dict.fromkeys(("500", "502", "5xx", "internal_server_error", "internalservererror", "error"), "server_error"),
    **dict.fromkeys(("503", "529", "unavailable", "service_unavailable"), "overloaded"),
    **dict.fromkeys(("401", "403", "auth", "forbidden", "authenticationerror"), "unauthorized"),
    **dict.fromkeys(("404",), "not_found"),
    **dict.fromkeys(("408", "504", "timeouterror"), "timeout"),
    **dict.fromkeys(("402", "insufficient_quota", "quota"), "quota_exhausted"),
    **dict.fromkeys(("context_window", "context_window_exceeded", "contextwindowexceedederror"), "context_length"),
    **dict.fromkeys(("content_policy", "contentpolicyviolationerror"), "content_filter"),
    **dict.fromkeys(("warn",), "warning"),
    **dict.fromkeys(("text", "console", "plain"), "pretty"),
    **dict.fromkeys(("all", "*", "always"), "any"),
}


def _out_of_range(violation: Violation) -> Iterable[Finding]:
    low = violation.schema.get("minimum", violation.schema.get("exclusiveMinimum"))
    above = "above" if "exclusiveMinimum" in violation.schema else "from"
    shown = f"what {quoted(violation.written)} holds" if violation.is_reference else violation.written
    hint = f"write a number {above} {low} to {violation.schema.get('maximum')}"
    return [Finding(violation.path, f"{shown} is out of range", hint)]


def _empty(violation: Violation) -> Iterable[Finding]:
    what = "list" if isinstance(violation.value, list) else "text"
    return [
        Finding(
            violation.path, f"is an empty {what}", "put something in, or take the key out", at_key=violation.is_name
        )
    ]


def _too_long(violation: Violation) -> Iterable[Finding]:
    return [Finding(violation.path, f"is longer than {violation.wanted} characters", at_key=violation.is_name)]


def _not_one_kind(violation: Violation) -> Iterable[Finding]:
    """The only `oneOf` of the schema is a route's kind."""
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
    "type": _wrong_type,
    "pattern": _wrong_shape,
    "enum": _not_in_list,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "exclusiveMinimum": _out_of_range,
    "minItems": _empty,
    "minLength": _empty,
    "maxLength": _too_long,
    "oneOf": _not_one_kind,
    "dependentRequired": _alone,
}
