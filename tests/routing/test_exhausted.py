from llmgw.errors import FailureClass as F
from llmgw.errors import UpstreamConnectError, UpstreamError, UpstreamProtocolError, UpstreamStatusError
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.routing.plan import Why
from tests.routing.itineraries import candidate


def failed(failure: F, *, status: int = 500, retry_after_s: float | None = None) -> UpstreamStatusError:
    return UpstreamStatusError(
        failure, f"is {failure}", status=status, headers={}, body=b"{}", retry_after_s=retry_after_s
    )


def exhausted(*failures: UpstreamError) -> RouteExhaustedError:
    return RouteExhaustedError(
        [(name, failure) for name, failure in zip("abcdef", failures, strict=False)], Why.NO_CANDIDATE
    )


def test_every_attempt_is_told_with_its_class_and_status() -> None:
    error = exhausted(failed(F.OVERLOADED, status=503), UpstreamConnectError("refused"))

    assert error.attempts == (
        {"target": "a", "class": "overloaded", "status": 503},
        {"target": "b", "class": "connection", "status": None},
    )
    assert (
        str(error) == "no target answered (no candidate left): a: overloaded (is overloaded); b: connection (refused)"
    )
    assert (error.verdict.status, error.verdict.code) == (502, "route_exhausted")


def test_which_of_several_credentials_it_was_is_told() -> None:
    failure = failed(F.UNAUTHORIZED, status=401)
    failure.credential = "o#2"
    error = exhausted(failure)

    assert error.attempts == ({"target": "a", "class": "unauthorized", "status": 401, "credential": "o#2"},)
    assert str(error) == "no target answered (no candidate left): a with o#2: unauthorized (is unauthorized)"


def test_a_long_story_is_told_from_its_end() -> None:
    error = exhausted(*[UpstreamProtocolError("no JSON")] * 6)

    assert str(error).count("no JSON") == 4
    assert len(error.attempts) == 6


def test_without_an_attempt_the_text_says_where_to_look() -> None:
    error = exhausted()

    assert "llmgw test-route" in str(error)
    assert (error.passed_on, error.retry_after_s, error.attempts) == (None, None, ())


def test_a_deadline_that_passed_before_any_attempt_is_a_timeout() -> None:
    error = RouteExhaustedError([], Why.DEADLINE)

    assert str(error) == "the deadline passed before any attempt"
    assert (error.verdict.status, error.verdict.code, error.passed_on) == (504, "timeout", None)


def test_what_no_target_can_do_is_told_to_the_caller_with_every_reason() -> None:
    dropped = [candidate("a", dropped="unsupported: seed"), candidate("b", dropped="max_tokens 9 is over max_output 5")]
    error = RouteExhaustedError([], Why.NO_CANDIDATE, dropped)

    assert str(error) == ("no target can take this request: a: unsupported: seed; b: max_tokens 9 is over max_output 5")
    assert (error.verdict.status, error.verdict.code, error.passed_on) == (400, "invalid_request", None)


def test_where_another_moment_might_do_the_request_is_not_at_fault() -> None:
    dropped = [candidate("a", dropped="unsupported: seed"), candidate("b", stands_for=F.OVERLOADED)]
    error = RouteExhaustedError([], Why.NO_CANDIDATE, dropped)

    assert str(error).endswith("a: unsupported: seed; b: ejected after overloaded")
    assert (error.verdict.status, error.verdict.code) == (503, "no_target")


def test_of_many_reasons_the_first_are_told() -> None:
    error = RouteExhaustedError([], Why.NO_CANDIDATE, [candidate(name, dropped="no") for name in "abcdefghij"])

    assert str(error).endswith("h: no; and 2 more")


def test_the_callers_fault_is_passed_on_as_the_provider_said_it() -> None:
    last = failed(F.INVALID_REQUEST, status=422)

    assert exhausted(failed(F.OVERLOADED), last).passed_on is last
    assert exhausted(last, failed(F.OVERLOADED)).passed_on is None


def test_what_is_no_answer_of_a_provider_cannot_be_passed_on() -> None:
    error = exhausted(UpstreamProtocolError("too long", F.CONTEXT_LENGTH))

    assert (error.verdict.passed_on, error.passed_on) == (True, None)


def test_the_shortest_wait_is_the_one_to_tell() -> None:
    error = exhausted(
        failed(F.RATE_LIMITED, retry_after_s=9), failed(F.RATE_LIMITED, retry_after_s=2.5), failed(F.RATE_LIMITED)
    )

    assert (error.retry_after_s, error.verdict.status) == (2.5, 429)
