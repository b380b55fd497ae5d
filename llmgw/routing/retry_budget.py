"""Retries and hedges are a share of what is asked anyway, so that an outage is not made worse by those who suffer it.

(Google's SRE book, chapter 21, "Handling Overload"; Finagle has such a budget too.)
"""

from collections import deque

WINDOW_S = 10.0
SLICES = 10
SHARE = 0.2  # of the requests in the window
AT_LEAST = 10  # in the window, however few requests there are


class RetryBudget:
    """Of one provider. Moments are seconds of a clock that never goes back, and come in."""

    __slots__ = ("_requests", "_retries", "_slices")

    def __init__(self) -> None:
        self._slices: deque[list[int]] = deque()  # its number, requests, retries
        self._requests = self._retries = 0  # in all slices

    def lets_retry(self, now_s: float) -> bool:
        """Whether one more is within the budget."""
        self._move(now_s)
        return self._retries < max(AT_LEAST, int(self._requests * SHARE))

    def asked(self, now_s: float, *, again: bool) -> None:
        """Once more, or for the first time."""
        newest = self._move(now_s)
        if again:
            newest[2] += 1
            self._retries += 1
        else:
            newest[1] += 1
            self._requests += 1

    def counts(self, now_s: float) -> tuple[int, int]:
        """Requests and retries in the window."""
        self._move(now_s)
        return self._requests, self._retries

    def recount(self, requests: int, retries: int, now_s: float) -> None:
        """As it was told: all of it as if it had happened now."""
        newest = self._move(now_s)
        newest[1] += requests
        newest[2] += retries
        self._requests += requests
        self._retries += retries

    def _move(self, now_s: float) -> list[int]:
        """The slice of now; those that have left the window are taken out."""
        number = int(now_s * SLICES / WINDOW_S)
        slices = self._slices
        while slices and slices[0][0] <= number - SLICES:
            _, requests, retries = slices.popleft()
            self._requests -= requests
            self._retries -= retries
        if not slices or slices[-1][0] != number:
            slices.append([number, 0, 0])
        return slices[-1]
