"""A fleet of simulated targets in virtual time: the very walk and the very board, and no clock but a heap of events.

Requests come at random (Poisson), each is a walk, a ticket and an answer. A target answers as slowly as it is told,
and the more so the more of its places are taken.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import log

from llmgw.config.model import TestRequest as Request
from llmgw.errors import FailureClass
from llmgw.graph.model import Graph, Resolved
from llmgw.routing.dice import Dice
from llmgw.routing.facts import pretended
from llmgw.routing.health_board import HealthBoard, Ticket
from llmgw.routing.walk import walk

SPREAD = 0.2  # an answer takes between so much less and so much more


@dataclass
class Simulated:
    """One target. `places` are the requests that it answers at its usual speed at once; None: any number."""

    wait_s: float
    places: int | None = None
    is_down: bool = False
    taken: int = 0

    def answer_s(self, draw: float) -> float:
        crowd = 1.0 if self.places is None else max(self.taken / self.places, 1.0)
        return self.wait_s * crowd * (1.0 + SPREAD * (2.0 * draw - 1.0))


@dataclass(frozen=True)
class Asked:
    """One request: when, whom in the end, and how long it took in all."""

    at_s: float
    target: str
    took_s: float


@dataclass
class Fleet:
    """`ask` makes the request with that number; the rest is the seed's."""

    graph: Graph
    targets: Mapping[str, Simulated]
    seed: int = 1
    ask: Callable[[int], Request] = lambda _: Request(model="r")
    board: HealthBoard = field(default_factory=HealthBoard)
    now_s: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self._dice = Dice(self.seed)
        self._resolved = Resolved(self.graph.routes["r"])

    def at(self, moment_s: float, do: Callable[[], None]) -> None:
        self._number += 1
        heappush(self._events, (moment_s, self._number, do))

    def run(self, requests: int, per_s: float) -> list[Asked]:
        """So many more requests, from now on, and all their answers; gives those that were made."""
        before, moment_s = len(self.asked), self.now_s
        for _ in range(requests):
            moment_s += -log(1.0 - self._dice.draw()) / per_s
            self.at(moment_s, self._request)
        while self._events:
            self.now_s, _, do = heappop(self._events)
            do()
        return sorted(self.asked[before:], key=lambda asked: asked.at_s)

    def _request(self) -> None:
        self._number += 1
        facts = pretended(self.ask(self._number))
        candidates = walk(self._resolved, facts, self.board.at(self.now_s), self._dice).candidates
        self._try([one.target.id for one in candidates if one.dropped is None], self.now_s)

    def _try(self, left: list[str], began_s: float) -> None:
        if not left:
            return
        name = left.pop(0)
        ticket, simulated = self.board.begin(self.graph.targets[name], self.now_s), self.targets[name]
        if simulated.is_down:
            ticket.failed(FailureClass.OVERLOADED, self.now_s)
            self._try(left, began_s)
            return
        simulated.taken += 1
        wait_s = simulated.answer_s(self._dice.draw())
        self.at(self.now_s + wait_s, lambda: self._answer(name, ticket, began_s))

    def _answer(self, name: str, ticket: Ticket, began_s: float) -> None:
        self.targets[name].taken -= 1
        ticket.answered(self.now_s)
        self.asked.append(Asked(began_s, name, self.now_s - began_s))


def shares(asked: list[Asked]) -> dict[str, float]:
    counts = Counter(one.target for one in asked)
    return {name: counts[name] / len(asked) for name in sorted(counts)}


def mean_s(asked: list[Asked]) -> float:
    return sum(one.took_s for one in asked) / len(asked)
