"""A circuit breaker: whoever keeps failing is left alone for a while, then asked once to see whether he is well again.

Closed: all may pass. It opens after so many failures in a row, or over a share of those in a window. When its time is
up it is half open: one attempt passes, the probe. If that is answered it closes; if not it stays open for twice as
long (Nygard: Release It!, 2007). Moments are seconds of a clock that never goes back, and come in.
"""

from collections import deque
from enum import StrEnum

from llmgw.errors import FailureClass
from llmgw.graph.route import BreakerRule

SLICES = 10  # of the window: one slice at a time stops to count
ATTEMPTS_MIN = 10  # in the window, before a share of them says anything

# These say nothing of how the target is: the fault is the caller's, or that of a credential.
_NO_SIGNS = frozenset(
    {
        *(FailureClass.RATE_LIMITED, FailureClass.QUOTA_EXHAUSTED, FailureClass.UNAUTHORIZED),
        *(FailureClass.INVALID_REQUEST, FailureClass.CONTEXT_LENGTH, FailureClass.CONTENT_FILTER, FailureClass.BLOCKED),
    }
)

USUAL = BreakerRule()


class State(StrEnum):
    """Whether attempts may pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Of one target."""

    __slots__ = (
        *("_answered", "_failed", "_in_a_row", "_slices", "closed_s", "failure", "is_probed", "open_for_s"),
        *("opened_s", "rule"),
    )

    def __init__(self, rule: BreakerRule = USUAL) -> None:
        self.rule = rule
        self.failure: FailureClass | None = None  # that opened it; None: it is closed
        self.opened_s = 0.0
        self.open_for_s = 0.0
        self.closed_s: float | None = None  # when it closed again; None: it was never open
        self.is_probed = False  # a probe is under way
        self._in_a_row = 0
        self._slices: deque[tuple[int, int, int]] = deque()  # its number, answers, failures
        self._answered = self._failed = 0  # in all slices

    def state(self, now_s: float) -> State:
        if self.failure is None:
            return State.CLOSED
        return State.HALF_OPEN if now_s >= self.opened_s + self.open_for_s else State.OPEN

    def lets_pass(self, now_s: float) -> bool:
        """Whether an attempt may be made; half open, one at a time."""
        return self.failure is None or (not self.is_probed and self.state(now_s) is State.HALF_OPEN)

    def answered(self, now_s: float) -> None:
        """An attempt has got an answer, or what was asked of an open one has."""
        self._in_a_row = 0
        self._count(now_s, 1, 0)

    def failed(self, failure: FailureClass, now_s: float) -> None:
        """So has an attempt ended that began while it was closed."""
        if failure in _NO_SIGNS:
            return
        self._in_a_row += 1
        self._count(now_s, 0, 1)
        if self.failure is None and self._is_too_much():
            self._open(failure, now_s, self.rule.open_for_s)

    def probe_answered(self, now_s: float) -> None:
        """It is well again: nothing of before counts."""
        self.failure, self.is_probed, self.closed_s = None, False, now_s
        self._in_a_row = self._answered = self._failed = 0
        self._slices.clear()

    def probe_failed(self, failure: FailureClass, now_s: float) -> None:
        """It stays open, from now on; if its time was up for twice as long."""
        self.is_probed = False
        if self.failure is None or failure in _NO_SIGNS:
            return
        is_due = self.state(now_s) is State.HALF_OPEN
        open_for_s = min(self.open_for_s * 2, self.rule.max_open_s) if is_due else self.open_for_s
        self._open(failure, now_s, open_for_s)

    def _open(self, failure: FailureClass, now_s: float, open_for_s: float) -> None:
        self.failure, self.opened_s, self.open_for_s = failure, now_s, open_for_s

    def _is_too_much(self) -> bool:
        if self._in_a_row >= self.rule.failures:
            return True
        attempts = self._answered + self._failed
        return attempts >= ATTEMPTS_MIN and self._failed > attempts * self.rule.error_rate

    def _count(self, now_s: float, answered: int, failed: int) -> None:
        """Into the slice of now; those that have left the window are taken out."""
        number = int(now_s * SLICES / self.rule.window_s)
        slices = self._slices
        while slices and slices[0][0] <= number - SLICES:
            _, gone_answered, gone_failed = slices.popleft()
            self._answered -= gone_answered
            self._failed -= gone_failed
        self._answered += answered
        self._failed += failed
        if slices and slices[-1][0] == number:
            _, before_answered, before_failed = slices[-1]
            slices[-1] = (number, before_answered + answered, before_failed + failed)
        else:
            slices.append((number, answered, failed))

    # Told and taken over, for a dry run.

    def counts(self, now_s: float) -> tuple[int, int, int]:
        """Failures in a row, and answers and failures in the window."""
        self._count(now_s, 0, 0)
        return self._in_a_row, self._answered, self._failed

    def recount(self, in_a_row: int, answered: int, failed: int, now_s: float) -> None:
        """As it was told: all of it as if it had happened now."""
        self._in_a_row = in_a_row
        self._count(now_s, answered, failed)
