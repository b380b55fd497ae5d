"""The file's own tests: pretended requests through the very code that serves, against what the file expects.

They run on the whole graph, as if every optional provider had its key: a file that is right is right on every
machine.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

from llmgw.config.load import Loaded
from llmgw.config.model import TestEntry
from llmgw.config.problems import Problem
from llmgw.errors import RequestError, UnknownModelError
from llmgw.graph.model import STAR, Graph, Leaf, Node, Pool, Resolved, children, entry_name
from llmgw.graph.principal import Principal
from llmgw.graph.route import Route
from llmgw.routing import facts
from llmgw.routing.dice import Dice
from llmgw.routing.facts import ANY_TIME_S, Facts
from llmgw.routing.health_board import ALL_WELL
from llmgw.routing.plan import Refusal, Try
from llmgw.routing.rehearsal import Rehearsal, Rehearsed, rehearse
from llmgw.routing.walk import Candidate, walk

Leading = Callable[[Route], Sequence[Candidate]]


@dataclass(frozen=True, slots=True)
class Result:
    """One test: how its request went, and what of that is not as expected.

    `code` is there where the request ended without an answer, `rehearsal` where there was a model to ask.
    """

    index: int  # among the tests of the file
    name: str
    rehearsal: Rehearsal | None
    code: str | None
    fault: str | None

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets tried, in order, repeats in a row counted once."""
        return self.rehearsal.targets if self.rehearsal else ()

    @property
    def passed(self) -> bool:
        return self.fault is None

    def problem(self, loaded: Loaded) -> Problem | None:
        """The fault with its place in the file."""
        return None if self.fault is None else loaded.problem(("tests", self.index, "expect"), self.fault)


class Books(Protocol):
    """Limits and budgets for one of these requests. Raises RequestError where the server would refuse."""

    def used(self, facts: Facts) -> float: ...
    def admit(self, step: Try, facts: Facts, leading: Leading) -> Refusal | None: ...


class Policies(Protocol):
    """What policy has to say, which routing does not know. Raises RequestError where the server would refuse."""

    def admitted(
        self, graph: Graph, key: str | None, model: str, endpoint: str, now_s: float | None
    ) -> Principal | None:
        """Who would call with the key of that name. `now_s` None: no key has expired."""
        ...

    def books(self, graph: Graph, spent: Mapping[str, float], now_s: float) -> Books:
        """Over counters that say that so much (USD by budget) has been spent."""
        ...


def run(tests: Sequence[TestEntry], graph: Graph, policies: Policies) -> Iterator[Result]:
    """Run every test, in order. `graph` is the whole one: `compile_graph(…, whole=True)`."""
    for index, test in enumerate(tests):
        yield _result(index, test, graph, policies)


def _result(index: int, test: TestEntry, graph: Graph, policies: Policies) -> Result:
    asked, moment = test.request, _moment(test.at, graph.timezone)
    now_s = None if moment is None else moment.timestamp()
    try:
        principal = policies.admitted(graph, asked.key, asked.model, asked.endpoint, now_s)
        resolved = graph.resolve(asked.model)
        if resolved is None:
            raise UnknownModelError(f"there is no model '{asked.model}'")
        books = policies.books(graph, test.spent, now_s or ANY_TIME_S)
        known = facts.pretended(asked, moment, principal, books.used)
        return _answered(index, test, resolved, _rehearsed(test, resolved, known, books))
    except RequestError as error:
        fault = None if test.expect == error.code else f"{_expecting(test)}, but {error.message}: {error.code}"
        return Result(index, test.name, None, error.code, fault)


def _answered(index: int, test: TestEntry, resolved: Resolved, rehearsal: Rehearsal) -> Result:
    code = rehearsal.verdict.code if rehearsal.verdict else None
    targets = rehearsal.targets
    if isinstance(test.expect, str):
        as_expected = code == test.expect
    else:
        pools = dict(_pools(resolved))
        as_expected = is_as_expected(targets, [pools.get(name, frozenset({name})) for name in test.expect])
    fault = None if as_expected else _fault(test, rehearsal, code)
    return Result(index, test.name, rehearsal, code, fault)


def _rehearsed(test: TestEntry, resolved: Resolved, known: Facts, books: Books) -> Rehearsal:
    dice = Dice(test.seed)

    def leading(route: Route) -> Sequence[Candidate]:
        return walk(Resolved(route), known, ALL_WELL, dice).candidates

    itinerary = walk(resolved, known, ALL_WELL, dice)
    admit = partial(_admitted, books, known, leading)
    return rehearse(itinerary, test.fail, dice, stream=test.request.stream, admit=admit)


def _admitted(books: Books, known: Facts, leading: Leading, step: Try) -> Refusal | None:
    return books.admit(step, known, leading)


def _moment(at: str | None, timezone: str) -> datetime | None:
    """A time without an offset is one of the file's zone."""
    if at is None:
        return None
    moment = datetime.fromisoformat(at)
    zone = ZoneInfo(timezone)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def is_as_expected(targets: Sequence[str], expected: Sequence[AbstractSet[str]]) -> bool:
    """Whether the targets are those expected, in order. A set stands for one or more of its members, in any order."""
    reached = {0}  # how many of the targets the names so far may account for
    for members in expected:
        further = set()
        for start in reached:
            end = start
            while end < len(targets) and targets[end] in members:
                end += 1
                further.add(end)
        reached = further
    return len(targets) in reached


def _pools(resolved: Resolved) -> Iterator[tuple[str, frozenset[str]]]:
    """Every pool on the way, by the name that leads to it, and the targets under it."""
    route, star = resolved.route, resolved.star
    named: list[tuple[str, Node]] = [(route.name, route.node)]
    while named:
        name, node = named.pop()
        if isinstance(node, Pool):
            yield name.replace(STAR, star or STAR), frozenset(_targets(node, star))
        named.extend((entry_name(child, node), child) for child in children(node))


def _targets(node: Node, star: str) -> Iterator[str]:
    if isinstance(node, Leaf):
        yield node.target.concrete(star).id if star else node.target.id
    for child in children(node):
        yield from _targets(child, star)


def _expecting(test: TestEntry) -> str:
    expected = test.expect if isinstance(test.expect, str) else f"[{', '.join(test.expect)}]"
    return f"'{test.name}' expects {expected}"


def _fault(test: TestEntry, rehearsal: Rehearsal, code: str | None) -> str:
    """What was expected, and what would happen."""
    gave_up = rehearsal.gave_up
    refused = gave_up.refused if gave_up is not None else None
    nobody = "no target can take it" if refused is None else refused.message
    told = ", then ".join(_told(attempt) for attempt in _last_tries(rehearsal.attempts)) or nobody
    end = f"; then {code}: {gave_up.why}" if gave_up is not None else ""
    return f"{_expecting(test)}, but {told}{end}"


def _last_tries(attempts: Sequence[Rehearsed]) -> Iterator[Rehearsed]:
    """Repeats in a row once, with how the last of them ended."""
    for _, tries in groupby(attempts, key=lambda attempt: attempt.step.candidate.target.id):
        *_, last = tries
        yield last


def _told(attempt: Rehearsed) -> str:
    target_id = attempt.step.candidate.target.id
    return f"{target_id} answers" if attempt.failure is None else f"{target_id} fails ({attempt.failure})"
