"""What is known of the targets: filled by the attempts that are made, looked at by every decision.

The server drives one for the life of the process, a dry run one of its own that began as a snapshot of it: there is no
other code that knows how a target is. Moments are seconds of a clock that never goes back, and come in.
"""

from typing import NamedTuple

from llmgw.errors import FailureClass
from llmgw.graph.route import Target
from llmgw.routing.breaker import Breaker, State
from llmgw.routing.health import HealthSnapshot, ProviderHealth, TargetHealth, WaitsHealth
from llmgw.routing.peak_average import PeakAverage
from llmgw.routing.retry_budget import RetryBudget
from llmgw.routing.rotation import Rotation, Use

TARGETS_MAX = 10_000  # patterns make as many targets as callers know names
RAMP_S = 10.0  # whoever is well again gets his share of the load bit by bit
RAMP_MIN = 0.1


class Ejected(NamedTuple):
    """Why a target is left alone for now, and for how long it has been."""

    reason: str
    failure: FailureClass
    for_s: float


class Chance(NamedTuple):
    """What may follow a failure: whether the same may be tried again, as far as others are concerned.

    `other_key`: the provider has another credential, with which the target may be tried at once.
    """

    may_retry: bool = True
    other_key: bool = False


ANY_CHANCE = Chance()


class Wait(NamedTuple):
    """How long a target's answers took to begin, as known so long ago, and for how long one has been awaited now."""

    average_s: float | None
    ago_s: float
    longest_s: float


UNKNOWN = Wait(None, 0.0, 0.0)


class Waits:
    """How long answers take to begin: on the average, and those that have not begun so far, the oldest first."""

    __slots__ = ("average", "pending")

    def __init__(self) -> None:
        self.average: PeakAverage | None = None  # nothing is known
        self.pending: dict[int, float] = {}  # by the number of the attempt: when it began

    def add(self, wait_s: float, now_s: float) -> None:
        if self.average is None:
            self.average = PeakAverage(wait_s, now_s)
        else:
            self.average.add(wait_s, now_s)

    def longest_s(self, now_s: float) -> float:
        """For how long the oldest of those has waited."""
        return now_s - next(iter(self.pending.values())) if self.pending else 0.0


class _OfTarget:
    """A stream begins with its first token, an answer at once when all of it is there: these are never compared."""

    __slots__ = ("breaker", "in_flight", "streams", "wholes")

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.in_flight = 0
        self.streams = Waits()
        self.wholes = Waits()

    def waits(self, *, stream: bool) -> Waits:
        return self.streams if stream else self.wholes


class Ticket:
    """One attempt under way: whoever makes it says how it goes, and in the end how it went.

    `use`: of one of several credentials.
    """

    __slots__ = ("_began_s", "_is_open", "_is_probe", "_number", "_of", "_waits", "use")

    def __init__(self, of: _OfTarget, number: int, now_s: float, use: Use | None = None, *, stream: bool) -> None:
        breaker = of.breaker
        self.use = use
        self._number = number
        self._of = of
        self._waits = of.waits(stream=stream)
        self._began_s = now_s
        self._is_open = True
        self._is_probe = breaker.failure is not None
        breaker.is_probed = breaker.is_probed or self._is_probe
        of.in_flight += 1
        self._waits.pending[number] = now_s

    @property
    def credential(self) -> str:
        """Its name, where there are several."""
        return "" if self.use is None else self.use.key.name

    def begun(self, now_s: float) -> None:
        """The answer has: the first token is there. A probe has seen enough."""
        if self._waits.pending.pop(self._number, None) is None:
            return
        self._waits.add(now_s - self._began_s, now_s)
        if self.use is not None:
            self.use.answered()
        if self._is_probe:
            self._is_probe = False
            self._of.breaker.probe_answered(now_s)

    def answered(self, now_s: float) -> None:
        """All of the answer has come."""
        self.begun(now_s)
        if self._ends():
            self._of.breaker.answered(now_s)

    def failed(self, failure: FailureClass, now_s: float, asked_s: float | None = None) -> None:
        """It has come to nothing, or broken off, by no fault of ours or the caller's.

        `asked_s`: how long the provider asked us to wait.
        """
        if not self._is_open:
            return
        if self.use is not None:
            self.use.failed(failure, now_s, asked_s)
        self._ends()
        if self._is_probe:
            self._of.breaker.probe_failed(failure, now_s)
        else:
            self._of.breaker.failed(failure, now_s)

    def left(self) -> None:
        """It was ended for reasons that say nothing of the target; or has ended otherwise already."""
        if self._ends() and self._is_probe:
            self._of.breaker.is_probed = False

    def _ends(self) -> bool:
        if not self._is_open:
            return False
        self._is_open = False
        self._of.in_flight -= 1
        self._waits.pending.pop(self._number, None)
        if self.use is not None:
            self.use.left()
        return True


