"""Anthropic's types and texts become classes of failure; our errors become its types."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.dialect import ErrorReport
from llmgw.dialects.anthropic_messages.errors import read_error, write_error
from llmgw.errors import FailureClass


def envelope(kind: str, message: str = "It failed") -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}).encode()


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, envelope("invalid_request_error", "messages: at least one is required"), None),
        (
            400,
            envelope("invalid_request_error", "prompt is too long: 2 tokens > 1"),
            FailureClass.CONTEXT_LENGTH,
        ),
        (
            400,
            envelope("invalid_request_error", "input length and `max_tokens` exceed context limit: 9 + 9 > 10"),
            FailureClass.CONTEXT_LENGTH,
        ),
        (
            400,
            envelope("invalid_request_error", "Output blocked by content filtering policy"),
            FailureClass.CONTENT_FILTER,
        ),
        (
            400,
            envelope("invalid_request_error", "Your credit balance is too low to access the API"),
            FailureClass.QUOTA_EXHAUSTED,
        ),
        (401, envelope("authentication_error"), FailureClass.UNAUTHORIZED),
        (402, envelope("billing_error"), FailureClass.QUOTA_EXHAUSTED),
        (403, envelope("permission_error"), FailureClass.UNAUTHORIZED),
        (404, envelope("not_found_error", "model: claude-9"), FailureClass.NOT_FOUND),
        (413, envelope("request_too_large"), None),
        (429, envelope("rate_limit_error"), FailureClass.RATE_LIMITED),
        (500, envelope("api_error"), FailureClass.SERVER_ERROR),
        (504, envelope("timeout_error"), FailureClass.SERVER_ERROR),
        (529, envelope("overloaded_error"), FailureClass.OVERLOADED),
        (200, envelope("overloaded_error"), FailureClass.OVERLOADED),
        (200, envelope("api_error"), FailureClass.SERVER_ERROR),
    ],
)
def test_each_type_has_its_class(status: int, body: bytes, failure: FailureClass | None) -> None:
    told = read_error(status, body)

    assert (failure, True) == (told.failure, told.plain)
    assert told.message == json.loads(body)["error"]["message"]


@pytest.mark.parametrize("body", [b'{"message":"no"}', b'{"error":{"message":"no"}}', b'{"error":"no"}', b"no"])
def test_what_is_not_in_its_words_is_no_error_that_its_callers_understand(body: bytes) -> None:
    told = read_error(400, body)

    assert (told.message, told.plain) == ("no", False)


@given(st.binary(max_size=200), st.sampled_from([200, 400, 429, 500]))
def test_whatever_comes_is_a_message(body: bytes, status: int) -> None:
    assert isinstance(read_error(status, body).message, str)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_each_status_has_its_type(status: int, kind: str) -> None:
    body = write_error(ErrorReport(status, "some_code", "It failed"))

    assert json.loads(body) == {"type": "error", "error": {"type": kind, "message": "It failed", "code": "some_code"}}
    assert read_error(status, body).plain


def test_field_and_attempts_are_told_where_there_are_any() -> None:
    told = json.loads(write_error(ErrorReport(400, "c", "half \ud83d", "messages", ({"target": "a"},))))

    assert told["error"]["param"] == "messages"
    assert told["error"]["attempts"] == [{"target": "a"}]
    assert told["error"]["message"] == "half ?"
