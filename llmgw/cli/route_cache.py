"""What the cache rules say of a request that nobody sent, by the very function that the server asks.

Nothing is looked up: as counters are empty in a dry run, nothing is kept there. Without a body it is only known which
rule is about the request, and who would share its answer.
"""

from typing import Any

from llmgw.cli.pretended import Question
from llmgw.errors import NotKeptError
from llmgw.graph.cache_rules import CacheRules
from llmgw.policy import caching
from llmgw.policy.cache_control import read_control
from llmgw.policy.cache_keeping import Told
from llmgw.policy.caching import Decision
from llmgw.routing.rehearsal import Rehearsal
from llmgw.routing.walk import Itinerary


def decided(rules: CacheRules, question: Question, itinerary: Itinerary) -> Decision | None:
    """None: no rule is about it. Raises NotKeptError for a caller who takes nothing but what is kept."""
    control = read_control(question.headers.get("cache-control", ""))
    if question.request is None:
        decision = caching.of_facts(rules, question.facts, control)
    else:
        candidates = [(candidate.path, candidate.target.fingerprint) for candidate in itinerary.candidates]
        asked = caching.Asked(
            request=question.request, dialect=question.dialect, candidates=candidates, control=control
        )
        decision = caching.decide(rules, question.facts, asked)
    if control.only_if_cached:
        raise NotKeptError("nothing is kept in a dry run, and it takes nothing else (only-if-cached)")
    return decision


def cache_json(decision: Decision | None, question: Question, rehearsal: Rehearsal) -> dict[str, Any] | None:
    """The stable shape: null where no rule is about it; `look` and `keep` are null where there is no body."""
    if decision is None:
        return None
    rule = decision.rule
    told: dict[str, Any] = {"rule": rule.name, "mode": rule.mode.value, "scope": decision.scope, "ttl_s": rule.ttl_s}
    if question.request is None:
        return {**told, "look": None, "keep": None, "why": ""}
    why_not_kept = _why_not_kept(decision, rehearsal)
    why = ", ".join(dict.fromkeys(filter(None, (decision.bypass, why_not_kept))))
    return {**told, "look": decision.look, "keep": not why_not_kept, "why": why}


def _why_not_kept(decision: Decision, rehearsal: Rehearsal) -> str:
    """Of an answer that ends as answers do; empty if it would be kept."""
    if rehearsal.verdict is not None:
        return "nobody answers"
    path = rehearsal.attempts[-1].step.candidate.path
    return caching.why_not_kept(decision, Told(status=200, finishes=("stop",) * decision.choices, path=path))