class View:
    """The board at one moment, as a decision looks at it."""

    __slots__ = ("_board", "_now_s")

    def __init__(self, board: "HealthBoard", now_s: float) -> None:
        self._board = board
        self._now_s = now_s

    def ejected(self, target: Target) -> Ejected | None:
        """None: it may be tried."""
        return self._board.ejected(target, self._now_s)

    def ramp(self, target: Target) -> float:
        """Which part of its share it gets."""
        return self._board.ramp(target, self._now_s)

    def in_flight(self, target: Target) -> int:
        return self._board.in_flight(target)

    def wait(self, target: Target, *, stream: bool) -> Wait:
        """What is known of how long an answer of that kind takes to begin."""
        waits = self._board.waits(target, stream=stream)
        if waits is None:
            return UNKNOWN
        average, longest_s = waits.average, waits.longest_s(self._now_s)
        if average is None:
            return Wait(None, 0.0, longest_s)
        return Wait(average.value_s, self._now_s - average.at_s, longest_s)


class HealthBoard:
    """By the id of the target; it knows nothing of graphs, and outlives them."""

    def __init__(self) -> None:
        self._targets: dict[str, _OfTarget] = {}
        self._providers: dict[str, RetryBudget] = {}
        self._rotations: dict[str, Rotation] = {}  # of providers that have several credentials
        self._tickets = 0

    # What decisions look at.

    def at(self, now_s: float) -> View:
        return View(self, now_s)

    def ejected(self, target: Target, now_s: float) -> Ejected | None:
        """None: it may be tried."""
        of = self._targets.get(target.id)
        if of is None or of.breaker.lets_pass(now_s):
            return self._without_key(target, now_s)
        breaker = of.breaker
        failure = breaker.failure or FailureClass.CONNECTION
        reason = f"ejected after {failure}"
        if breaker.state(now_s) is State.HALF_OPEN:
            reason += ", and another request tries it just now"
        return Ejected(reason, failure, now_s - breaker.opened_s)

    def _without_key(self, target: Target, now_s: float) -> Ejected | None:
        """Where there are several credentials, and none of them may be used."""
        rotation = self._rotations.get(target.provider) if target.credentials else None
        alone = None if rotation is None else rotation.alone(target.credentials, now_s)
        return None if alone is None else Ejected(alone.reason, alone.failure, now_s - alone.since_s)

    def ramp(self, target: Target, now_s: float) -> float:
        """Which part of its share a target gets: all of it, unless it is only just well again."""
        of = self._targets.get(target.id)
        closed_s = None if of is None else of.breaker.closed_s
        if closed_s is None or now_s - closed_s >= RAMP_S:
            return 1.0
        return max((now_s - closed_s) / RAMP_S, RAMP_MIN)

    def in_flight(self, target: Target) -> int:
        of = self._targets.get(target.id)
        return 0 if of is None else of.in_flight

    def waits(self, target: Target, *, stream: bool) -> Waits | None:
        """How long its answers of that kind take to begin. None: nobody knows."""
        of = self._targets.get(target.id)
        return None if of is None else of.waits(stream=stream)

    def chance(self, target: Target, now_s: float) -> Chance:
        """What may follow after an attempt there has failed."""
        of, budget = self._targets.get(target.id), self._providers.get(target.provider)
        is_closed = of is None or of.breaker.failure is None
        may_retry = is_closed and (budget is None or budget.lets_retry(now_s))
        return Chance(may_retry, other_key=bool(target.credentials) and self.ejected(target, now_s) is None)

    # What attempts say.

    def begin(self, target: Target, now_s: float, *, stream: bool = False, again: bool = False) -> Ticket:
        """One more attempt; `again`: a retry, or a hedge."""
        of = self._targets.get(target.id)
        if of is None:
            of = self._add(target.id)
        of.breaker.rule = target.breaker
        budget = self._providers.get(target.provider)
        if budget is None:
            budget = self._providers[target.provider] = RetryBudget()
        budget.asked(now_s, again=again)
        self._tickets += 1
        return Ticket(of, self._tickets, now_s, self._use(target, now_s), stream=stream)

    def _use(self, target: Target, now_s: float) -> Use | None:
        if not target.credentials:
            return None
        rotation = self._rotations.get(target.provider)
        if rotation is None:
            rotation = self._rotations[target.provider] = Rotation()
        return rotation.take(target.credentials, now_s)

    def _add(self, target_id: str) -> _OfTarget:
        if len(self._targets) >= TARGETS_MAX:
            idle = next((target_id for target_id, of in self._targets.items() if not of.in_flight), None)
            if idle is not None:
                del self._targets[idle]
        of = self._targets[target_id] = _OfTarget()
        return of

    # As a value.

    def snapshot(self, now_s: float, at_s: float = 0.0) -> HealthSnapshot:
        """`at_s` is the same moment as Unix time."""
        return HealthSnapshot(
            at=at_s,
            targets={target_id: _told(of, now_s) for target_id, of in sorted(self._targets.items())},
            providers={
                name: _counted(budget, self._rotations.get(name), now_s)
                for name, budget in sorted(self._providers.items())
            },
        )

    @classmethod
    def of(cls, snapshot: HealthSnapshot) -> "HealthBoard":
        """As it was then, at the moment 0."""
        board = cls()
        for target_id, told in snapshot.targets.items():
            _take(board._add(target_id), told)
        for name, counts in snapshot.providers.items():
            board._providers[name] = budget = RetryBudget()
            budget.recount(counts.requests, counts.retries, 0.0)
            if counts.credentials:
                board._rotations[name] = Rotation()
                board._rotations[name].take_over(counts.credentials)
        return board


