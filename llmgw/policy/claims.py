"""What a request asks of the stores that count, and what they say: granted, all of it, or refused, and why.

A claim is for a request as a whole or for one of its attempts. Claims that are made together are taken together or
not at all, and each is settled on its own. Amounts of money are whole nano-dollars. A dozen of these are made for every
attempt, so they are structs, which take a tenth of the time of dataclasses.
"""

from enum import StrEnum

import msgspec

from llmgw.graph.rules import BudgetRule, LimitRule
from llmgw.policy.entry import Charge

CAP_TOKENS_MIN = 256  # with less room than that for the answer there is none
CAP_TOKENS_UNKNOWN = 4096  # where nobody knows how much the model may write


class Part(StrEnum):
    """What of a limit is claimed."""

    ALL = "all"
    REQUEST = "request"  # by an answer that costs nothing: no tokens, no place among those under way
    REST = "rest"  # by what has been counted as a request before


class LimitClaim(msgspec.Struct, frozen=True, gc=False):
    """One request (or attempt) in one bucket. `output_tokens_max` None: the caller has set no cap."""

    rule: LimitRule
    values: tuple[str, ...]
    input_tokens: int
    output_tokens_max: int | None
    part: Part = Part.ALL


class BudgetClaim(msgspec.Struct, frozen=True, gc=False):
    """One attempt, and who pays for it."""

    rule: BudgetRule
    values: tuple[str, ...]


class WorstCase(msgspec.Struct, frozen=True, gc=False):
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


class Claim(msgspec.Struct, frozen=True, gc=False):
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


class Room(msgspec.Struct, frozen=True, gc=False):
    """What is left of a rate: `reset_s` is the time until all of it is there again."""

    limit: int
    remaining: int
    reset_s: float


class Standing(msgspec.Struct, frozen=True, gc=False):
    """How the tightest of all that apply stand; None: none does."""

    requests: Room | None = None
    tokens: Room | None = None
    budget_left_nanousd: int | None = None

    def within(self, other: "Standing") -> "Standing":
        """Where limits of the `other` apply too, the tighter ones."""
        return Standing(
            _tighter(self.requests, other.requests), _tighter(self.tokens, other.tokens), self.budget_left_nanousd
        )


def _tighter(one: Room | None, other: Room | None) -> Room | None:
    """Of which less is left, for its size."""
    if one is None or other is None:
        return other if one is None else one
    return other if other.remaining * one.limit < one.remaining * other.limit else one


class Refused(msgspec.Struct, frozen=True, gc=False):
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


class Grant(msgspec.Struct, frozen=True, gc=False):
    """A claim that was granted. It is to be settled exactly once; `id` is the store's own."""

    id: int
    claim: Claim
    reserved_nanousd: int
    charges: tuple[Charge, ...]


class Granted(msgspec.Struct, frozen=True, gc=False):
    """One grant per claim, in order. `output_cap`: the answer may have no more tokens than that."""

    grants: tuple[Grant, ...]
    output_cap: int | None
    standing: Standing


class Crossed(msgspec.Struct, frozen=True, gc=False):
    """A budget has come to `at` (a fraction) of its limit. The window began at `slot` (Unix time in ms)."""

    rule: BudgetRule
    values: tuple[str, ...]
    at: float
    spent_nanousd: int
    limit_nanousd: int
    slot: int


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """`overrun`: more was spent than had been reserved, in a budget that does not allow it."""

    overrun: bool
    crossed: tuple[Crossed, ...]
    budget_left_nanousd: int | None = None  # of the tightest
