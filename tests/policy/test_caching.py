"""May it be answered from the cache, for whom, and under which key: two requests share one only if nothing differs."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.errors import FailureClass
from llmgw.graph.cache_rules import NO_CACHE, CacheRules, Embedding, Mode
from llmgw.graph.condition import compile_condition
from llmgw.graph.model import Resolved
from llmgw.graph.principal import Principal
from llmgw.policy.cache_control import read_control
from llmgw.policy.cache_keeping import Told
from llmgw.policy.cache_key import IGNORED
from llmgw.policy.caching import Asked, Decision, decide, of_facts, why_not_kept
from llmgw.routing.dice import Dice
from llmgw.routing.health_board import ALL_WELL, View
from llmgw.routing.walk import walk
from tests.graph.files import sound
from tests.policy.cached import BODIES, RULE, decided, facts, request, ruled
from tests.routing.boards import ill

dialects = st.sampled_from(sorted(BODIES))
words = st.text(st.characters(exclude_categories=()), max_size=4)
vendor_fields = st.text(min_size=1, max_size=8).filter(lambda name: name not in IGNORED).map("x_{}".format)
small = st.integers(-3, 3) | st.text(max_size=4) | st.booleans() | st.none() | st.lists(st.integers(0, 2), max_size=2)
SEMANTIC = ruled(mode=Mode.SEMANTIC, embedding=Embedding("local/m"))


def key(dialect: str = "openai_chat", body: Any = None, **more: Any) -> bytes:
    found = decided(dialect, body, **more).key
    assert len(found) == 32
    return found


# Which rule.


def test_without_a_rule_nothing_is_decided() -> None:
    asked = Asked(request=request("openai_chat", BODIES["openai_chat"]), dialect="openai_chat")

    assert decide(NO_CACHE, facts(), asked) is None


def test_the_first_rule_that_is_about_it_decides() -> None:
    rules = CacheRules(
        (
            ruled(name="other", models=("claude*",)),
            ruled(name="bob", match=compile_condition('request.user == "bob"')),
            ruled(name="ada", models=("g*",), match=compile_condition('request.user == "ada"')),
            ruled(name="all"),
        )
    )
    asked = Asked(request=request("openai_chat", BODIES["openai_chat"]), dialect="openai_chat")
    found = [decide(rules, facts(user=user), asked) for user in ("ada", "bob", "eve")]

    assert [decision.rule.name for decision in found if decision] == ["ada", "bob", "all"]


def test_counts_of_tokens_are_not_kept() -> None:
    asked = Asked(request=request("openai_chat", BODIES["openai_chat"]), dialect="openai_chat", endpoint="count_tokens")

    assert decide(CacheRules((RULE,)), facts(), asked) is None


def test_what_is_decided_of_a_plain_request() -> None:
    decision = decided(of=facts(Principal("search-prod")))

    assert decision == Decision(
        rule=RULE, key=decision.key, scope="key=search-prod", look=True, keep=True, max_age_s=3600.0
    )


def test_of_facts_alone_a_rule_and_a_scope_follow() -> None:
    known, control = facts(Principal("search-prod")), read_control("only-if-cached")

    assert of_facts(CacheRules((RULE,)), known) == Decision(rule=RULE, scope="key=search-prod")
    assert of_facts(CacheRules((RULE,)), known, control) == Decision(
        rule=RULE, scope="key=search-prod", only_if_cached=True
    )
    assert of_facts(NO_CACHE, known) is None


# The key.


@given(dialects, st.dictionaries(st.sampled_from(["stream", "store", "prompt_cache_key"]), st.booleans() | st.none()))
def test_what_is_of_no_account_changes_no_key_in_any_dialect(dialect: str, beside: dict[str, Any]) -> None:
    beside = {name: str(value) if name == "prompt_cache_key" else value for name, value in beside.items()}
    told = {"metadata": {"a": "b"}, "user": "ada", "safety_identifier": "x", **beside}
    if dialect == "openai_responses":  # its answers repeat the rest
        told = {"stream": beside.get("stream"), "stream_options": None}

    assert key(dialect, {**told, **BODIES[dialect]}) == key(dialect)


@given(dialects, vendor_fields, small, small)
def test_any_other_field_of_any_dialect_changes_it(dialect: str, name: str, one: Any, other: Any) -> None:
    had, has = (key(dialect, {**BODIES[dialect], name: value}) for value in (one, other))

    assert (had == has) is (json.dumps(one) == json.dumps(other))
    assert key(dialect) not in (had, has)


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        *(
            ("openai_chat", {name: 1})
            for name in ("temperature", "seed", "top_p", "max_tokens", "max_completion_tokens")
        ),
        *(("openai_chat", {name: "low"}) for name in ("reasoning_effort", "service_tier", "verbosity", "stop")),
        ("openai_chat", {"response_format": {"type": "json_object"}}),
        ("openai_chat", {"messages": [{"role": "user", "content": "hi"}]}),
        ("openai_chat", {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}),
        ("openai_chat", {"messages": [{"role": "user", "content": "Hi", "cache_control": {"type": "ephemeral"}}]}),
        ("openai_completions", {"suffix": "."}),
        ("openai_completions", {"logprobs": 1}),
        ("openai_responses", {"instructions": "Be brief."}),
        ("openai_responses", {"include": ["reasoning.encrypted_content"]}),
        ("openai_responses", {"text": {"verbosity": "low"}}),
        ("anthropic_messages", {"system": "Be brief."}),
        ("anthropic_messages", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ("anthropic_messages", {"max_tokens": 10}),
        ("gemini_generate", {"systemInstruction": {"parts": [{"text": "Be brief."}]}}),
        ("gemini_generate", {"generationConfig": {"seed": 1}}),
        ("gemini_generate", {"safetySettings": []}),
        ("gemini_generate", {"cachedContent": "cachedContents/1"}),
        ("gemini_generate", {"labels": {"team": "search"}}),
    ],
)
def test_what_dialects_know_changes_it(dialect: str, fields: dict[str, Any]) -> None:
    assert key(dialect, {**BODIES[dialect], **fields}) != key(dialect)


def test_the_same_body_in_another_dialect_is_another_request() -> None:
    both = {"model": "gpt", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}

    assert key("openai_chat", both) != key("anthropic_messages", both)


def test_the_model_that_only_a_path_names_counts() -> None:
    body = msgspec.json.encode(BODIES["gemini_generate"])
    one, other = (
        msgspec.structs.replace(request("gemini_generate", body), model=model) for model in ("gemini-a", "gemini-b")
    )
    keys = [decide(CacheRules((RULE,)), facts(), Asked(request=it, dialect="gemini_generate")) for it in (one, other)]

    assert len({decision.key for decision in keys if decision}) == 2


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"forwarded": {"anthropic-beta": "a"}}, {}, False),
        ({"forwarded": {"anthropic-beta": "a"}}, {"forwarded": {"anthropic-beta": "b"}}, False),
        ({"forwarded": {"openai-organization": "o"}}, {"forwarded": {"openai-project": "o"}}, False),
        ({"forwarded": {"traceparent": "00-1", "tracestate": "x", "idempotency-key": "k"}}, {}, True),
        ({"query": "beta=true"}, {}, False),
        ({"own": {"authorization": "one"}}, {"own": {"authorization": "two"}}, False),
        ({"own": {"authorization": "one"}}, {"own": {"x-api-key": "one"}}, False),
        ({"own": {"authorization": "one"}}, {}, False),
        ({"candidates": [("a", "1"), ("b", "2")]}, {"candidates": [("b", "2"), ("a", "1"), ("a", "1")]}, True),
        ({"candidates": [("a", "1")]}, {"candidates": [("a", "2")]}, False),
        ({"candidates": [("a", "1")]}, {"candidates": [("b", "1")]}, False),
        ({"candidates": [("a", "1")]}, {"candidates": [("a", "1"), ("b", "2")]}, False),
        ({"candidates": [("a", "1b"), ("2", "")]}, {"candidates": [("a1", "b"), ("2", "")]}, False),
    ],
)
def test_all_that_an_answer_depends_on_counts(one: dict[str, Any], other: dict[str, Any], *, is_same: bool) -> None:
    assert (key(**one) == key(**other)) is is_same


def test_no_credential_stands_in_a_decision() -> None:
    decision = decided(rule=SEMANTIC, own={"authorization": "the-secret-of-ada"})

    assert "the-secret" not in repr(decision)


def test_rules_that_keep_otherwise_share_nothing() -> None:
    rules = [
        RULE,
        ruled(name="other"),
        ruled(keep_fallback=True),
        ruled(keep_tool_calls=True),
        ruled(keep_variety=True),
    ]

    assert len({key(rule=rule) for rule in rules}) == len(rules)


def test_how_long_an_answer_holds_is_not_in_the_key_but_asked_of_its_age() -> None:
    shorter = ruled(ttl_s=60.0)

    assert key(rule=shorter) == key()
    assert decided(rule=shorter).max_age_s == 60.0


@given(st.dictionaries(words, words, max_size=3), st.dictionaries(words, words, max_size=3))
def test_headers_never_run_into_each_other(one: dict[str, str], other: dict[str, str]) -> None:
    assert (key(forwarded=one) == key(forwarded=other)) is (one == other)


# For whom.


def of_scope(principal: Principal | None = None, metadata: Mapping[str, str] | None = None, *each: str) -> Decision:
    return decided(of=facts(principal, metadata=dict(metadata or {})), rule=ruled(each=each))


@given(words, words, words, words)
def test_scopes_never_mix(team: str, project: str, other_team: str, other_project: str) -> None:
    def asked(team: str, project: str) -> bytes:
        return of_scope(Principal("k", team), {"project": project}, "key.team", "metadata.project").key

    # Where a value is missing, both are for the key, which is the same.
    wanted = {(team, project), (other_team, other_project)}
    shown = {pair if all(pair) else () for pair in wanted}

    assert len({asked(team, project), asked(other_team, other_project)}) == len(shown)


def test_by_default_every_key_has_its_own() -> None:
    ada, bob = (decided(of=facts(Principal(name))) for name in ("ada", "bob"))

    assert (ada.scope, bob.scope) == ("key=ada", "key=bob")
    assert ada.key != bob.key


def test_keys_of_a_team_may_share() -> None:
    ada, bob, eve = (of_scope(Principal(*who), {}, "key.team") for who in (("a", "x"), ("b", "x"), ("e", "y")))

    assert ada.scope == "key.team=x"
    assert ada.key == bob.key
    assert ada.key != eve.key


def test_everyone_may_share() -> None:
    ada, bob = (of_scope(Principal(name)) for name in ("ada", "bob"))

    assert ada.scope == "everyone"
    assert ada.key == bob.key


def test_a_scope_without_a_value_is_the_key() -> None:
    ada, bob = (of_scope(Principal(name, "x"), {}, "key.team", "metadata.project") for name in ("ada", "bob"))

    assert (ada.scope, bob.scope) == ("key=ada", "key=bob")
    assert ada.key != bob.key


def test_where_nobody_needs_a_key_all_are_one_caller() -> None:
    assert decided().scope == 'key=""'
    assert key(of=facts(ip="10.0.0.1")) == key(of=facts(ip="10.0.0.2"))
    assert key() != key(of=facts(Principal("k")))


def test_a_scope_is_told_in_words_from_which_it_can_be_read() -> None:
    told = of_scope(Principal("k"), {"a": 'x, metadata.b="y"', "b": "half \udce9"}, "metadata.a", "metadata.b").scope

    assert told == r'metadata.a="x, metadata.b=\"y\"", metadata.b="half ?"'


# What the route says.

ROUTE = """
models: {gpt: simulator/gpt, claude: simulator/claude, mini: simulator/mini}
prices: {simulator/gpt: free, simulator/claude: free, simulator/mini: free}
routes:
  smart: {when: [{if: 'metadata.tier == "paid"', use: spread}, {use: mini}]}
  spread: {pool: [gpt, claude]}
