"""Limits, budgets and claims for tests, and a clock that is set by hand."""

import asyncio
from collections.abc import Mapping

from llmgw.config.secrets import Secret
from llmgw.graph.rules import (
    Alert,
    Amounts,
    BudgetRule,
    Calendar,
    LimitRule,
    Rate,
    Scope,
    Unit,
    Window,
)
from llmgw.policy.claims import BudgetClaim, Claim, LimitClaim, WorstCase

NOON_S = 1_790_856_000.0  # 2026-10-01 12:00 UTC
MONTH = Calendar(Unit.MONTH)
PRICE = 1_000_000  # nano-dollars per million tokens: one token, one nano-dollar


class HandClock:
    """Both of its hands can be set: the wall clock, and the one that never goes back."""

    def __init__(self, now_s: float = NOON_S) -> None:
        self.wall_s = now_s
        self.run_s = 1000.0

    def now_s(self) -> float:
        return self.wall_s

    def elapsed_s(self) -> float:
        return self.run_s

    def move(self, seconds: float) -> None:
        self.wall_s += seconds
        self.run_s += seconds

    async def sleep(self, seconds: float) -> None:
        self.move(seconds)
        await asyncio.sleep(0)


def limit(
    name: str = "l",
    *,
    requests: int | None = None,
    tokens: int | None = None,
    concurrent: int | None = None,
    per_s: float = 60.0,
) -> LimitRule:
    return LimitRule(
        Scope(name, each=("key",)),
        None if requests is None else Amounts(Rate(requests, per_s)),
        None if tokens is None else Amounts(Rate(tokens, per_s)),
        None if concurrent is None else Amounts(concurrent),
    )


def budget(
    nanousd: int | None = 1000,
    *,
    name: str = "b",
    window: Window = MONTH,
    by_value: Mapping[str, int] | None = None,
    hard: bool = True,
    allow: bool = False,
    alert_at: tuple[float, ...] = (),
) -> BudgetRule:
    alert = Alert(alert_at, Secret("http://127.0.0.1:9/")) if alert_at else None
    amounts = Amounts(nanousd, by_value or {})
    return BudgetRule(
        f"{name}-id", Scope(name, each=("key",)), amounts, window, is_hard=hard, allows_unbounded=allow, alert=alert
    )


def limited(*rules: LimitRule, key: str = "k", input_tokens: int = 10, output_tokens: int | None = 10) -> Claim:
    return Claim(limits=tuple(LimitClaim(rule, (key,), input_tokens, output_tokens) for rule in rules))


def paying(*rules: BudgetRule, cost: WorstCase | None, key: str = "k", why: str = "") -> Claim:
    return Claim(budgets=tuple(BudgetClaim(rule, (key,)) for rule in rules), cost=cost, why_unbounded=why)


def exactly(nanousd: int) -> WorstCase:
    """It may cost so much, whatever it writes, and may not be capped."""
    return WorstCase(nanousd, 0, 0, may_cap=False)


def cappable(fixed_nanousd: int, tokens_max: int | None, price: int = PRICE) -> WorstCase:
    return WorstCase(fixed_nanousd, price, tokens_max, may_cap=True)
