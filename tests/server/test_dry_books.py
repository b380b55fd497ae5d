"""Limits and budgets in a dry run: the account that the server opens, over counters that are made up."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from llmgw.chat.bounds import Bounds
from llmgw.config.model import TestRequest as Request
from llmgw.errors import InvalidRequestError, RateLimitedError, UnauthorizedError
from llmgw.graph.model import Graph
from llmgw.graph.route import Route
from llmgw.routing.facts import Facts, pretended
from llmgw.routing.plan import Refusal, Try
from llmgw.routing.walk import Candidate
from llmgw.server.dry_books import DryBooks, Policies, StillClock, _at_once, bounds_of_facts
from tests.graph.files import sound
from tests.routing.itineraries import candidate

NOW_S = 1_790_856_000.0
FILE = """
models:
  gpt: {target: simulator/gpt, max_output: 1000, price: {input_usd_per_mtok: 1, output_usd_per_mtok: 10}}
  wide: {target: simulator/wide, context_window: 8000, price: free}
keys: [{name: k, secret: the-secret-of-key-k, expires: 2026-01-31}]
"""
DAY = "budgets: [{name: day, each: request.user, limit_usd: 1, per: day}]\n"
NOTHING_SPENT: Mapping[str, float] = {}


def facts(**fields: Any) -> Facts:
    return pretended(Request(**{"model": "gpt", "input_tokens": 100, **fields}))


def led(_route: Route) -> Sequence[Candidate]:
    return [candidate("elsewhere")]


class Scene:
    """A dry run over a file."""

    def __init__(self, text: str, spent: Mapping[str, float] = NOTHING_SPENT, **fields: Any) -> None:
        self.graph: Graph = sound(FILE + text)
        self.facts = facts(**fields)
        self.books = Policies().books(self.graph, spent, NOW_S)

    def ask(self, target: str = "gpt", bounds: Bounds | None = None) -> Refusal | None:
        asked = candidate(target)
        step = Try(Candidate(self.graph.targets[target], target, asked.limits, asked.retry, ()), 1, 1, 0.0)
        assert isinstance(self.books, DryBooks)
        return self.books.admit(step, self.facts, led, None if bounds is None else lambda _: bounds)


def test_without_rules_nobody_is_refused() -> None:
    scene = Scene("")

    assert (scene.ask(), scene.ask("wide")) == (None, None)
    assert scene.books.used(scene.facts) == 0.0


@pytest.mark.parametrize(("usd", "is_refused"), [(0.0, False), (0.99, False), (0.999, True), (1.0, True), (2.5, True)])
def test_what_is_said_to_be_spent_is_spent(usd: float, is_refused: bool) -> None:
    scene = Scene(DAY, {"day": usd}, user="ada")

    assert scene.books.used(scene.facts) == usd
    assert isinstance(scene.ask(), Refusal) is is_refused


def test_who_is_refused_hears_how_much_is_left_of_it() -> None:
    refusal = Scene(DAY, {"day": 0.999}, user="ada").ask()
    assert refusal is not None

    assert "of ada has $0.001000000 left, and this may cost $0.002660000 or more" in refusal.reason


def test_it_is_spent_once_however_often_somebody_asks() -> None:
    scene = Scene(DAY, {"day": 0.5}, user="ada")
    for _ in range(3):
        scene.ask()
        scene.books.used(scene.facts)
    told = scene.ask()

    assert told is None
    assert scene.books.used(scene.facts) == pytest.approx(0.5 + 0.0101)  # and what the attempt under way may cost


def test_nobody_else_has_spent_it() -> None:
    text = DAY.replace("request.user", "target")

    assert Scene(text, {"day": 0.5}).ask() is None
    assert isinstance(Scene(text, {"day": 1.0}).ask(), Refusal)


def test_a_budget_of_targets_that_wants_more_does_not_keep_the_others_from_being_used() -> None:
    dear = "{name: own, each: [target, metadata.x], missing: reject, limit_usd: 1, per: day}, "
    scene = Scene(DAY.replace("[{", f"[{dear}{{"), {"own": 1.0, "day": 0.25}, user="ada")

    assert scene.books.used(scene.facts) == 0.25
    assert isinstance(scene.ask(), Refusal)


def test_a_failed_attempt_cost_nothing_and_the_next_one_has_all_of_it() -> None:
    scene = Scene(DAY.replace("limit_usd: 1", "limit_usd: 0.015"), user="ada")

    assert [scene.ask() for _ in range(5)] == [None] * 5


def test_limits_of_the_request_count_it_once_and_those_of_a_target_each_attempt() -> None:
    whole = Scene("limits: [{name: whole, requests: 1/m, concurrent: 1}]\n")
    of_target = Scene("limits: [{name: own, each: target, requests: 2/m, concurrent: 1}]\n")
    told = [of_target.ask(), of_target.ask(), of_target.ask(), of_target.ask("wide")]

    assert [whole.ask() for _ in range(3)] == [None] * 3
    assert [refusal is None for refusal in told] == [True, True, False, True]


def test_what_refuses_the_request_ends_it() -> None:
    with pytest.raises(RateLimitedError):
        Scene("limits: [{name: whole, concurrent: 0}]\n").ask()
    with pytest.raises(InvalidRequestError):
        Scene(DAY.replace("per: day", "per: day, missing: reject"), {"day": 0.5}).ask()


def test_where_a_budget_leads_is_told() -> None:
    refusal = Scene(DAY.replace("per: day", "per: day, on_exceeded: {use: wide}"), {"day": 1.0}).ask()
    assert refusal is not None
    assert refusal.instead is not None

    assert [one.target.id for one in refusal.instead()] == ["elsewhere"]


def test_what_is_known_of_a_body_counts_for_more() -> None:
    bounds = Bounds(2_000_000, 10, is_capped=True)

    assert isinstance(Scene(DAY, user="ada").ask(bounds=bounds), Refusal)
    assert isinstance(Scene(DAY, user="ada").ask(bounds=Bounds(None, 10, unbounded="tools[0]")), Refusal)


@pytest.mark.parametrize(
    ("target", "fields", "expected"),
    [
        ("gpt", {}, Bounds(100, 1000, is_capped=False, input_tokens_about=100)),
        ("gpt", {"max_tokens": 7}, Bounds(100, 7, is_capped=True, input_tokens_about=100)),
        ("wide", {"max_tokens": 9000}, Bounds(100, 8000, is_capped=True, input_tokens_about=100)),
        ("wide", {"input_tokens": 0}, Bounds(0, 8000, is_capped=False, input_tokens_about=0)),
    ],
)
def test_facts_tell_how_much_may_be_used_of_a_target(target: str, fields: dict[str, Any], expected: Bounds) -> None:
    assert expected == bounds_of_facts(facts(**fields), sound(FILE).targets[target])


def test_access_is_as_it_is() -> None:
    graph = sound(FILE)
    with pytest.raises(UnauthorizedError):
        Policies().admitted(graph, "k", "gpt", "chat", NOW_S)
    principal = Policies().admitted(graph, "k", "gpt", "chat", None)
    assert principal is not None

    assert (principal.key, Policies().admitted(graph, None, "gpt", "chat", NOW_S)) == ("k", None)


async def test_time_stands_still() -> None:
    clock = StillClock(5.0)
    await clock.sleep(60.0)

    assert (clock.now_s(), clock.elapsed_s()) == (5.0, 0.0)


def test_who_would_have_to_wait_is_a_fault_of_ours() -> None:
    with pytest.raises(RuntimeError, match="waits for nothing"):
        _at_once(asyncio.sleep(0))
