"""What is this adapter's own; what every `Quota` does is in the contract."""

import pytest

from llmgw.adapters.memory_quota import BUCKETS_RETRY_S, MemoryQuota
from llmgw.graph.rules import LimitRule, Rules
from llmgw.policy.claims import Claim, Granted, LimitClaim, Part, Refused, Scarce
from tests.policy.rules import HandClock, budget, exactly, limit, limited, paying


async def granted(quota: MemoryQuota, *claims: Claim) -> Granted:
    answer = await quota.admit(claims)
    assert isinstance(answer, Granted)
    return answer


async def refused(quota: MemoryQuota, *claims: Claim) -> Refused:
    answer = await quota.admit(claims)
    assert isinstance(answer, Refused)
    return answer


async def settled(quota: MemoryQuota, answer: Granted, nanousd: int = 0) -> None:
    for grant in answer.grants:
        await quota.settle(grant, nanousd=nanousd, tokens=0, output_tokens=0)


async def test_callers_are_told_apart_up_to_a_number() -> None:
    clock, one = HandClock(), limit(requests=5)
    quota = MemoryQuota(clock, Rules((one,)), buckets_max=2)
    for key in ("a", "b"):
        await settled(quota, await granted(quota, limited(one, key=key)))
    answer = await refused(quota, limited(one, key="c"))

    assert (answer.scarce, answer.retry_after_s, answer.rule) == (Scarce.BUCKETS, BUCKETS_RETRY_S, one)
    clock.move(61)
    await granted(quota, limited(one, key="c"))


async def test_who_has_spent_something_is_not_forgotten_for_others() -> None:
    month = budget(1000)
    quota = MemoryQuota(HandClock(), Rules(budgets=(month,)), buckets_max=2)
    await settled(quota, await granted(quota, paying(month, cost=exactly(5), key="a")), nanousd=5)
    await settled(quota, await granted(quota, paying(month, cost=exactly(5), key="b")), nanousd=0)
    await granted(quota, paying(month, cost=exactly(5), key="c"))
    answer = await refused(quota, paying(month, cost=exactly(5), key="d"))

    assert (answer.scarce, answer.rule) == (Scarce.BUCKETS, month)
    assert sorted(it.values for it in quota.standings()) == [("a",), ("c",)]


async def test_who_asks_is_not_swept_away_by_another_who_does() -> None:
    one, other = budget(1000, name="x"), budget(1000, name="y")
    quota = MemoryQuota(HandClock(), Rules(budgets=(one, other)), buckets_max=1)
    answer = await refused(quota, paying(one, other, cost=exactly(5), key="a"), paying(one, cost=exactly(5), key="b"))

    assert (answer.claim, answer.scarce) == (1, Scarce.BUCKETS)
    assert [it.in_flight for it in quota.standings()] == [0, 0]


async def test_as_many_buckets_are_shown_as_one_likes() -> None:
    month = budget(1000)
    quota = MemoryQuota(HandClock(), Rules(budgets=(month,)))
    for key in "abc":
        await granted(quota, paying(month, cost=exactly(5), key=key))

    assert (len(quota.standings()), len(quota.standings(2))) == (3, 2)


async def test_of_many_buckets_the_most_used_are_shown_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llmgw.adapters.memory_quota.LOOKED_AT", 2)
    month, other = budget(1000), budget(1000, name="other")
    quota = MemoryQuota(HandClock(), Rules(budgets=(month, other)))
    for key, nanousd in [("a", 5), ("b", 900), ("c", 70), ("d", 0), ("e", 500)]:
        await granted(quota, paying(month, cost=exactly(nanousd), key=key))
    await granted(quota, paying(other, cost=exactly(1000), key="z"))
    few, all_of_them, none = [await quota.most_used(*asked) for asked in (({"b-id"}, 3), ({"b-id"}, 5), (set(), 5))]

    assert ([it.values for it in few.standings], few.is_cut) == ([("b",), ("e",), ("c",)], True)
    assert (len(all_of_them.standings), all_of_them.is_cut) == (5, False)
    assert none == ([], False)


