"""The tree of errors is as its docstring draws it, and each leaf knows its status and its class."""

import inspect
import re

import pytest

from llmgw import errors
from llmgw.errors import (
    ClientGoneError,
    ConfigError,
    FailureClass,
    GatewayError,
    NotKeptError,
    OverloadedError,
    RequestError,
    StreamCutError,
    TimeLimit,
    UpstreamConnectError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamStatusError,
    UpstreamTimeoutError,
)

CLASSES = [error for _, error in inspect.getmembers(errors, inspect.isclass) if issubclass(error, Exception)]
REQUEST_ERRORS = [error for error in CLASSES if issubclass(error, RequestError)]
DRAWN = errors.__doc__ or ""


def test_every_class_hangs_in_the_tree_and_in_the_drawing() -> None:
    for error in CLASSES:
        assert issubclass(error, GatewayError)
        assert error.__name__ in DRAWN


@pytest.mark.parametrize("error", REQUEST_ERRORS)
def test_the_callers_errors_have_a_4xx_and_a_stable_code(error: type[RequestError]) -> None:
    raised = error("what happened", param="a.b")

    assert (str(raised), raised.message, raised.param) == ("what happened", "what happened", "a.b")
    assert 400 <= raised.status <= 499 or (raised.status == 504 and error is NotKeptError)  # RFC 9111 has it so
    assert re.fullmatch(r"[a-z_]+", raised.code)
    assert error("x").param is None


def test_the_drawing_tells_the_statuses() -> None:
    drawn = {name: int(status) for name, status in re.findall(r"(\w+Error) ([45]\d\d)", DRAWN)}

    assert drawn == {error.__name__: error.status for error in REQUEST_ERRORS if error is not RequestError}


def test_codes_tell_the_callers_errors_apart() -> None:
    codes = {error.code for error in REQUEST_ERRORS if error is not RequestError}

    assert len(REQUEST_ERRORS) - 1 == len(codes)


def test_a_config_error_tells_every_problem() -> None:
    error = ConfigError(["first", "second"])

    assert (str(error), error.problems) == ("first\nsecond", ("first", "second"))


def test_an_overload_says_when_to_come_again() -> None:
    error = OverloadedError("full", code="draining", retry_after_s=2)

    assert (error.status, error.message, error.code, error.retry_after_s) == (503, "full", "draining", 2)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (UpstreamConnectError("refused"), FailureClass.CONNECTION),
        (UpstreamTimeoutError(TimeLimit.IDLE, 60), FailureClass.TIMEOUT),
        (UpstreamProtocolError("not JSON"), FailureClass.PROTOCOL),
        (UpstreamProtocolError("slow down", FailureClass.RATE_LIMITED), FailureClass.RATE_LIMITED),
        (StreamCutError("no end mark"), FailureClass.STREAM_CUT),
        (UpstreamError(FailureClass.BLOCKED, "x"), FailureClass.BLOCKED),
    ],
)
def test_a_failed_attempt_has_a_class_and_no_status_of_its_own(error: UpstreamError, failure: FailureClass) -> None:
    assert (failure, None, None) == (error.failure, error.status, error.retry_after_s)
    assert error.message == str(error)


def test_an_error_of_the_providers_keeps_what_it_said() -> None:
    error = UpstreamStatusError(
        FailureClass.RATE_LIMITED, "slow", status=429, headers={"a": "b"}, body=b"{}", retry_after_s=1.5
    )

    assert (error.status, error.headers, error.body, error.retry_after_s) == (429, {"a": "b"}, b"{}", 1.5)


def test_an_error_inside_a_stream_may_say_how_long_to_wait() -> None:
    assert UpstreamProtocolError("slow", FailureClass.RATE_LIMITED, retry_after_s=3).retry_after_s == 3


@pytest.mark.parametrize(("limit", "limit_s", "message"), [
    (TimeLimit.CONNECT, 5.0, "no answer within 5 s (connect)"),
    (TimeLimit.FIRST_TOKEN, 0.5, "no answer within 0.5 s (first_token)"),
])  # fmt: skip
def test_a_time_limit_is_named(limit: TimeLimit, limit_s: float, message: str) -> None:
    error = UpstreamTimeoutError(limit, limit_s)

    assert (limit, message) == (error.limit, error.message)


def test_the_classes_are_the_words_of_config_and_logs() -> None:
    assert all(re.fullmatch(r"[a-z_]+", failure.value) for failure in FailureClass)
    assert f"{FailureClass.RATE_LIMITED}" == "rate_limited"


def test_a_client_that_is_gone_is_nobodys_failure() -> None:
    assert not issubclass(ClientGoneError, RequestError | UpstreamError)
