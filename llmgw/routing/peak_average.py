"""An average of waits that believes a slow one at once and a fast one only with time.

A wait above it becomes the average; one below it counts the more the longer ago the last one was (peak-sensitive
exponentially weighted moving average, as in Finagle's load balancer).
"""

from math import exp

MEMORY_S = 10.0  # after so long without news one fast answer counts for two thirds


class PeakAverage:
    """Of one target, in seconds. Moments are seconds of a clock that never goes back, and come in."""

    __slots__ = ("at_s", "value_s")

    def __init__(self, value_s: float, at_s: float) -> None:
        self.value_s = value_s
        self.at_s = at_s

    def add(self, wait_s: float, now_s: float) -> None:
        if wait_s >= self.value_s:
            self.value_s = wait_s
        else:
            kept = exp(-max(now_s - self.at_s, 0.0) / MEMORY_S)
            self.value_s = self.value_s * kept + wait_s * (1.0 - kept)
        self.at_s = now_s
