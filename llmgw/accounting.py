"""What a request may draw on: its claims, attempt by attempt, and what became of them.

The dry run opens the very same account, over counters that it makes up.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from llmgw.chat.bounds import NO_BOUNDS, Bounds
from llmgw.errors import BudgetExceededError, FailureClass
from llmgw.graph.condition import Facts
from llmgw.graph.model import Target
from llmgw.graph.price import FREE
from llmgw.graph.route import Route
from llmgw.graph.rules import BudgetRule, Drawn, LimitRule, Rules
from llmgw.policy import refusing
from llmgw.policy.applying import MissingValueError, OfAttempt, applying, drawing
from llmgw.policy.billing import Spent
from llmgw.policy.claims import (
    BudgetClaim,
    Claim,
    Grant,
    Granted,
    LimitClaim,
    Part,
    Refused,
    Scarce,
    Settlement,
    Standing,
    WorstCase,
)
from llmgw.policy.cost import worst_case
from llmgw.ports import Quota
from llmgw.routing.plan import Refusal
from llmgw.routing.walk import Candidate

_NO_STANDING = Standing()
_NOTHING_ASKED = Granted((), None, _NO_STANDING)

Bounding = Callable[[Target], Bounds]  # how much a request may use of a target
Leading = Callable[[Route], Sequence[Candidate]]  # where a route leads it


class Admission(msgspec.Struct, frozen=True):
    """An attempt that may be made, asked for at `at_s` (Unix time). `number` counts the admissions of a request from 1.

    `grant` None: nothing limits it. `output_cap`: it may write no more tokens than that.
    """

    target: Target
    number: int
    at_s: float
    bounding: Callable[[], Bounds]
    grant: Grant | None = None
    output_cap: int | None = None

    @property
    def input_tokens_about(self) -> int:
        """An estimate, for an attempt of which nobody tells more: worked out only then."""
        return self.bounding().input_tokens_about

    @property
    def reserved_nanousd(self) -> int:
        return 0 if self.grant is None else self.grant.reserved_nanousd


class Account:
    """Of one request. Limits that ask for the target, and all budgets, are drawn on by each attempt anew."""

    def __init__(self, quota: Quota, rules: Rules, facts: Facts) -> None:
        self._quota = quota
        self._rules = rules
        self._facts = facts
        self._own: Grant | None = None  # of the request, as a whole
        self._opening = _NO_STANDING  # of the limits that this is of, when it was granted
        self._is_open = False  # the request's own claim has been made
        self._is_counted = False  # as a request, when nothing else was claimed yet
        self._admitted = 0
        self._tokens = 0
        self._output_tokens = 0
        self.standing = _NO_STANDING

    async def admit(
        self, target: Target, bounding: Callable[[], Bounds], now_s: float, leading: Leading
    ) -> Admission | Refusal:
        """Take what this attempt may need, and with the first one what the request does; all of it, or nothing.

        `bounding` tells how much it may use of the target. Raises RequestError if no other target could change that it
        is refused.
        """
        bounds = bounding() if self._rules.need_bounds else NO_BOUNDS
        try:
            own, claim = self._of_request(bounds), self._of_attempt(target, bounds, now_s)
        except MissingValueError as error:
            return _refusal(Refused(0, error.rule, (), Scarce.MISSING, why=error.name), leading)
        asked = [one for one in (own, claim) if one is not None]
        granted = await self._quota.admit(asked) if asked else _NOTHING_ASKED
        opening = self._opening
        self.standing = granted.standing if opening is _NO_STANDING else granted.standing.within(opening)
        if isinstance(granted, Refused):
            return _refusal(granted, leading)
        if own is not None:
            self._own, self._opening = granted.grants[0], granted.standing
        self._is_open = True
        self._admitted += 1
        grant = None if claim is None else granted.grants[-1]
        return Admission(target, self._admitted, now_s, bounding, grant, granted.output_cap)

    async def admit_kept(self) -> None:
        """An answer for which no provider is asked takes a request, and nothing else. Raises RequestError."""
        if self._is_counted or self._is_open:
            return
        try:
            limits = _limit_claims(self._rules.of_requests, self._facts, NO_BOUNDS, Part.REQUEST)
        except MissingValueError as error:
            raise refusing.error_of(Refused(0, error.rule, (), Scarce.MISSING, why=error.name)) from None
        self._is_counted = True
        if not limits:
            return
        granted = await self._quota.admit([Claim(limits)])
        self.standing = granted.standing
        if isinstance(granted, Refused):
            raise refusing.error_of(granted)
        await self._quota.settle(granted.grants[0], nanousd=0, tokens=0, output_tokens=0)  # nothing of it is held

    def cannot_cap(self, admission: Admission, leading: Leading) -> Refusal:
        """There is room only for an answer of that length, and the target cannot be told so."""
        claims = () if admission.grant is None else admission.grant.claim.budgets
        hard = next((claim for claim in claims if claim.rule.is_hard and claim.rule.on_exceeded), None) or claims[0]
        told = f"the budget '{hard.rule.scope.name}' has room for an answer of {admission.output_cap} tokens only"
        error = BudgetExceededError(f"{told}, and {admission.target.id} cannot be told so: ask for less (max_tokens)")
        instead = None if hard.rule.on_exceeded is None else partial(leading, hard.rule.on_exceeded)
        return Refusal(error.message, FailureClass.QUOTA_EXHAUSTED, error, instead)

    @property
    def is_held(self) -> bool:
        """Whether the request as a whole holds something."""
        return self._own is not None

    @property
    def metadata(self) -> Mapping[str, str]:
        """The caller's, overlaid by the key's."""
        said: Mapping[str, str] = self._facts.value("metadata")
        return said

    async def settle(self, admission: Admission, spent: Spent, nanousd: int) -> Settlement | None:
        """What the attempt came to, whether or not anybody has priced it. None: nothing was held."""
        self._tokens += spent.tokens
        self._output_tokens += spent.usage.output_tokens
        if admission.grant is None:
            return None
        settlement = await self._quota.settle(
            admission.grant, nanousd=nanousd, tokens=spent.tokens, output_tokens=spent.usage.output_tokens
        )
        self.standing = Standing(self.standing.requests, self.standing.tokens, settlement.budget_left_nanousd)
        return settlement

    async def close(self) -> None:
        """The request has ended: whatever it held as a whole is free again."""
        own, self._own = self._own, None
        if own is not None:
            await self._quota.settle(own, nanousd=0, tokens=self._tokens, output_tokens=self._output_tokens)

    def _of_request(self, bounds: Bounds) -> Claim | None:
        """Its limits, once. None: there are none."""
        part = Part.REST if self._is_counted else Part.ALL
        limits = () if self._is_open else _limit_claims(self._rules.of_requests, self._facts, bounds, part)
        return Claim(limits) if limits else None

    def _of_attempt(self, target: Target, bounds: Bounds, now_s: float) -> Claim | None:
        rules = self._rules
        if not (rules.of_attempts.rules or rules.budgets):
            return None
        facts = OfAttempt(self._facts, target.id, target.provider) if rules.ask_for_target else self._facts
        limits = _limit_claims(rules.of_attempts, facts, bounds)
        budgets = tuple([BudgetClaim(rule, values) for rule, values in drawing(rules.of_money, facts)])
        if not budgets:
            return Claim(limits) if limits else None
        return Claim(limits, budgets, *_bounded(target, bounds, now_s))


def _limit_claims(
    drawn: Drawn[LimitRule], facts: Facts, bounds: Bounds, part: Part = Part.ALL
) -> tuple[LimitClaim, ...]:
    if not drawn.rules:
        return ()
    wanted = (bounds.output_tokens_max or 0) * bounds.answers if bounds.is_capped else None
    about = bounds.input_tokens_about
    return tuple([LimitClaim(rule, values, about, wanted, part) for rule, values in drawing(drawn, facts)])


def _bounded(target: Target, bounds: Bounds, now_s: float) -> tuple[WorstCase | None, str]:
    """What it may cost at most, or why nobody can say."""
    price = target.price
    if price is None:
        return None, f"the price of {target.id} is not known"
    if price is FREE:
        return WorstCase(0, 0, None, may_cap=True), ""
    if bounds.unbounded or bounds.input_tokens_max is None:
        return None, bounds.unbounded or "the size of its input"
    if not price.knows(bounds.service_tier):
        return None, f"service_tier: {bounds.service_tier}"
    may_cap, tokens_max = not bounds.is_capped, bounds.output_tokens_max
    return worst_case(bounds.input_tokens_max, bounds.answers, price, now_s, tokens_max=tokens_max, may_cap=may_cap), ""


def used(quota: Quota, budgets: Sequence[BudgetRule], facts: Facts) -> float:
    """Which share has been used of the tightest hard budget that the request is under, whoever answers it."""
    try:
        hard = (rule for rule in budgets if rule.is_hard and not rule.scope.per_attempt)
        applied = applying(hard, facts)
    except MissingValueError:
        return 0.0  # it will be refused
    return max((quota.used(rule, values) for rule, values in applied), default=0.0)


def _refusal(refused: Refused, leading: Leading) -> Refusal:
    error, rule = refusing.error_of(refused), refused.rule
    if _is_final(refused):
        raise error
    route = rule.on_exceeded if isinstance(rule, BudgetRule) and refused.scarce is Scarce.BUDGET else None
    instead = None if route is None else partial(leading, route)
    return Refusal(refusing.reason(refused), refusing.stands_for(refused), error, instead)


def _is_final(refused: Refused) -> bool:
    """Whether no other target could change that. A budget may have room for a cheaper one."""
    rule = refused.rule
    return not rule.scope.per_attempt and (isinstance(rule, LimitRule) or refused.scarce is Scarce.MISSING)