def _told(of: _OfTarget, now_s: float) -> TargetHealth:
    breaker = of.breaker
    in_a_row, answered, failed = breaker.counts(now_s)
    return TargetHealth(
        state=breaker.state(now_s),
        failure=breaker.failure,
        opened_ago_s=now_s - breaker.opened_s if breaker.failure is not None else 0.0,
        open_for_s=breaker.open_for_s if breaker.failure is not None else 0.0,
        closed_ago_s=None if breaker.closed_s is None else now_s - breaker.closed_s,
        probing=breaker.is_probed,
        in_a_row=in_a_row,
        answered=answered,
        failed=failed,
        in_flight=of.in_flight,
        streams=_waits(of.streams, now_s),
        wholes=_waits(of.wholes, now_s),
    )


def _waits(waits: Waits, now_s: float) -> WaitsHealth:
    longest_s, average = waits.longest_s(now_s), waits.average
    if average is None:
        return WaitsHealth(longest_s=longest_s)
    return WaitsHealth(average_s=average.value_s, ago_s=now_s - average.at_s, longest_s=longest_s)


def _take(of: _OfTarget, told: TargetHealth) -> None:
    breaker = of.breaker
    breaker.failure, breaker.is_probed = told.failure, told.probing
    breaker.opened_s, breaker.open_for_s = -told.opened_ago_s, told.open_for_s
    breaker.closed_s = None if told.closed_ago_s is None else -told.closed_ago_s
    breaker.recount(told.in_a_row, told.answered, told.failed, 0.0)
    of.in_flight = told.in_flight
    for waits, said in ((of.streams, told.streams), (of.wholes, told.wholes)):
        if said.average_s is not None:
            waits.average = PeakAverage(said.average_s, -said.ago_s)
        if said.longest_s:
            waits.pending[0] = -said.longest_s


def _counted(budget: RetryBudget, rotation: Rotation | None, now_s: float) -> ProviderHealth:
    requests, retries = budget.counts(now_s)
    credentials = {} if rotation is None else rotation.told(now_s)
    return ProviderHealth(requests=requests, retries=retries, credentials=credentials)


ALL_WELL = HealthBoard().at(0.0)
