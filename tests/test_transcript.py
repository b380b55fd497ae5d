"""What happened in one call, as it fills up."""

import pytest

from llmgw.transcript import BODY_BYTES_KEPT_MAX, CLIENT_CLOSED, OK, STOPPED, AttemptRecord, Transcript


def begun() -> Transcript:
    return Transcript(request_id="1", endpoint="chat", model="chat", stream=False, started_s=0.0)


def test_it_expects_the_worst() -> None:
    transcript = begun()

    assert (transcript.outcome, transcript.status) == ("internal_error", 500)
    assert (transcript.target, transcript.path) == (None, None)


def test_the_last_attempt_is_the_one_that_answered() -> None:
    transcript = begun()
    transcript.attempts += [AttemptRecord("a", "chat/a", 0.0), AttemptRecord("b", "chat/b", 0.0)]

    assert (transcript.target, transcript.path) == ("b", "chat/b")


@pytest.mark.parametrize(
    ("first_token_s", "total_s", "waited_s", "expected"),
    [(1.0, 9.0, 0.75, 0.25), (None, 9.0, 8.5, 0.5), (1.0, 9.0, 2.0, 0.0)],
)
def test_the_overhead_is_what_was_not_waited_for(
    first_token_s: float | None, total_s: float, waited_s: float, expected: float
) -> None:
    transcript = begun()
    transcript.first_token_s, transcript.total_s, transcript.waited_s = first_token_s, total_s, waited_s

    assert expected == transcript.overhead_s


@pytest.mark.parametrize(
    ("outcome", "status", "expected"),
    [(OK, 200, (OK, 200)), ("internal_error", 500, (CLIENT_CLOSED, 499)), ("stream_cut", 200, (CLIENT_CLOSED, 499))],
)
def test_who_leaves_with_the_whole_answer_has_had_it(outcome: str, status: int, expected: tuple[str, int]) -> None:
    transcript = begun()
    transcript.outcome, transcript.status = outcome, status
    transcript.note_client_gone()

    assert expected == (transcript.outcome, transcript.status)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(OK, OK), (CLIENT_CLOSED, CLIENT_CLOSED), ("internal_error", STOPPED), ("stream_cut", STOPPED)],
)
def test_who_was_gone_by_the_end_of_the_process_was_not_stopped(outcome: str, expected: str) -> None:
    transcript = begun()
    transcript.outcome = outcome
    transcript.note_stopped()

    assert expected == transcript.outcome


def test_bodies_are_kept_up_to_a_limit_and_only_if_asked() -> None:
    transcript = begun()
    transcript.keep_body(b"unasked")
    assert transcript.response_body is None

    transcript.response_body = bytearray()
    for _ in range(5):
        transcript.keep_body(b"x" * (BODY_BYTES_KEPT_MAX // 2 - 1))
    assert len(transcript.response_body) == BODY_BYTES_KEPT_MAX
