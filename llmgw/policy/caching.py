"""May this be answered from the cache, under which key, and may its answer be kept? Pure: all that is known comes in.

A key holds everything that an answer depends on, each part with its length: the body, how it is sent on, who may
answer it, and for whom. Nothing in it can be turned back into a credential.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

import msgspec

from llmgw.chat.request import ChatRequest
from llmgw.graph import globs
from llmgw.graph.cache_rules import CacheRule, CacheRules, Mode
from llmgw.graph.condition import Facts
from llmgw.policy import cache_bypass, cache_keeping, cache_question
from llmgw.policy.cache_control import NO_CONTROL, Control
from llmgw.policy.cache_keeping import Told
from llmgw.policy.cache_key import Body, UnkeyableError, canonical, digest, read, texts

VERSION = b"llmgw cache 1"  # another one, and nothing that was kept before is found
ENDPOINTS = frozenset({"chat"})  # whose answers are kept

# Of the headers that go on: those that change no answer.
_HEADERS_BESIDE = frozenset({"traceparent", "tracestate", "idempotency-key"})
_PLAIN = re.compile(r"[\w.@:/+-]+", re.ASCII)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request on its way to its candidates.

    `forwarded` and `query` are what a provider may see of its headers and its query. `own` are the caller's own
    credentials, if any candidate is called with them; else nothing. `candidates` are the path and the fingerprint of
    each, in any order, also of those that are not well at the moment.
    """

    request: ChatRequest
    dialect: str
    endpoint: str = "chat"
    query: str = ""
    forwarded: Mapping[str, str] = {}
    own: Mapping[str, str] = {}
    candidates: Iterable[tuple[str, str]] = ()
    control: Control = NO_CONTROL


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says of one request.

    `look`: whether what is kept may answer it, if it is not older than `max_age_s`; `keep`: whether its own answer may
    be kept. Where it is not looked for, `bypass` says why, in words; without a key it is neither looked for nor kept.
    With a `question` an answer to one that is alike will do, if it has the same `context`.
    """

    rule: CacheRule
    key: bytes = b""
    scope: str = ""  # in words
    context: bytes = b""
    question: str = ""
    look: bool = False
    keep: bool = False
    max_age_s: float = 0.0
    only_if_cached: bool = False
    bypass: str = ""
    choices: int = 1


def decide(rules: CacheRules, facts: Facts, asked: Asked) -> Decision | None:
    """None: no rule is about it."""
    rule = _rule(rules, facts) if asked.endpoint in ENDPOINTS else None
    if rule is None:
        return None
    control = asked.control
    if control.no_cache and control.no_store:
        return _bypassed(rule, control, "no-cache, no-store")
    try:
        body = read(asked.request.fields, asked.dialect)
    except UnkeyableError as error:
        return _bypassed(rule, control, f"its body has no key: {error}")
    why = cache_bypass.reason(asked.request, asked.dialect, body.fields, rule)
    return _bypassed(rule, control, why) if why else _decided(rule, facts, asked, body)


def of_facts(rules: CacheRules, facts: Facts, control: Control = NO_CONTROL) -> Decision | None:
    """Of a request whose body is not known: which rule is about it, and for whom its answer would be. It has no key."""
    rule = _rule(rules, facts) if facts.value("request.endpoint") in ENDPOINTS else None
    if rule is None:
        return None
    return Decision(rule=rule, scope=_in_words(_scope(rule, facts)), only_if_cached=control.only_if_cached)


def why_not_kept(decision: Decision, told: Told) -> str:
    """In a few words; empty if this answer may be kept."""
    if not decision.keep:
        return decision.bypass or "no-store"
    return cache_keeping.why_not(decision.rule, decision.choices, told)


def _rule(rules: CacheRules, facts: Facts) -> CacheRule | None:
    """The first that is about it."""
    for rule in rules.rules:
        if rule.models is not None and not any(globs.matches(glob, facts.value("model")) for glob in rule.models):
            continue
        if rule.match is None or rule.match.holds(facts):
            return rule
    return None


def _bypassed(rule: CacheRule, control: Control, why: str) -> Decision:
    return Decision(rule=rule, only_if_cached=control.only_if_cached, bypass=why)


def _decided(rule: CacheRule, facts: Facts, asked: Asked, body: Body) -> Decision:
    control = asked.control
    values = _scope(rule, facts)
    beside = _beside(rule, values, asked)
    bypass = "no-cache" if control.no_cache else "max-age=0" if control.max_age_s == 0 else ""
    question, context = _question(rule, asked, body, beside)
    return Decision(
        rule=rule,
        key=digest(VERSION, b"exact", beside, body.canonical),
        scope=_in_words(values),
        context=context,
        question=question,
        look=not bypass,
        keep=not control.no_store,
        max_age_s=rule.ttl_s if control.max_age_s is None else min(control.max_age_s, rule.ttl_s),
        only_if_cached=control.only_if_cached,
        bypass=bypass,
        choices=asked.request.choices,
    )


def _scope(rule: CacheRule, facts: Facts) -> tuple[tuple[str, str], ...]:
    """For whom. Where a value is missing it is for the caller alone: for his key.

    Where nobody needs a key that has no value either: those who cannot be told apart are one caller.
    """
    values = tuple((name, str(facts.value(name))) for name in rule.each)
    return values if all(value for _, value in values) else (("key", str(facts.value("key"))),)


def _in_words(scope: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name}={_word(value)}" for name, value in scope) or "everyone"


def _beside(rule: CacheRule, scope: tuple[tuple[str, str], ...], asked: Asked) -> bytes:
    """All that an answer depends on beside the body: with what a rule keeps, for another one may keep less."""
    return texts(
        (rule.name, rule.keep_fallback, rule.keep_tool_calls, rule.keep_variety),
        (asked.dialect, asked.endpoint, asked.request.model, asked.query),
        [item for item in sorted(asked.forwarded.items()) if item[0] not in _HEADERS_BESIDE],
        sha256(texts(sorted(asked.own.items()))).hexdigest() if asked.own else "",
        sorted(set(asked.candidates)),
        scope,
    )


def _question(rule: CacheRule, asked: Asked, body: Body, beside: bytes) -> tuple[str, bytes]:
    """And its context: vectors of two models are of two worlds."""
    found = cache_question.cut(asked.dialect, body.fields) if rule.mode is Mode.SEMANTIC and rule.embedding else None
    if found is None or rule.embedding is None:
        return "", b""
    embedding, target = rule.embedding.name, rule.embedding.target
    space = texts(embedding, "" if target is None else target.fingerprint)
    return found.question, digest(VERSION, b"semantic", beside, space, canonical(found.context))


def _word(value: str) -> str:
    """As it can be read back: in quotes if it is not simply a word. Half characters cannot be written down."""
    if _PLAIN.fullmatch(value):
        return value
    return msgspec.json.encode(value.encode("utf-8", "replace").decode()).decode()