"""


def routed(metadata: dict[str, str], seed: int = 0, health: View = ALL_WELL, text: str = ROUTE) -> bytes:
    resolved = sound(text).resolve("smart")
    assert isinstance(resolved, Resolved)
    of = facts(metadata=metadata)
    candidates = walk(resolved, of, health, Dice(seed)).candidates
    return key(of=of, candidates=[(one.path, one.target.fingerprint) for one in candidates])


def test_a_free_caller_never_gets_what_a_paid_one_was_answered() -> None:
    assert routed({"tier": "paid"}) != routed({"tier": "free"})


def test_the_draw_of_a_pool_and_the_health_of_its_members_change_nothing() -> None:
    alone = ill("gpt", FailureClass.TIMEOUT)

    assert {routed({"tier": "paid"}, seed) for seed in range(20)} == {routed({"tier": "paid"}, health=alone)}


def test_a_reload_that_changes_what_is_sent_changes_the_key() -> None:
    changed = ROUTE.replace("mini: simulator/mini,", "mini: {target: simulator/mini, set: {temperature: 0}},")
    changed = changed.replace("mini: simulator/mini}", "mini: {target: simulator/mini, set: {temperature: 0}}}", 1)

    assert routed({"tier": "free"}, text=changed) != routed({"tier": "free"})
    assert routed({"tier": "paid"}, text=changed) == routed({"tier": "paid"})


# What the caller says, and what cannot be.


@pytest.mark.parametrize(
    ("header", "look", "keep", "max_age_s", "bypass"),
    [
        ("", True, True, 3600.0, ""),
        ("no-cache", False, True, 3600.0, "no-cache"),
        ("no-store", True, False, 3600.0, ""),
        ("max-age=60", True, True, 60.0, ""),
        ("max-age=86400", True, True, 3600.0, ""),
        ("max-age=0", False, True, 0.0, "max-age=0"),
        ("only-if-cached", True, True, 3600.0, ""),
        ("no-cache, no-store", False, False, 0.0, "no-cache, no-store"),
    ],
)
def test_the_caller_has_a_say(header: str, max_age_s: float, bypass: str, *, look: bool, keep: bool) -> None:
    decision = decided(control=read_control(header))
    told = (decision.look, decision.keep, decision.max_age_s, decision.bypass, decision.only_if_cached)

    assert told == (look, keep, max_age_s, bypass, header == "only-if-cached")
    assert (not why_not_kept(decision, Told(status=200, finishes=("stop",)))) is keep


def test_who_takes_only_what_is_kept_is_told_so_also_where_nothing_can_be() -> None:
    body = {**BODIES["openai_chat"], "n": 2}
    decision = decided(body=body, control=read_control("only-if-cached"))

    assert (decision.only_if_cached, decision.look, decision.bypass) == (True, False, "it asks for 2 answers")
    assert why_not_kept(decision, Told(status=200, finishes=("stop", "stop"))) == "it asks for 2 answers"


def test_a_body_that_readers_do_not_agree_on_is_not_asked() -> None:
    body = b'{"model": "gpt", "messages": [{"role": "user", "content": "a", "content": "b"}]}'

    assert decided(body=body).bypass == "its body has no key: a name is given twice"


def test_why_an_answer_is_not_kept_is_told() -> None:
    kept = why_not_kept(decided(), Told(status=200, finishes=("stop",)))
    cut = why_not_kept(decided(), Told(status=200, finishes=("length",)))
    unwanted = why_not_kept(decided(control=read_control("no-store")), Told(status=200, finishes=("stop",)))

    assert (kept, cut, unwanted) == ("", "it ended with 'length'", "no-store")


# Semantic.


def alike(dialect: str = "openai_chat", body: Any = None, **more: Any) -> Decision:
    return decided(dialect, body, **{"rule": SEMANTIC, **more})


def test_a_question_in_other_words_has_the_same_context_and_another_key() -> None:
    one, other = (
        alike(body={**BODIES["openai_chat"], "messages": [{"role": "user", "content": text}]}) for text in ("Hi", "Hey")
    )

    assert (one.question, other.question) == ("Hi", "Hey")
    assert one.context == other.context
    assert one.key != other.key
    assert one.context not in (one.key, other.key)


@pytest.mark.parametrize("dialect", sorted(BODIES))
@pytest.mark.parametrize("field", ["system", "temperature", "x_vendor", "tools"])
def test_all_but_the_question_is_context(dialect: str, field: str) -> None:
    value: Any = [] if field == "tools" else 0
    plain, other = alike(dialect), alike(dialect, {**BODIES[dialect], field: value})

    assert plain.question == ("" if dialect == "openai_completions" else "Hi")
    assert (plain.context == other.context) is (dialect == "openai_completions")


@pytest.mark.parametrize(
    "more",
    [
        {"of": facts(Principal("ada"))},
        {"candidates": [("gpt", "1")]},
        {"forwarded": {"openai-beta": "x"}},
        {"rule": ruled(mode=Mode.SEMANTIC, embedding=Embedding("local/other"))},
        {"rule": ruled(mode=Mode.SEMANTIC, embedding=Embedding("local/m"), name="other")},
    ],
)
def test_so_is_for_whom_it_is_and_who_answers_and_what_makes_the_vectors(more: dict[str, Any]) -> None:
    assert alike(**more).context != alike().context


def test_an_exact_rule_asks_for_no_question() -> None:
    assert (decided().question, decided().context) == ("", b"")


@given(dialects, vendor_fields, small)
def test_contexts_differ_whenever_keys_do_for_another_reason_than_the_question(
    dialect: str, name: str, value: Any
) -> None:
    one, other = alike(dialect), alike(dialect, {**BODIES[dialect], name: value})

    assert (one.context == other.context) is (not one.question)
