"""What policy says in a dry run: access as it is, and limits and budgets over counters that are made up.

It opens the very account that the server opens for a request, so both decide the same; it only never waits.
"""

from collections.abc import Coroutine, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from llmgw.accounting import Account, Admission, Bounding, Leading, used
from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.chat.bounds import Bounds
from llmgw.graph.condition import Facts
from llmgw.graph.model import Graph, Target
from llmgw.graph.price import NANOUSD_PER_USD
from llmgw.graph.principal import Principal
from llmgw.graph.rules import BudgetRule
from llmgw.policy import access
from llmgw.policy.applying import MissingValueError, OfAttempt, applying
from llmgw.policy.billing import NOTHING
from llmgw.policy.entry import bucket_name
from llmgw.policy.windows import slot_ms
from llmgw.routing.plan import Refusal, Try

Value = TypeVar("Value")


class StillClock:
    """One moment."""

    def __init__(self, now_s: float) -> None:
        self._now_s = now_s

    def now_s(self) -> float:
        return self._now_s

    def elapsed_s(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Nobody waits in a dry run."""


class DryBooks:
    """For one request that nobody sent. `spent` (USD by the name of a budget) is gone where it would draw."""

    def __init__(self, graph: Graph, spent: Mapping[str, float], now_s: float) -> None:
        self._rules = graph.rules
        self._now_s = now_s
        self._quota = MemoryQuota(StillClock(now_s), graph.rules)
        self._spent = {name: int(Decimal(repr(usd)) * NANOUSD_PER_USD) for name, usd in spent.items()}
        self._account: Account | None = None
        self._last: Admission | None = None

    def used(self, facts: Facts) -> float:
        """`budget.used`, as a condition asks for it."""
        self._spend([rule for rule in self._rules.budgets if not rule.scope.per_attempt], facts)
        return used(self._quota, self._rules.budgets, facts)

    def admit(self, step: Try, facts: Facts, leading: Leading, bounding: Bounding | None = None) -> Refusal | None:
        """Whether the attempt may be made. Raises RequestError if no other target would change that it may not.

        `bounding` None: of the request only the facts are known.
        """
        target = step.candidate.target
        if self._account is None:
            self._account = Account(self._quota, self._rules, facts)
        if self._last is not None:  # it has failed, and cost nothing
            _at_once(self._account.settle(self._last, NOTHING, 0))
            self._last = None
        self._spend(self._rules.budgets, OfAttempt(facts, target.id, target.provider))
        bounds = partial(bounds_of_facts, facts, target) if bounding is None else partial(bounding, target)
        admitted = _at_once(self._account.admit(target, bounds, self._now_s, leading))
        if isinstance(admitted, Refusal):
            return admitted
        self._last = admitted
        return None

    def _spend(self, budgets: Sequence[BudgetRule], facts: Facts) -> None:
        try:
            applied = applying((rule for rule in budgets if rule.scope.name in self._spent), facts)
        except MissingValueError:
            return  # it will be refused for that
        for rule, values in applied:
            slot, nanousd = slot_ms(rule.window, self._now_s), self._spent[rule.scope.name]
            self._quota.restore(rule.id, [(bucket_name(values), slot, nanousd)])


class Policies:
    """All that policy has to say of a request that nobody sent; see `routing.filetests`."""

    def admitted(
        self, graph: Graph, key: str | None, model: str, endpoint: str, now_s: float | None
    ) -> Principal | None:
        return access.admitted(graph, key, model, endpoint, now_s)

    def books(self, graph: Graph, spent: Mapping[str, float], now_s: float) -> DryBooks:
        return DryBooks(graph, spent, now_s)


def bounds_of_facts(facts: Facts, target: Target) -> Bounds:
    """How much a request may use of which only facts are known, not the body."""
    input_tokens, max_tokens = facts.value("request.input_tokens"), facts.value("request.max_tokens")
    known = [most for most in (max_tokens or None, target.max_output, target.context_window) if most is not None]
    return Bounds(input_tokens, min(known, default=None), is_capped=bool(max_tokens), input_tokens_about=input_tokens)


def _at_once(waiting: Coroutine[Any, Any, Value]) -> Value:
    """What comes of something that could wait, and does not."""
    try:
        waiting.send(None)
    except StopIteration as end:
        value: Value = end.value
        return value
    waiting.close()
    raise RuntimeError("a dry run waits for nothing")
