"""Which member of a pool comes first for this request, and which then: what is known of each, and the dice.

A member that leads to several targets is taken for the first that may be tried. Whoever is only just well again is
held back: his turn comes first only as often as his ramp says, whatever the pool chooses by, so that neither the
cheapest nor the quickest is overrun the moment he is back.
"""

from collections.abc import Sequence

from llmgw.graph.route import Member, Pool, Target
from llmgw.routing import balance
from llmgw.routing.dice import Dice
from llmgw.routing.facts import Facts
from llmgw.routing.health_board import View

OUTPUT_TOKENS_USUAL = 1024  # of a request without a cap: the same for all that are compared
_HELD_BACK = "\0held back"


def order(
    pool: Pool, members: Sequence[Member], firsts: Sequence[Target], facts: Facts, health: View, dice: Dice
) -> list[int]:
    """Indexes of those `members` of the pool that lead somewhere; `firsts` are the targets that they stand for."""
    weights = [member.weight for member in members]
    value = facts.value(pool.sticky) if pool.sticky else ""
    if value:
        found = balance.by_value(value, [member.name for member in members], weights)
    else:
        found = _chosen(pool, weights, firsts, facts, health, dice)
    ramps = {index: ramp for index in found if (ramp := health.ramp(firsts[index])) < 1.0}
    held = [index for index, ramp in ramps.items() if _is_held_back(value, members[index], ramp, dice)]
    return [*(index for index in found if index not in held), *held] if held else found


def _chosen(
    pool: Pool, weights: Sequence[float], firsts: Sequence[Target], facts: Facts, health: View, dice: Dice
) -> list[int]:
    match pool.by:
        case "weight":
            return balance.by_weight(weights, dice.draw)
        case "cost":
            return balance.by_cost([_cost_nanousd(target, facts) for target in firsts], weights, dice.draw)
        case "latency":
            return balance.by_latency(_waits_s(firsts, facts, health), weights, dice.draw)
        case "load":
            return balance.by_load([health.in_flight(target) for target in firsts], weights, dice.draw)


def _waits_s(firsts: Sequence[Target], facts: Facts, health: View) -> list[float]:
    """Times those who are there already: else all who come before the quickest is known to be slow would go to him."""
    stream = facts.value("request.stream")
    expected_s = balance.expected_s([health.wait(target, stream=stream) for target in firsts])
    return [wait_s * (health.in_flight(target) + 1) for wait_s, target in zip(expected_s, firsts, strict=True)]


def _is_held_back(value: str, member: Member, ramp: float, dice: Dice) -> bool:
    """What sticks comes back once, and stays."""
    return (balance.sticking(value, member.name + _HELD_BACK) if value else dice.draw()) >= ramp


def _cost_nanousd(target: Target, facts: Facts) -> int | None:
    """About what this request costs there: earlier turns read from its cache, where that has a price of its own."""
    if target.price is None:
        return None
    input_tokens, earlier = facts.value("request.input_tokens"), facts.value("earlier_tokens")
    output_tokens = facts.value("request.max_tokens") or OUTPUT_TOKENS_USUAL
    return target.price.about_nanousd(input_tokens, min(earlier, input_tokens), output_tokens, facts.value("now_s"))
