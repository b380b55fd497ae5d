"""What a load counts while it runs, and the measurement that comes of it."""

import time
from array import array
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """`count`: whole answers, or events of whole streams; `waits_s`: sorted latencies, or times to the first event."""

    count: int
    errors: int
    elapsed_s: float
    waits_s: tuple[float, ...]
    cpu_s: float | None = None

    @property
    def rate(self) -> float:
        return self.count / self.elapsed_s if self.elapsed_s else 0.0

    @property
    def cpu_us_per_count(self) -> float | None:
        return self.cpu_s * 1e6 / self.count if self.cpu_s is not None and self.count else None

    @property
    def core_share(self) -> float | None:
        """How much of one core the proxy took: well under 1 with many connections, the tools were the limit."""
        return self.cpu_s / self.elapsed_s if self.cpu_s is not None and self.elapsed_s else None

    def wait_s(self, fraction: float) -> float | None:
        """The wait that this fraction of all does not exceed: 0.5 is the median."""
        return self.waits_s[min(len(self.waits_s) - 1, int(len(self.waits_s) * fraction))] if self.waits_s else None


class Tally:
    """What the connections of one run share: what was begun, what came back, and whether more is wanted."""

    __slots__ = ("_begun", "_ends_at_s", "_requests_max", "_started_s", "count", "errors", "last_s", "waits_s")

    def __init__(self, requests_max: int, duration_s: float) -> None:
        # Not the loop's time: uvloop's counts in milliseconds.
        self._started_s = time.perf_counter()
        self._ends_at_s = self._started_s + duration_s
        self._requests_max = requests_max
        self._begun = 0
        self.count = 0
        self.errors = 0
        self.last_s = self._started_s
        self.waits_s = array("d")

    def wants_more(self) -> bool:
        return self._begun < self._requests_max and time.perf_counter() < self._ends_at_s

    def begin(self) -> None:
        self._begun += 1

    def good(self, count: int, wait_s: float) -> None:
        self.count += count
        self.waits_s.append(wait_s)
        self.last_s = time.perf_counter()

    def bad(self) -> None:
        self.errors += 1
        self.last_s = time.perf_counter()

    def measurement(self, cpu_s: float | None) -> Measurement:
        elapsed_s = self.last_s - self._started_s
        return Measurement(self.count, self.errors, elapsed_s, tuple(sorted(self.waits_s)), cpu_s)


def summary(measurement: Measurement) -> dict[str, object]:
    numbers = asdict(measurement) | {"rate_per_s": measurement.rate, "cpu_us_each": measurement.cpu_us_per_count}
    del numbers["waits_s"]
    return numbers | {"wait_p50_s": measurement.wait_s(0.5), "wait_p99_s": measurement.wait_s(0.99)}
