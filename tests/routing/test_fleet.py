"""Every way of choosing against a fleet in virtual time: the figures of docs/pools.md.

Five targets answer in 0.1 to 0.5 s, the quickest is the dearest; 40 requests a second. Bounds leave room for chance.
"""

from collections.abc import Mapping

import pytest

from llmgw.graph.model import Graph
from llmgw.routing import health_board
from tests.graph.files import sound
from tests.routing.fleet import Asked, Fleet, Simulated, mean_s, shares

WAITS_S = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4, "e": 0.5}
USD = {"a": 5, "b": 4, "c": 3, "d": 2, "e": 1}
WEIGHTS = {"a": 4, "b": 2}
PER_S = 40.0


def graph(by: str, names: str = "abcde", weights: Mapping[str, int] = {}) -> Graph:
    models = ", ".join(
        f"{name}: {{target: p/{name}, price: {{input_usd_per_mtok: {USD[name]}, output_usd_per_mtok: {USD[name]}}}}}"
        for name in names
    )
    pool = ", ".join(f"{{use: {name}, weight: {weights.get(name, 1)}}}" for name in names)
    return sound(
        f"providers: {{p: {{like: simulator}}}}\nmodels: {{{models}}}\nroutes: {{r: {{pool: [{pool}], by: {by}}}}}"
    )


def fleet(by: str, *, seed: int = 1) -> Fleet:
    weights = WEIGHTS if by == "weight" else {}
    return Fleet(graph(by, weights=weights), {name: Simulated(wait_s) for name, wait_s in WAITS_S.items()}, seed)


def chosen(by: str, requests: int = 8000) -> list[Asked]:
    """Once the fleet has found its ways."""
    found = fleet(by)
    found.run(400, PER_S)
    return found.run(requests, PER_S)


def is_about(found: Mapping[str, float], wanted: Mapping[str, float], within: float) -> bool:
    return all(abs(found.get(name, 0.0) - share) <= within for name, share in wanted.items())


def test_by_weight_shares_are_the_weights() -> None:
    asked = chosen("weight")

    assert is_about(shares(asked), {"a": 4 / 9, "b": 2 / 9, "c": 1 / 9, "d": 1 / 9, "e": 1 / 9}, 0.02)
    assert mean_s(asked) == pytest.approx(2.0 / 9, rel=0.03)


def test_by_cost_the_cheapest_has_all() -> None:
    assert shares(chosen("cost")) == {"e": 1.0}


def test_by_latency_the_mean_is_near_what_two_choices_can_do() -> None:
    """Two of five that are drawn: 0.2 s if one always knew the quicker; all drawn alike would be 0.3 s."""
    asked = chosen("latency")

    assert 0.2 <= mean_s(asked) <= 0.23
    assert list(shares(asked).values()) == sorted(shares(asked).values(), reverse=True)


def test_by_load_shares_are_as_the_targets_are_quick() -> None:
    """As many under way at each would be 5 / (1/0.1 + … + 1/0.5) = 0.219 s."""
    asked = chosen("load")
    speeds = {name: (1 / wait_s) / sum(1 / one_s for one_s in WAITS_S.values()) for name, wait_s in WAITS_S.items()}

    assert is_about(shares(asked), speeds, 0.07)
    assert 0.215 <= mean_s(asked) <= 0.245


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_quickest_is_found_within_200_requests_and_left_within_50(seed: int) -> None:
    found = fleet("latency", seed=seed)
    first = shares(found.run(200, PER_S))
    found.targets["a"].wait_s *= 10
    slowing, slow = found.run(50, PER_S), found.run(200, PER_S)
    found.targets["a"].wait_s /= 10
    found.run(800, PER_S)
    again = shares(found.run(400, PER_S))

    assert max(first, key=lambda name: first[name]) == "a"
    assert shares(slowing).get("a", 0.0) < first["a"]
    assert shares(slow).get("a", 0.0) <= 0.08  # what asks whether it is quick again
    assert max(again, key=lambda name: again[name]) == "a"


def test_two_targets_that_slow_down_under_load_are_not_overrun_in_turn() -> None:
    """Of 100 requests a second the quicker one can take 80, the other one 40: 0.12 s would be the best."""
    targets = {"a": Simulated(0.1, places=8), "b": Simulated(0.2, places=8)}
    found = Fleet(graph("latency", "ab"), targets)
    found.run(1000, 100.0)

    assert mean_s(found.run(4000, 100.0)) < 0.18


def first_second(by: str, favourite: str) -> float:
    """Its share in the second after its breaker has closed, over ten seeds."""
    asked: list[Asked] = []
    for seed in range(1, 11):
        found = fleet(by, seed=seed)
        found.run(400, PER_S)
        found.targets[favourite].is_down = True
        found.run(200, PER_S)
        found.targets[favourite].is_down = False
        found.now_s += 15.0  # the breaker lets one pass
        after = found.run(200, PER_S)
        closed_s = found.board.snapshot(found.now_s).targets[favourite].closed_ago_s
        assert closed_s is not None
        asked += [one for one in after if 0.0 < one.at_s - (found.now_s - closed_s) <= 1.0]
    return shares(asked).get(favourite, 0.0)


@pytest.mark.parametrize(
    ("by", "favourite", "without_ramp"),
    [("weight", "a", 0.38), ("cost", "e", 1.0), ("latency", "a", 0.3), ("load", "a", 0.3)],
)
def test_whoever_is_well_again_is_not_overrun(
    by: str, favourite: str, without_ramp: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He comes first for a tenth of the requests in that second; some four hundred of them are drawn here."""
    share = first_second(by, favourite)
    monkeypatch.setattr(health_board, "RAMP_MIN", 1.0)

    assert share <= 0.15
    assert first_second(by, favourite) >= without_ramp
