"""The order in which members of a pool are tried: arithmetic only, on one number or a few of each member.

Whatever is chosen by, the whole order is drawn, for it is the fallback order too. A weight of 0 is drained: such a
member is in no order.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import exp, inf, log
from statistics import median

from llmgw.routing.health_board import Wait

FADE_S = 10.0  # what was known of a wait fades towards what the others take
FORGET_S = 30.0  # and is not known any more: so a slow one is tried again

Draw = Callable[[], float]


def by_weight(weights: Sequence[float], draw: Draw) -> list[int]:
    """Drawn without replacement.

    Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006: each member gets an exponential key with
    its weight as rate; the smallest is first.
    """
    keys = [(-log(1.0 - draw()) / weight, index) for index, weight in enumerate(weights) if weight > 0]
    return [index for _, index in sorted(keys)]


def by_cost(costs: Sequence[int | None], weights: Sequence[float], draw: Draw) -> list[int]:
    """The cheapest first, and last those of which nobody knows what they cost. Among equals the draw decides."""
    return sorted(by_weight(weights, draw), key=lambda index: inf if (cost := costs[index]) is None else cost)


def by_load(in_flight: Sequence[int], weights: Sequence[float], draw: Draw) -> list[int]:
    """The least busy first, for its weight. Among equals the draw decides."""
    return sorted(by_weight(weights, draw), key=lambda index: in_flight[index] / weights[index])


def by_latency(waits_s: Sequence[float], weights: Sequence[float], draw: Draw) -> list[int]:
    """The quicker one of two that are drawn, and so on with the rest.

    Mitzenmacher, The power of two choices in randomized load balancing, 2001: whoever is quickest by what was known a
    moment ago is not asked by all at once, as he would be if all were compared.
    """
    left = by_weight(weights, draw)
    order = []
    while len(left) > 1:
        at = 1 if waits_s[left[1]] < waits_s[left[0]] else 0
        order.append(left.pop(at))
        left = [left[index] for index in by_weight([weights[member] for member in left], draw)]
    return order + left


def expected_s(waits: Sequence[Wait]) -> list[float]:
    """How long each would let one wait now.

    Of whom nothing is known, or nothing any more, as long as most of those that are known; and nobody takes less than
    he has been awaited already.
    """
    known = [wait.average_s for wait in waits if wait.average_s is not None and wait.ago_s < FORGET_S]
    usual_s = median(known) if known else 0.0
    return [max(_faded_s(wait, usual_s), wait.longest_s) for wait in waits]


def _faded_s(wait: Wait, usual_s: float) -> float:
    if wait.average_s is None or wait.ago_s >= FORGET_S:
        return usual_s
    return usual_s + (wait.average_s - usual_s) * exp(-wait.ago_s / FADE_S)


def by_value(value: str, names: Sequence[str], weights: Sequence[float]) -> list[int]:
    """The same for the same value, whoever is asked: a draw by weight whose dice are the value and the member's name.

    Weighted rendezvous hashing (Thaler and Ravishankar, 1998): a member that comes takes its share, one that goes gives
    its own to the others, and no other value moves.
    """
    draws = iter([sticking(value, name) for name, weight in zip(names, weights, strict=True) if weight > 0])
    return by_weight(weights, draws.__next__)


def sticking(value: str, name: str) -> float:
    """A number from [0, 1) that is always the same for these two."""
    told = value.encode("utf-8", "surrogatepass") + b"\0" + name.encode()
    return (int.from_bytes(blake2b(told, digest_size=8).digest(), "big") >> 11) / (1 << 53)
