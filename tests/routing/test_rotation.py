import pytest

from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass as F
from llmgw.graph.route import OneOfKeys
from llmgw.routing.health import CredentialHealth, RoomHealth, Standing
from llmgw.routing.room import Room
from llmgw.routing.rotation import Alone, Rotation

KEYS = tuple(OneOfKeys(f"o#{number}", {"authorization": Secret(f"Bearer {number}")}) for number in (1, 2, 3))
ONE, TWO, THREE = (key.name for key in KEYS)


def taken(rotation: Rotation, times: int, now_s: float = 0.0) -> list[str]:
    """Which keys so many calls take that are all answered."""
    names = []
    for _ in range(times):
        use = rotation.take(KEYS, now_s)
        use.answered()
        names.append(use.key.name)
    return names


def fail(rotation: Rotation, name: str, failure: F, now_s: float = 0.0, asked_s: float | None = None) -> None:
    """One call with this key, which has to be among those that are used."""
    for _ in KEYS:
        use = rotation.take(KEYS, now_s)
        if use.key.name == name:
            return use.failed(failure, now_s, asked_s)
        use.left()
    raise AssertionError(f"{name} is not used")


def test_while_all_are_alike_they_take_turns() -> None:
    assert taken(Rotation(), 5) == [ONE, TWO, THREE, ONE, TWO]


def test_the_one_with_most_room_is_taken_until_its_limit_is_full_again() -> None:
    rotation = Rotation()
    for left in (0.2, 0.6, 0.4):
        rotation.take(KEYS, 0.0).told({"requests": Room(left, 60.0), "tokens": Room(0.9, 10.0)}, 0.0)

    assert (taken(rotation, 2), taken(rotation, 3, 60.0)) == ([TWO, TWO], [ONE, THREE, TWO])


@pytest.mark.parametrize("failure", [F.UNAUTHORIZED, F.QUOTA_EXHAUSTED])
def test_a_dead_one_is_tried_once_per_cool_down_which_doubles_to_an_hour(failure: F) -> None:
    rotation, tried_s = Rotation(), []
    for now_s in range(4 * 3600):
        for _ in KEYS:
            use = rotation.take(KEYS, float(now_s))
            if use.key.name == TWO:
                tried_s.append(now_s)
                use.failed(failure, float(now_s), None)
            else:
                use.answered()

    assert tried_s == [0, 60, 180, 420, 900, 1860, 3780, 7380, 10980]


def test_one_at_its_limit_cools_as_long_as_it_asks_or_a_second_and_longer_each_time() -> None:
    rotation = Rotation()
    fail(rotation, ONE, F.RATE_LIMITED, 0.0, 20.0)
    fail(rotation, TWO, F.RATE_LIMITED, 0.0)
    told = rotation.told(0.0)
    fail(rotation, TWO, F.RATE_LIMITED, 1.0)

    assert (told[ONE].for_s, told[TWO].for_s, rotation.told(1.0)[TWO].for_s) == (20.0, 1.0, 2.0)
    assert told[ONE].state is Standing.COOLING
    assert set(taken(rotation, 4, 19.9)) == {TWO, THREE}
    assert set(taken(rotation, 4, 20.0)) == {ONE, TWO, THREE}


def test_whose_time_is_up_is_tried_by_one_call_until_that_has_ended() -> None:
    rotation = Rotation()
    fail(rotation, ONE, F.UNAUTHORIZED)
    trying = rotation.take(KEYS[:1], 60.0)
    meanwhile = taken(rotation, 4, 61.0)
    trying.left()
    again = rotation.take(KEYS[:1], 62.0)
    again.answered()

    assert set(meanwhile) == {TWO, THREE}
    assert rotation.told(62.0)[ONE].state is Standing.WELL


def test_calls_that_were_under_way_change_little() -> None:
    rotation = Rotation()
    early = [rotation.take(KEYS[:1], 0.0) for _ in range(4)]
    rotation.take(KEYS[:1], 1.0).failed(F.UNAUTHORIZED, 2.0, None)
    early[0].answered()
    early[1].failed(F.UNAUTHORIZED, 2.0, None)
    early[2].failed(F.RATE_LIMITED, 3.0, 5.0)
    before = rotation.told(3.0)[ONE]
    early[3].failed(F.RATE_LIMITED, 3.0, 100.0)
    after = rotation.told(3.0)[ONE]

    assert (before.failure, before.for_s, before.since_ago_s) == (F.UNAUTHORIZED, 60.0, 1.0)
    assert (after.failure, after.for_s, after.since_ago_s) == (F.RATE_LIMITED, 100.0, 0.0)


def test_other_failures_say_nothing_of_a_key() -> None:
    rotation = Rotation()
    for failure in set(F) - {F.UNAUTHORIZED, F.QUOTA_EXHAUSTED, F.RATE_LIMITED}:
        rotation.take(KEYS, 0.0).failed(failure, 0.0, 9.0)

    assert {health.state for health in rotation.told(0.0).values()} == {Standing.WELL}


def test_where_none_may_be_used_it_is_told_why_and_the_one_at_its_limit_comes_before_the_dead() -> None:
    rotation = Rotation()
    fail(rotation, ONE, F.UNAUTHORIZED, 0.0)
    fail(rotation, TWO, F.UNAUTHORIZED, 1.0)
    before = rotation.alone(KEYS, 1.0)
    fail(rotation, THREE, F.RATE_LIMITED, 2.0, 3600.0)
    reason = "all 3 credentials are set aside after rate_limited, unauthorized"

    assert (before, rotation.alone(KEYS, 3.0)) == (None, Alone(reason, F.UNAUTHORIZED, 2.0))
    assert rotation.take(KEYS, 4.0).key.name == THREE


def test_another_key_in_the_place_of_one_begins_anew() -> None:
    rotation = Rotation()
    fail(rotation, ONE, F.UNAUTHORIZED)
    same = OneOfKeys(ONE, dict(KEYS[0].headers))
    other = OneOfKeys(ONE, {"authorization": Secret("Bearer new")})

    assert (rotation.has_usable([same], 1.0), rotation.has_usable([other], 1.0)) == (False, True)


def test_of_keys_that_have_left_the_file_nothing_is_kept() -> None:
    rotation = Rotation()
    taken(rotation, 3)
    rotation.take(KEYS[1:], 0.0)

    assert list(rotation.told(0.0)) == [TWO, THREE]


def test_as_told_it_goes_on_just_so() -> None:
    rotation = Rotation()
    rotation.take(KEYS, 5.0).told({"tokens": Room(0.5, 60.0)}, 5.0)
    fail(rotation, TWO, F.QUOTA_EXHAUSTED, 6.0)
    told = rotation.told(10.0)
    again = Rotation()
    again.take_over(told)

    assert told[ONE] == CredentialHealth(used_ago_s=5.0, room={"tokens": RoomHealth(left=0.5, for_s=55.0)})
    assert told[TWO] == CredentialHealth(
        state=Standing.SET_ASIDE, failure=F.QUOTA_EXHAUSTED, since_ago_s=4.0, for_s=60.0, used_ago_s=4.0
    )
    assert again.told(0.0) == told
    assert taken(again, 3, 0.0) == taken(rotation, 3, 10.0)
