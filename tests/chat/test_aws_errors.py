"""An error of AWS has its class by the name of its exception, wherever that stands."""

import pytest

from llmgw.chat import aws_errors
from llmgw.errors import FailureClass
from llmgw.wire import event_stream
from tests.partners.event_stream import event, exception, frame


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/", FailureClass.RATE_LIMITED),
        ("com.amazon.coral.service#UnrecognizedClientException", FailureClass.UNAUTHORIZED),
        ("ModelErrorException", FailureClass.SERVER_ERROR),
        ("serviceUnavailableException", FailureClass.OVERLOADED),
        ("ServiceQuotaExceededException", FailureClass.QUOTA_EXHAUSTED),
        ("InternalFailure", FailureClass.SERVER_ERROR),
        ("SomethingNewException", None),
        ("", None),
    ],
)
def test_the_name_tells_the_class(name: str, failure: FailureClass | None) -> None:
    assert failure is aws_errors.failure_of(name)
    assert failure is aws_errors.of_headers({"x-amzn-errortype": name})


def test_who_is_not_aws_tells_nothing() -> None:
    assert aws_errors.of_headers({"content-type": "application/json"}) is None


@pytest.mark.parametrize(
    ("name", "message", "failure"),
    [
        ("throttlingException", "Too many requests", FailureClass.RATE_LIMITED),
        ("modelTimeoutException", "slow", FailureClass.SERVER_ERROR),
        ("validationException", "wrong", FailureClass.INVALID_REQUEST),
        ("validationException", "Input is too long for requested model.", FailureClass.CONTEXT_LENGTH),
        ("brandNewException", "?", FailureClass.SERVER_ERROR),
    ],
)
def test_a_frame_may_be_an_exception(name: str, message: str, failure: FailureClass) -> None:
    told = aws_errors.of_frame(event_stream.parse(exception(name, message)))

    assert told is not None
    assert (told.failure, told.message, told.plain) == (failure, f"{name}: {message}", False)


def test_a_frame_may_be_an_error_without_a_payload() -> None:
    headers = {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "An internal error"}
    told = aws_errors.of_frame(event_stream.parse(frame(headers, b"")))

    assert told is not None
    assert (told.failure, told.message) == (FailureClass.SERVER_ERROR, "InternalFailure: An internal error")


def test_an_event_is_no_error() -> None:
    assert aws_errors.of_frame(event_stream.parse(event("messageStart", role="assistant"))) is None
