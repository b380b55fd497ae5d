from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass as F
from llmgw.graph.route import OneOfKeys, Target
from llmgw.routing.breaker import State
from llmgw.routing.health import HealthSnapshot, Standing
from llmgw.routing.health_board import RAMP_S, TARGETS_MAX, Ejected, HealthBoard
from llmgw.routing.room import Room
from tests.routing.boards import board, opened
from tests.routing.itineraries import target

GPT = target("gpt", None)


def fail(board: HealthBoard, times: int = 5, of: Target = GPT, now_s: float = 0.0, failure: F = F.TIMEOUT) -> None:
    for _ in range(times):
        board.begin(of, now_s).failed(failure, now_s)


def test_of_whom_nothing_is_known_he_is_well() -> None:
    fresh = HealthBoard()

    assert (fresh.ejected(GPT, 0.0), fresh.in_flight(GPT), fresh.waits(GPT, stream=True)) == (None, 0, None)
    assert (fresh.ramp(GPT, 0.0), fresh.chance(GPT, 0.0).may_retry) == (1.0, True)


def test_whoever_fails_too_often_is_left_alone_and_not_tried_again() -> None:
    told = HealthBoard()
    fail(told)
    ejected = told.ejected(GPT, 3.0)

    assert ejected == ("ejected after timeout", F.TIMEOUT, 3.0)
    assert not told.chance(GPT, 3.0).may_retry


def test_when_his_time_is_up_one_attempt_passes() -> None:
    told = HealthBoard()
    fail(told)
    first = told.ejected(GPT, 15.0)
    probe = told.begin(GPT, 15.0)
    meanwhile = told.ejected(GPT, 15.1)
    probe.begun(15.2)

    assert (first, told.ejected(GPT, 15.2)) == (None, None)
    assert meanwhile is not None
    assert meanwhile.reason == "ejected after timeout, and another request tries it just now"


@pytest.mark.parametrize("how", ["fails", "leaves"])
def test_a_probe_that_comes_to_nothing_makes_room_for_another(how: str) -> None:
    told = HealthBoard()
    fail(told)
    probe = told.begin(GPT, 15.0)
    if how == "fails":
        probe.failed(F.CONNECTION, 16.0)
    probe.left()
    moment_s = 16.0 + 30.0 if how == "fails" else 16.0

    assert told.ejected(GPT, moment_s) is None
    assert (told.ejected(GPT, moment_s - 0.1) is None) is (how == "leaves")


def test_attempts_from_before_it_opened_change_nothing_of_it() -> None:
    told = HealthBoard()
    early = [told.begin(GPT, 0.0) for _ in range(2)]
    fail(told)
    early[0].answered(1.0)
    early[1].failed(F.TIMEOUT, 2.0)

    assert told.ejected(GPT, 2.0) == ("ejected after timeout", F.TIMEOUT, 2.0)
    assert told.in_flight(GPT) == 0


def test_whoever_is_well_again_gets_his_share_bit_by_bit() -> None:
    told = HealthBoard()
    fail(told)
    told.begin(GPT, 15.0).answered(15.0)

    assert [told.ramp(GPT, 15.0 + at_s) for at_s in (0.0, 5.0, RAMP_S)] == [0.1, 0.5, 1.0]


def test_streams_and_answers_at_once_are_timed_apart() -> None:
    told = HealthBoard()
    told.begin(GPT, 0.0, stream=True).begun(0.2)
    told.begin(GPT, 0.0).answered(5.0)
    told.begin(GPT, 7.0, stream=True)
    streams, wholes = (told.waits(GPT, stream=stream) for stream in (True, False))

    assert streams is not None
    assert wholes is not None
    assert (streams.average and streams.average.value_s, streams.longest_s(8.5)) == (0.2, 1.5)
    assert (wholes.average and wholes.average.value_s, wholes.longest_s(8.5)) == (5.0, 0.0)


def test_a_ticket_ends_once() -> None:
    told = HealthBoard()
    ticket = told.begin(GPT, 0.0)
    ticket.answered(1.0)
    ticket.failed(F.TIMEOUT, 2.0)
    ticket.left()

    assert (told.in_flight(GPT), told.snapshot(2.0).targets["gpt"].failed) == (0, 0)


def test_a_provider_is_asked_again_only_within_its_budget() -> None:
    told = HealthBoard()
    for _ in range(10):
        told.begin(GPT, 0.0, again=True).answered(0.0)

    assert (told.chance(GPT, 0.0).may_retry, told.chance(GPT, 11.0).may_retry) == (False, True)


def test_it_knows_so_many_targets_and_forgets_the_idle_ones_first() -> None:
    told = HealthBoard()
    busy = told.begin(target("busy", None), 0.0)
    for number in range(TARGETS_MAX + 5):
        told.begin(target(f"m{number}", None), 0.0).answered(0.0)

    assert len(told.snapshot(0.0).targets) == TARGETS_MAX
    assert told.in_flight(target("busy", None)) == 1
    busy.left()


