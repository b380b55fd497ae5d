"""A word that is not among those known in its place: most of all a failure class, which others write as a status.

A number for a word is told here too, so that one mistake has one line.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from llmgw.config import hints
from llmgw.config.problems import quoted, short
from llmgw.config.violation import Finding, Violation, not_yet


def not_in_list(violation: Violation) -> Iterable[Finding]:
    """What is neither a word nor a number is told as a wrong type."""
    if not _is_word(violation.value):
        return []
    written, known = violation.written, violation.wanted
    if violation.is_reference:
        hint = "write one of " + ", ".join(known)
        return [Finding(violation.path, f"{quoted(written)} holds something else than is known here", hint)]
    if meaning := hints.LATER_VALUES.get((hints.place(violation.path), written)):
        return [Finding(violation.path, *not_yet(f"`{short(written)}`", meaning))]
    message = f"{_shown(violation)} is not {'a failure class' if _are_classes(known) else 'known here'}"
    return [Finding(violation.path, message, _instead(written, known), at_key=violation.is_name)]


def lone_word(violation: Violation) -> Iterable[Finding] | None:
    """For a value of the wrong type where words are known: nothing if the word itself is told, None if it is right."""
    if not _is_word(violation.value) or violation.is_reference:
        return None
    if any("enum" in schema for schema in (violation.schema, violation.schema.get("else", {}))):
        return []
    known = violation.schema.get("items", {}).get("enum", ())
    if not _are_classes(known) or violation.value in known:
        return None
    hint = _instead(violation.written, known, "[{}]")
    return [Finding(violation.path, f"{_shown(violation)} is not a failure class", hint)]


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _are_classes(known: Collection[str]) -> bool:
    return "rate_limited" in known


def _shown(violation: Violation) -> str:
    return quoted(violation.written) if isinstance(violation.value, str) else short(violation.written)


def _instead(written: str, known: Collection[str], as_list: str = "{}") -> str:
    sure = _WORDS.get(written.lower())
    if sure in known:
        return f"write {as_list.format(sure)}"
    if "invalid_request" in (sure, written) and _are_classes(known):
        return "the caller's own fault never leads to another target: take it out"
    if known == _ON_EXCEEDED:
        return f"write {{use: {short(written)}}} for a model or route of this file, or reject"
    near = hints.did_you_mean(written, known)
    return f"did you mean {as_list.format(near)}?" if near else "write one of " + ", ".join(known)


_ON_EXCEEDED = ["reject"]

# Statuses are as in the table of failures (`routing.outcome`).
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("429", "ratelimit", "rate_limit", "ratelimiterror", "throttled"), "rate_limited"),
    **dict.fromkeys(("408", "409", "425", "500", "502", "504", "5xx"), "server_error"),
    **dict.fromkeys(("internal_server_error", "internalservererror", "error"), "server_error"),
    **dict.fromkeys(("498", "503", "529", "unavailable", "service_unavailable"), "overloaded"),
    **dict.fromkeys(("401", "403", "auth", "forbidden", "authenticationerror"), "unauthorized"),
    **dict.fromkeys(("404", "501"), "not_found"),
    **dict.fromkeys(("timeouterror",), "timeout"),
    **dict.fromkeys(("402", "insufficient_quota", "quota"), "quota_exhausted"),
    **dict.fromkeys(("context_window", "context_window_exceeded", "contextwindowexceedederror"), "context_length"),
    **dict.fromkeys(("content_policy", "contentpolicyviolationerror"), "content_filter"),
    **dict.fromkeys(("400", "422", "4xx", "bad_request"), "invalid_request"),
    **dict.fromkeys(("chat_completions", "chat/completions", "completions", "messages", "responses"), "chat"),
    **dict.fromkeys(("user", "caller", "passthrough", "byok", "forward"), "client"),
    **dict.fromkeys(("vision", "image", "image_input", "multimodal"), "images"),
    **dict.fromkeys(("function_calling", "functions", "tool_calls", "tool_use", "tool"), "tools"),
    **dict.fromkeys(("json_mode", "json_schema", "response_format", "structured_output", "structured_outputs"), "json"),
    **dict.fromkeys(("soft", "monitor", "report", "warn_only", "dry_run", "log"), "shadow"),
    **dict.fromkeys(("refuse", "block", "deny"), "reject"),
    **dict.fromkeys(("reject",), "refuse"),
    **dict.fromkeys(("simple", "hash", "identical", "default"), "exact"),
    **dict.fromkeys(("similar", "similarity", "fuzzy", "vector", "embedding"), "semantic"),
    **dict.fromkeys(("simple-shuffle", "round_robin", "round-robin", "random", "weighted"), "weight"),
    **dict.fromkeys(("cost-based-routing", "price", "cheapest"), "cost"),
    **dict.fromkeys(("latency-based-routing", "fastest", "ewma", "p2c"), "latency"),
    **dict.fromkeys(("least-busy", "least_busy", "least_connections", "usage-based-routing"), "load"),
    **dict.fromkeys(("ignore", "none"), "skip"),
    **dict.fromkeys(("strict", "enforce"), "hard"),
    **dict.fromkeys(("fsync", "machine"), "disk"),
    **dict.fromkeys(("warn",), "warning"),
    **dict.fromkeys(("text", "console", "plain"), "pretty"),
    **dict.fromkeys(("all", "*", "always"), "any"),
    **dict.fromkeys(("aws", "sigv4", "iam", "gcp", "google", "adc", "azure", "entra", "managed_identity"), "cloud"),
}
