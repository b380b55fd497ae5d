"""Requests, tokens and concurrency: how much of a limit a bucket has used, and what may still come.

A rate holds in every window of its length, wherever that begins: what was taken counts until all of its quantum (a
thousandth of the window) has left. A bucket that is refilled instead would let twice the rate through in its first
window, or refuse the second of two requests at once. Times are whole microseconds of a clock that never goes back.
"""

from collections.abc import Iterable

import msgspec

from llmgw.graph.rules import Amounts, LimitRule, Rate
from llmgw.policy.claims import CAP_TOKENS_UNKNOWN, LimitClaim, Part, Room, Scarce
from llmgw.policy.windows import QUANTA, Cell, Tally

CONCURRENT_RETRY_S = 1.0  # nobody knows when a request under way will end
ANSWERS_RECENT = 32  # the last answer is one of so many in the average of its bucket; with fewer it swings

NEVER_US = 2**63  # no clock comes to that

_US_PER_S = 1_000_000
_REQUEST, _REST = Part.REQUEST, Part.REST  # members of enums are slow to be had


class SlidingWindow(Tally):
    """One rate of one bucket. It is moved to the time that it is before anything is asked of it."""

    __slots__ = ("limit", "quantum_us", "slot", "turns_us")

    def __init__(self, rate: Rate) -> None:
        super().__init__()
        self.slot = 0
        self.turns_us = 0  # until then it need not be moved
        self.limit = rate.amount
        self.quantum_us = _quantum_us(rate)

    def move(self, now_us: int) -> None:
        """It is that late now."""
        slot = self.slot = now_us // self.quantum_us
        self.turns_us = (slot + 1) * self.quantum_us
        self.forget(slot - QUANTA)

    @property
    def left(self) -> int:
        """How much may be taken. Below zero after a settlement that came to more than had been taken."""
        return self.limit - self.total

    def correct(self, cell: Cell, amount: int) -> None:
        """So much more was used than had been taken, or less. What is late for its window is owed in this one."""
        if not self.change(cell, amount) and amount > 0:
            self.add(self.slot, amount)

    def wait_s(self, now_us: int, amount: int) -> float | None:
        """How long until so much is left, if nobody else takes any; None: it never will be."""
        if amount > self.limit:
            return None
        missing, leaves_us = amount - self.left, now_us
        for cell in self:
            if missing <= 0:
                break
            missing, leaves_us = missing - cell.amount, (cell.at + QUANTA + 1) * self.quantum_us
        return (leaves_us - now_us + 1) / _US_PER_S

    def is_tighter(self, other: "SlidingWindow") -> bool:
        """Whether less is left of it, for its size."""
        limit, others = self.limit, other.limit
        return (limit - self.total) * others < (others - other.total) * limit or not limit

    def room(self, now_us: int) -> Room:
        """As callers are told."""
        total, newest = self.total, self.newest
        if not total or newest is None:
            return Room(self.limit, self.limit, 0.0)
        reset_us = (newest.at + QUANTA + 1) * self.quantum_us - now_us
        return Room(self.limit, max(self.limit - total, 0), reset_us / _US_PER_S)


class LimitHold(msgspec.Struct, gc=False):
    """What a request holds of a bucket: `places`, and the tokens (`taken`) that it is expected to use, and where."""

    bucket: "LimitBucket"
    request: Cell | None
    window: SlidingWindow | None = None  # of the tokens: a reload may give the bucket another one
    tokens: Cell | None = None
    taken: int = 0
    places: int = 1

    def settle(self, now_us: int, tokens: int, output_tokens: int) -> None:
        """It has ended. A request it was, whatever became of it."""
        bucket = self.bucket
        bucket.in_flight -= self.places
        if now_us >= bucket.turns_us:
            bucket.move(now_us)
        if self.window is not None and self.tokens is not None:
            self.window.correct(self.tokens, tokens - self.taken)
            bucket.learn(output_tokens)

    def undo(self) -> None:
        """As if it had never been: something else was refused."""
        self.bucket.in_flight -= self.places
        if self.bucket.requests is not None and self.request is not None:
            self.bucket.requests.change(self.request, -1)
        if self.window is not None and self.tokens is not None:
            self.window.change(self.tokens, -self.taken)