MOVES = st.lists(st.tuples(st.sampled_from(["answer", "fail", "hold", "leave"]), st.floats(0.0, 9.0), st.booleans()))


@given(MOVES)
def test_a_board_that_begins_as_a_snapshot_is_that_one(moves: list[tuple[str, float, bool]]) -> None:
    told, now_s = HealthBoard(), 100.0
    for move, pause_s, stream in moves:
        now_s += pause_s
        ticket = told.begin(GPT, now_s, stream=stream)
        now_s += pause_s / 3
        match move:
            case "answer":
                ticket.answered(now_s)
            case "fail":
                ticket.failed(F.TIMEOUT, now_s)
            case "leave":
                ticket.left()
    snapshot = told.snapshot(now_s)
    again = HealthBoard.of(msgspec.json.decode(msgspec.json.encode(snapshot), type=HealthSnapshot))

    assert rounded(msgspec.to_builtins(again.snapshot(0.0))) == rounded(msgspec.to_builtins(snapshot))


def rounded(told: Any) -> Any:
    """Ages are differences of moments, which are not exact."""
    if isinstance(told, dict):
        return {name: rounded(one) for name, one in told.items()}
    return round(told, 6) if isinstance(told, float) else told


def test_what_is_told_of_an_ejected_one() -> None:
    told = board(gpt=opened(F.OVERLOADED, 4.0))

    assert told.snapshot(1.0).targets["gpt"] == opened(F.OVERLOADED, 5.0)
    assert told.snapshot(11.0).targets["gpt"].state is State.HALF_OPEN


# Several credentials of one provider.

KEYS = tuple(OneOfKeys(f"o#{number}", {"authorization": Secret(f"Bearer {number}")}) for number in (1, 2, 3))
POOLED, ALSO_POOLED = (replace(target(name), provider="o", credentials=KEYS) for name in ("pooled", "also-pooled"))


def test_a_target_with_one_credential_is_not_left_alone_for_its_sake() -> None:
    told = HealthBoard()
    fail(told, 9, failure=F.UNAUTHORIZED)
    fail(told, 9, failure=F.RATE_LIMITED)

    assert (told.ejected(GPT, 0.0), told.chance(GPT, 0.0).other_key, told.begin(GPT, 0.0).credential) == (
        None,
        False,
        "",
    )


def test_while_a_credential_is_left_it_is_another_chance_and_then_the_target_is_left_alone() -> None:
    told, chances, used = HealthBoard(), [], []
    for now_s in (0.0, 1.0, 2.0):
        ticket = told.begin(POOLED, now_s)
        ticket.failed(F.UNAUTHORIZED, now_s)
        used.append(ticket.credential)
        chances.append(told.chance(POOLED, now_s).other_key)
    ejected = Ejected("all 3 credentials are set aside after unauthorized", F.UNAUTHORIZED, 8.0)

    assert (used, chances) == (["o#1", "o#2", "o#3"], [True, True, False])
    assert (told.ejected(POOLED, 10.0), told.ejected(ALSO_POOLED, 10.0)) == (ejected, ejected)
    assert told.ejected(POOLED, 60.0) is None


def test_the_credential_that_is_due_is_tried_by_one_and_an_answer_clears_it() -> None:
    told = HealthBoard()
    for _ in KEYS:
        told.begin(POOLED, 0.0).failed(F.RATE_LIMITED, 0.0, 20.0)
    first = [told.begin(POOLED, 20.0) for _ in KEYS]
    meanwhile = told.ejected(POOLED, 20.0)
    first[1].begun(21.0)
    first[2].left()

    assert meanwhile is not None
    assert meanwhile.reason.endswith("after rate_limited, and another request tries one just now")
    assert {told.begin(POOLED, 22.0).credential for _ in range(3)} == {"o#2", "o#3"}


def test_the_credentials_are_in_the_snapshot_and_come_back_from_it() -> None:
    told = HealthBoard()
    told.begin(POOLED, 0.0).failed(F.QUOTA_EXHAUSTED, 1.0)
    ticket = told.begin(POOLED, 2.0)
    assert ticket.use is not None
    ticket.use.told({"requests": Room(0.5, 60.0)}, 2.0)
    ticket.answered(3.0)
    snapshot = told.snapshot(5.0)
    again = HealthBoard.of(msgspec.json.decode(msgspec.json.encode(snapshot), type=HealthSnapshot))

    assert snapshot.providers["o"].credentials["o#1"].state is Standing.SET_ASIDE
    assert again.snapshot(0.0) == snapshot
    assert [again.begin(POOLED, 1.0).credential for _ in range(2)] == [
        told.begin(POOLED, 6.0).credential for _ in range(2)
    ]
