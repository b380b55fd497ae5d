"""No target answered: every attempt with its class, and what the caller is told."""

from collections.abc import Sequence

from llmgw.errors import GatewayError, UpstreamError, UpstreamStatusError
from llmgw.routing.outcome import Verdict
from llmgw.routing.plan import GiveUp, Why
from llmgw.routing.walk import Candidate

REASONS_TOLD_MAX = 8


def _attempt(target: str, error: UpstreamError) -> dict[str, object]:
    told: dict[str, object] = {"target": target, "class": error.failure.value, "status": error.status}
    return told | {"credential": error.credential} if error.credential else told


class RouteExhaustedError(GatewayError):
    """Carries the failures in order, and what was dropped beforehand.

    `passed_on` is the provider's own answer where that says more than we could.
    """

    def __init__(
        self, failures: Sequence[tuple[str, UpstreamError]], why: Why, dropped: Sequence[Candidate] = ()
    ) -> None:
        self.failures = tuple(failures)
        self.why = why
        self.dropped = tuple(dropped)
        self.verdict: Verdict = GiveUp(why, self.dropped).verdict([error.failure for _, error in failures])
        super().__init__(self._told())

    @property
    def passed_on(self) -> UpstreamStatusError | None:
        """The last failure, if its answer is to reach the caller as it came."""
        if not self.verdict.passed_on:
            return None
        last = self.failures[-1][1]
        return last if isinstance(last, UpstreamStatusError) else None

    @property
    def retry_after_s(self) -> float | None:
        """The shortest wait that any of them asked for."""
        waits = [error.retry_after_s for _, error in self.failures if error.retry_after_s is not None]
        return min(waits, default=None)

    @property
    def attempts(self) -> tuple[dict[str, object], ...]:
        """Each attempt for the error's body: target, class and status."""
        return tuple(_attempt(target, error) for target, error in self.failures)

    def _told(self) -> str:
        if not self.failures:
            return self._why_untried()
        told = "; ".join(
            f"{target}{f' with {error.credential}' if error.credential else ''}: {error.failure} ({error.message})"
            for target, error in self.failures[-4:]
        )
        return f"no target answered ({self.why}): {told}"

    def _why_untried(self) -> str:
        if self.why is Why.DEADLINE:
            return "the deadline passed before any attempt"
        if not self.dropped:
            return "no target is left for this request: see `llmgw test-route`"
        reasons = [f"{candidate.target.id}: {candidate.dropped}" for candidate in self.dropped]
        more = f"; and {len(reasons) - REASONS_TOLD_MAX} more" if len(reasons) > REASONS_TOLD_MAX else ""
        return f"no target can take this request: {'; '.join(reasons[:REASONS_TOLD_MAX])}{more}"