class LimitBucket:
    """What one rule counts of those who share these values."""

    __slots__ = ("_answers", "_average", "_concurrent", "in_flight", "requests", "rule", "tokens", "turns_us", "values")

    def __init__(self, rule: LimitRule, values: tuple[str, ...]) -> None:
        self.values = values
        self.in_flight = 0
        self.requests: SlidingWindow | None = None
        self.tokens: SlidingWindow | None = None
        self._answers = 0
        self._average = 0.0  # tokens of recent answers, if there were any
        self.follow(rule)

    def follow(self, rule: LimitRule) -> None:
        """Other amounts hold from now on, for what has been counted too; another length begins to count anew."""
        self.rule = rule
        self.requests = _window(self.requests, rule.requests, self.values)
        self.tokens = _window(self.tokens, rule.tokens, self.values)
        self._concurrent = None if rule.concurrent is None else rule.concurrent.of(self.values)
        self.turns_us = 0  # until then it need not be moved

    def move(self, now_us: int) -> None:
        """It is that late now."""
        windows = [window for window in (self.requests, self.tokens) if window is not None]
        for window in windows:
            if now_us >= window.turns_us:
                window.move(now_us)
        self.turns_us = min((window.turns_us for window in windows), default=NEVER_US)

    def take(self, now_us: int, claim: LimitClaim) -> LimitHold | Scarce:
        """One request, and the tokens that it will probably use; or what there is not enough of."""
        if now_us >= self.turns_us:
            self.move(now_us)
        part = claim.part
        if part is _REQUEST:
            return self._take_request()
        requests, tokens, taken = None if part is _REST else self.requests, self.tokens, 0
        if requests is not None and requests.total >= requests.limit:
            return Scarce.REQUESTS
        if tokens is not None:
            taken = self._expected(claim, tokens.limit)
            if taken > tokens.limit - tokens.total:
                return Scarce.TOKENS
        if self._concurrent is not None and self.in_flight >= self._concurrent:
            return Scarce.CONCURRENT
        self.in_flight += 1
        request = None if requests is None else requests.add(requests.slot, 1)
        return LimitHold(self, request, tokens, None if tokens is None else tokens.add(tokens.slot, taken), taken)

    def wait_s(self, now_us: int, claim: LimitClaim, scarce: Scarce) -> float | None:
        """When it is worth asking again for what there was not enough of; None: never."""
        if scarce is Scarce.REQUESTS and self.requests is not None:
            return self.requests.wait_s(now_us, 1)
        if scarce is Scarce.TOKENS and self.tokens is not None:
            return self.tokens.wait_s(now_us, self._expected(claim, self.tokens.limit))
        return CONCURRENT_RETRY_S if self._concurrent else None

    def learn(self, output_tokens: int) -> None:
        """How long an answer was. One that never came says nothing of those that will."""
        if output_tokens > 0:
            self._answers = min(self._answers + 1, ANSWERS_RECENT)
            self._average += (output_tokens - self._average) / self._answers

    def is_idle(self, now_us: int) -> bool:
        """Whether nothing would be forgotten with it but an average."""
        self.move(now_us)
        return not self.in_flight and not any(it is not None and it.total for it in (self.requests, self.tokens))

    def _take_request(self) -> LimitHold | Scarce:
        requests = self.requests
        if requests is not None and requests.total >= requests.limit:
            return Scarce.REQUESTS
        return LimitHold(self, None if requests is None else requests.add(requests.slot, 1), places=0)

    def _expected(self, claim: LimitClaim, limit: int) -> int:
        """Never more than the limit: a bucket that is empty admits whatever comes, and then owes the rest."""
        output_tokens = claim.output_tokens_max
        if output_tokens is None:
            output_tokens = int(self._average) if self._answers else CAP_TOKENS_UNKNOWN
        elif self._answers and self._average < output_tokens:
            output_tokens = int(self._average)
        return min(claim.input_tokens + output_tokens, limit) or 1


def tightest(windows: Iterable[SlidingWindow | None]) -> SlidingWindow | None:
    """Of which the least is left, for its size."""
    found: SlidingWindow | None = None
    for window in windows:
        if window is not None and (found is None or window.is_tighter(found)):
            found = window
    return found


def _window(before: SlidingWindow | None, rates: Amounts[Rate] | None, values: tuple[str, ...]) -> SlidingWindow | None:
    rate = None if rates is None else rates.of(values)
    if rate is None:
        return None
    if before is None or before.quantum_us != _quantum_us(rate):
        return SlidingWindow(rate)
    before.limit = rate.amount
    return before


def _quantum_us(rate: Rate) -> int:
    return max(-(-int(rate.per_s * _US_PER_S) // QUANTA), 1)