async def test_what_is_put_right_is_that_of_a_budget_in_force() -> None:
    month, slot = budget(1000), 1_790_812_800_000
    quota = MemoryQuota(HandClock(), Rules(budgets=(month,)))
    await settled(quota, await granted(quota, paying(month, cost=exactly(300))), nanousd=300)
    quota.correct(month.id, [('["k"]', slot, 100)])
    quota.correct("nobody's", [('["k"]', slot, 100)])

    assert [(it.budget, it.spent_nanousd) for it in quota.standings()] == [("b", 400)]


async def test_an_equal_rule_of_a_file_before_draws_on_the_same_buckets() -> None:
    old, new = limit(requests=3), limit(requests=3)
    quota = MemoryQuota(HandClock(), Rules((old,)))
    await granted(quota, limited(old))
    quota.take(Rules((new,)))
    for rule in (new, old):
        await granted(quota, limited(rule))

    assert (await refused(quota, limited(new))).scarce is Scarce.REQUESTS


async def test_a_rule_that_nobody_has_told_counts_all_the_same() -> None:
    one, month = limit(requests=1), budget(1000)
    quota = MemoryQuota(HandClock())
    await granted(quota, limited(one), paying(month, cost=exactly(900)))

    assert (await refused(quota, limited(one))).scarce is Scarce.REQUESTS
    assert (await refused(quota, paying(month, cost=exactly(900)))).left_nanousd == 100


async def test_rules_that_have_left_are_forgotten_when_nobody_is_under_them() -> None:
    quota = MemoryQuota(HandClock())
    answers = []
    for number in range(5):
        rules: list[LimitRule] = [limit(f"l{number}", requests=1)]
        months = [budget(1000, name=f"b{number}")]
        quota.take(Rules(tuple(rules), tuple(months)))
        answers.append(await granted(quota, limited(*rules), paying(*months, cost=exactly(1))))
    under_way = (len(quota._limits), len(quota._budgets))
    for answer in answers:
        await settled(quota, answer)
    quota.take(Rules())

    assert (under_way, len(quota._limits), len(quota._budgets), quota._held) == ((5, 5), 0, 0, {})


def part_of(rule: LimitRule, part: Part) -> Claim:
    return Claim((LimitClaim(rule, ("k",), 10, 10, part),))


async def test_what_costs_nothing_is_counted_as_a_request_and_as_nothing_else() -> None:
    one = limit(requests=2, tokens=10, concurrent=1)
    quota = MemoryQuota(HandClock(), Rules((one,)))
    for _ in range(2):
        await granted(quota, part_of(one, Part.REQUEST))  # none of them is settled: no place is taken

    assert (await refused(quota, part_of(one, Part.REQUEST))).scarce is Scarce.REQUESTS


async def test_a_limit_of_tokens_or_places_that_is_used_up_is_no_matter_for_what_costs_nothing() -> None:
    one = limit(requests=9, tokens=20, concurrent=1)
    quota = MemoryQuota(HandClock(), Rules((one,)))
    await granted(quota, part_of(one, Part.ALL))
    await granted(quota, part_of(one, Part.REQUEST))

    assert (await refused(quota, part_of(one, Part.ALL))).scarce in (Scarce.TOKENS, Scarce.CONCURRENT)


async def test_the_rest_takes_no_second_request() -> None:
    one = limit(requests=1, concurrent=1)
    quota = MemoryQuota(HandClock(), Rules((one,)))
    await settled(quota, await granted(quota, part_of(one, Part.REQUEST)))
    rest = await granted(quota, part_of(one, Part.REST))

    assert (await refused(quota, part_of(one, Part.REST))).scarce is Scarce.CONCURRENT
    await settled(quota, rest)
    assert (await refused(quota, part_of(one, Part.ALL))).scarce is Scarce.REQUESTS
