import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.errors import FailureClass as F
from llmgw.routing.outcome import MOVES, Move, Verdict, class_of_status, verdict


@pytest.mark.parametrize(
    ("failure", "move"),
    [
        (F.CONNECTION, Move.RETRY),
        (F.TIMEOUT, Move.NEXT),
        (F.RATE_LIMITED, Move.NEXT_OR_WAIT),
        (F.QUOTA_EXHAUSTED, Move.NEXT),
        (F.OVERLOADED, Move.RETRY),
        (F.SERVER_ERROR, Move.RETRY),
        (F.UNAUTHORIZED, Move.NEXT),
        (F.NOT_FOUND, Move.NEXT),
        (F.CONTEXT_LENGTH, Move.NAMED),
        (F.CONTENT_FILTER, Move.NAMED),
        (F.BLOCKED, Move.NAMED),
        (F.PROTOCOL, Move.RETRY),
        (F.STREAM_CUT, Move.RETRY),
        (F.INVALID_REQUEST, Move.GIVE_UP),
    ],
)
def test_every_class_has_its_move(failure: F, move: Move) -> None:
    assert MOVES[failure] is move


def test_no_class_is_without_a_move() -> None:
    assert set(MOVES) == set(F)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, F.INVALID_REQUEST),
        (401, F.UNAUTHORIZED),
        (402, F.QUOTA_EXHAUSTED),
        (403, F.UNAUTHORIZED),
        (404, F.NOT_FOUND),
        (408, F.SERVER_ERROR),
        (409, F.SERVER_ERROR),
        (413, F.INVALID_REQUEST),
        (422, F.INVALID_REQUEST),
        (425, F.SERVER_ERROR),
        (429, F.RATE_LIMITED),
        (498, F.OVERLOADED),
        (500, F.SERVER_ERROR),
        (501, F.NOT_FOUND),
        (502, F.SERVER_ERROR),
        (503, F.OVERLOADED),
        (504, F.SERVER_ERROR),
        (529, F.OVERLOADED),
        (599, F.SERVER_ERROR),
        (302, F.PROTOCOL),
        (204, F.PROTOCOL),
        (600, F.PROTOCOL),
        (-1, F.PROTOCOL),
    ],
)
def test_a_status_has_a_class(status: int, failure: F) -> None:
    assert class_of_status(status) is failure


@given(st.integers())
def test_any_number_has_one(status: int) -> None:
    assert class_of_status(status) in F


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([], Verdict(503, "no_target")),
        ([F.RATE_LIMITED, F.RATE_LIMITED], Verdict(429, "rate_limited")),
        ([F.OVERLOADED], Verdict(503, "overloaded")),
        ([F.TIMEOUT, F.TIMEOUT], Verdict(504, "timeout")),
        ([F.TIMEOUT, F.OVERLOADED], Verdict(502, "route_exhausted")),
        ([F.UNAUTHORIZED], Verdict(502, "route_exhausted")),
        ([F.RATE_LIMITED, F.INVALID_REQUEST], Verdict(400, "invalid_request", passed_on=True)),
        ([F.TIMEOUT, F.CONTEXT_LENGTH], Verdict(400, "context_length", passed_on=True)),
        ([F.CONTENT_FILTER], Verdict(400, "content_filter", passed_on=True)),
        ([F.CONTENT_FILTER, F.TIMEOUT], Verdict(502, "route_exhausted")),
    ],
)
def test_how_a_request_ends_that_nobody_answered(failures: list[F], expected: Verdict) -> None:
    assert verdict(failures) == expected


@given(st.lists(st.sampled_from(F)))
def test_a_providers_401_never_blames_the_callers_key(failures: list[F]) -> None:
    assert verdict(failures).status in {400, 429, 502, 503, 504}
