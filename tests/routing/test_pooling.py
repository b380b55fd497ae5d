from collections import Counter
from typing import Any

import pytest

from llmgw.config.model import TestRequest as Request
from llmgw.errors import FailureClass
from llmgw.routing.dice import Dice
from llmgw.routing.facts import pretended
from llmgw.routing.health import TargetHealth, WaitsHealth
from llmgw.routing.health_board import ALL_WELL, View
from llmgw.routing.walk import walk
from tests.graph.files import sound
from tests.routing.boards import board, opened

MODELS = (
    "providers: {p: {like: simulator}}\n"
    "models:\n"
    "  a: {target: p/a, price: {input_usd_per_mtok: 1, cached_input_usd_per_mtok: 1, output_usd_per_mtok: 10}}\n"
    "  b: {target: p/b, price: {input_usd_per_mtok: 3, cached_input_usd_per_mtok: 0.1, output_usd_per_mtok: 4}}\n"
    "  c: {target: p/c, max_output: 100}\n"
    "  d: {target: p/d, price: {input_usd_per_mtok: 0.5, output_usd_per_mtok: 0.5}, max_output: 100}\n"
    "routes:\n"
)


def orders(route: str, health: View = ALL_WELL, *, rest: str = "", draws: int = 200, **request: object) -> Counter[str]:
    """How often which order came out, by seeds."""
    resolved = sound(f"{MODELS}  r: {route}\n{rest}").resolve("r")
    assert resolved is not None
    facts = pretended(Request(model="r", **request))  # type: ignore[arg-type]  # rows of tests
    found = (walk(resolved, facts, health, Dice(seed)).candidates for seed in range(draws))
    return Counter("".join(candidate.target.id for candidate in candidates) for candidates in found)


def waiting(average_s: float, **more: float) -> TargetHealth:
    return TargetHealth(wholes=WaitsHealth(average_s=average_s), **more)  # type: ignore[arg-type]  # in_flight


# By cost.


@pytest.mark.parametrize(
    ("request_", "order"),
    [
        ({"input_tokens": 100_000, "max_tokens": 100}, "ab"),
        ({"input_tokens": 1_000, "max_tokens": 1000}, "ba"),
        ({"input_tokens": 10_000}, "ab"),  # and 1,024: $0.0202 and $0.0341
        ({"input_tokens": 1_000}, "ba"),  # and 1,024: $0.0112 and $0.0071
    ],
)
def test_the_cheapest_for_this_request_is_first(request_: dict[str, Any], order: str) -> None:
    assert orders("{pool: [a, b], by: cost}", **request_) == {order: 200}


def test_turns_that_were_sent_before_are_read_from_the_cache() -> None:
    long = {"role": "user", "content": "w" * 400_000}
    answered = ({"role": "assistant", "content": "yes"}, {"role": "user", "content": "and?"})

    assert orders("{pool: [a, b], by: cost}", messages=(long,), draws=1) == {"ab": 1}
    assert orders("{pool: [a, b], by: cost}", messages=(long, *answered), draws=1) == {"ba": 1}


def test_what_has_no_known_price_is_last_and_what_is_drained_is_not_there() -> None:
    unpriced = "{target: q/c}"
    text = MODELS.replace("{target: p/c, max_output: 100}", unpriced).replace("{p:", "{q: {like: groq, api_key: k}, p:")
    resolved = sound(f"{text}  r: {{pool: [c, b, {{use: d, weight: 0}}], by: cost}}\n").resolve("r")
    assert resolved is not None
    found = walk(resolved, pretended(Request(model="r")), ALL_WELL, Dice(1)).candidates

    assert [(one.target.id, one.target.price is None) for one in found] == [("b", False), ("c", True)]


def test_a_route_costs_what_the_first_target_costs_that_may_be_tried() -> None:
    inner = "  in: {fallback: [d, b]}\n"

    assert orders("{pool: [a, in], by: cost}", rest=inner, input_tokens=400_000, max_tokens=100) == {"dba": 200}
    assert orders("{pool: [a, in], by: cost}", rest=inner, input_tokens=400_000, max_tokens=101) == {"adb": 200}


# By latency.


def test_the_quicker_one_of_two_is_first() -> None:
    health = board(a=waiting(0.4), b=waiting(0.1)).at(0.0)

    assert orders("{pool: [a, b], by: latency}", health) == {"ba": 200}


