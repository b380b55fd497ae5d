"""What a request asks of the stores that count, and what they say: granted, all of it, or refused, and why.

A claim is for a request as a whole or for one of its attempts. Claims that are made together are taken together or
not at all, and each is settled on its own. Amounts of money are whole nano-dollars.
"""

from dataclasses import dataclass
from enum import StrEnum

from llmgw.graph.rules import BudgetRule, LimitRule
from llmgw.policy.entry import Charge

CAP_TOKENS_MIN = 256  # with less room than that for the answer there is none
CAP_TOKENS_UNKNOWN = 4096  # where nobody knows how much the model may write


@dataclass(frozen=True, slots=True)
class LimitClaim:
    """One request (or attempt) in one bucket. `output_tokens_max` None: the caller has set no cap."""

    rule: LimitRule
    values: tuple[str, ...]
    input_tokens: int
    output_tokens_max: int | None


@dataclass(frozen=True, slots=True)
class BudgetClaim:
    """One attempt, and who pays for it."""

    rule: BudgetRule
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorstCase:
    """What an attempt may cost at most: `fixed_nanousd`, and so much for each token that it may write.

    `nanousd_per_mtok` is that of all the answers that were asked for at once. `tokens_max` None: nobody knows how many
    it may write. `may_cap`: the caller has set no cap, so we may.
    """

    fixed_nanousd: int
    nanousd_per_mtok: int
    tokens_max: int | None
    may_cap: bool

    def nanousd(self, tokens: int) -> int:
        """With an answer of so many tokens."""
        return self.fixed_nanousd + -(-self.nanousd_per_mtok * tokens // 1_000_000)


@dataclass(frozen=True, slots=True)
class Claim:
    """`cost` None: it cannot be bounded, and `why_unbounded` says why."""

    limits: tuple[LimitClaim, ...] = ()
    budgets: tuple[BudgetClaim, ...] = ()
    cost: WorstCase | None = None
    why_unbounded: str = ""


class Scarce(StrEnum):
    """What there is not enough of."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    CONCURRENT = "concurrent"
    BUDGET = "budget"
    UNBOUNDED = "unbounded"  # it is not known that there is enough
    MISSING = "missing"  # of a value, in a rule that wants one
    BUCKETS = "buckets"  # too many callers at once to be told apart


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a rate: `reset_s` is the time until all of it is there again."""

    limit: int
    remaining: int
    reset_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How the tightest of all that apply stand; None: none does."""

    requests: Room | None = None
    tokens: Room | None = None
    budget_left_nanousd: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """`claim` is the index of the one that was. `retry_after_s` None: waiting does not help."""

    claim: int
    rule: LimitRule | BudgetRule
    values: tuple[str, ...]
    scarce: Scarce
    retry_after_s: float | None = None
    standing: Standing = Standing()
    needed_nanousd: int = 0  # the least that the attempt would have to reserve
    left_nanousd: int = 0
    why: str = ""  # of what cannot be bounded


@dataclass(frozen=True, slots=True)
class Grant:
    """A claim that was granted. It is to be settled exactly once; `id` is the store's own."""

    id: int
    claim: Claim
    reserved_nanousd: int
    charges: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class Granted:
    """One grant per claim, in order. `output_cap`: the answer may have no more tokens than that."""

    grants: tuple[Grant, ...]
    output_cap: int | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Crossed:
    """A budget has come to `at` (a fraction) of its limit. The window began at `slot` (Unix time in ms)."""

    rule: BudgetRule
    values: tuple[str, ...]
    at: float
    spent_nanousd: int
    limit_nanousd: int
    slot: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """`overrun`: more was spent than had been reserved, in a budget that does not allow it."""

    overrun: bool
    crossed: tuple[Crossed, ...]
    standing: Standing