def test_whoever_is_awaited_for_longer_is_as_slow_as_that() -> None:
    slow = TargetHealth(wholes=WaitsHealth(average_s=0.1, longest_s=3.0))
    health = board(a=waiting(0.4), b=slow).at(0.0)

    assert orders("{pool: [a, b], by: latency}", health) == {"ab": 200}


def test_a_crowd_counts_as_a_wait() -> None:
    health = board(a=waiting(0.4), b=waiting(0.1, in_flight=4)).at(0.0)

    assert orders("{pool: [a, b], by: latency}", health) == {"ab": 200}


def test_streams_are_compared_with_streams() -> None:
    health = board(
        a=TargetHealth(wholes=WaitsHealth(average_s=0.1), streams=WaitsHealth(average_s=0.9)),
        b=TargetHealth(wholes=WaitsHealth(average_s=0.2), streams=WaitsHealth(average_s=0.3)),
    ).at(0.0)

    assert orders("{pool: [a, b], by: latency}", health) == {"ab": 200}
    assert orders("{pool: [a, b], by: latency}", health, stream=True) == {"ba": 200}


def test_where_nothing_is_known_it_is_drawn() -> None:
    assert set(orders("{pool: [a, b], by: latency}")) == {"ab", "ba"}


# By load.


def test_the_least_busy_for_its_weight_is_first() -> None:
    health = board(a=TargetHealth(in_flight=3), b=TargetHealth(in_flight=2)).at(0.0)

    assert orders("{pool: [a, b], by: load}", health) == {"ba": 200}
    assert orders("{pool: [{use: a, weight: 2}, b], by: load}", health) == {"ab": 200}


# What sticks.


def test_the_same_value_has_the_same_order_whatever_the_dice_say() -> None:
    found = {user: orders("{pool: [a, b, c], sticky: request.user}", user=user) for user in "stuvwxyz"}

    assert {sum(order.values()) for order in found.values()} == {200}
    assert {len(order) for order in found.values()} == {1}
    assert len({next(iter(order)) for order in found.values()}) > 1


def test_an_empty_value_is_drawn() -> None:
    assert len(orders("{pool: [a, b, c], sticky: request.user}")) == 6


def test_a_conversation_keeps_to_its_member_as_it_grows() -> None:
    turns = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
    pool = "{pool: [a, b, c], sticky: conversation}"
    begun, grown = orders(pool, messages=(turns[0],)), orders(pool, messages=(*turns, turns[0]))

    assert begun == grown
    assert len(begun) == 1


def test_whoever_is_ill_is_dropped_and_the_next_takes_over() -> None:
    resolved = sound(f"{MODELS}  r: {{pool: [a, b, c], sticky: request.user}}\n").resolve("r")
    assert resolved is not None
    facts = pretended(Request(model="r", user="ada"))
    first, second, _ = walk(resolved, facts, ALL_WELL, Dice(1)).candidates
    health = board(**{first.target.id: opened(FailureClass.OVERLOADED)}).at(0.0)
    dropped, taken, _ = walk(resolved, facts, health, Dice(1)).candidates

    assert (dropped.target.id, dropped.dropped is None) == (first.target.id, False)
    assert (taken.target.id, taken.dropped) == (second.target.id, None)


# Only just well again.


@pytest.mark.parametrize("by", ["weight", "cost", "latency", "load"])
@pytest.mark.parametrize("ago_s", [0.0, 5.0, 9.0])
def test_whoever_is_only_just_well_is_first_no_more_often_than_his_ramp_says(by: str, ago_s: float) -> None:
    back = TargetHealth(closed_ago_s=ago_s, wholes=WaitsHealth(average_s=0.1))
    busy = TargetHealth(in_flight=9, wholes=WaitsHealth(average_s=0.9))
    found = orders(f"{{pool: [b, d], by: {by}}}", board(d=back, b=busy).at(0.0), draws=1000)
    ramp = max(ago_s / 10.0, 0.1)

    assert found["db"] / 1000 <= ramp + 0.04
    if by != "weight":
        assert found["db"] / 1000 >= ramp - 0.04


def test_what_sticks_comes_back_bit_by_bit_and_stays() -> None:
    def first(user: str, ago_s: float) -> str:
        health = board(a=TargetHealth(closed_ago_s=ago_s)).at(0.0)
        (order,) = orders("{pool: [a, b], sticky: request.user}", health, user=user, draws=1)
        return order[0]

    users = [f"u{number}" for number in range(60)]
    back = [{user for user in users if first(user, ago_s) == "a"} for ago_s in (0.0, 5.0, 10.0)]

    assert back[0] < back[1] < back[2]
