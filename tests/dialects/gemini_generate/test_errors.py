"""Errors in Google's words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.dialect import ErrorReport
from llmgw.dialects.gemini_generate.errors import read_error, write_error
from llmgw.errors import FailureClass

_RPC = "type.googleapis.com/google.rpc"


def error(code: int, message: str, status: str, *details: dict[str, Any]) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, error(400, "API key not valid.", "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}), "unauthorized"),
        (400, error(400, "The input token count (9) exceeds the maximum (8).", "INVALID_ARGUMENT"), "context_length"),
        (400, error(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"), "unauthorized"),
        (403, error(403, "CachedContent not found (or permission denied)", "PERMISSION_DENIED"), "not_found"),
        (403, error(403, "Enable billing", "PERMISSION_DENIED", {"reason": "BILLING_DISABLED"}), "quota_exhausted"),
        (429, error(429, "Resource exhausted.", "RESOURCE_EXHAUSTED"), "rate_limited"),
        (200, error(503, "The model is overloaded.", "UNAVAILABLE"), "overloaded"),
        (200, error(500, "Internal error", "INTERNAL"), "server_error"),
        (200, error(429, "Resource exhausted.", "RESOURCE_EXHAUSTED"), "rate_limited"),
        (400, error(400, "Unknown name", "INVALID_ARGUMENT"), None),
    ],
)
def test_every_error_has_its_class(status: int, body: bytes, failure: str | None) -> None:
    told = read_error(status, body)

    assert (FailureClass(failure) if failure else None) == told.failure
    assert told.plain


def test_how_long_to_wait_and_for_what_not_to() -> None:
    def limited(quota: str) -> bytes:
        violations = [{"quotaId": f"GenerateRequestsPer{quota}PerProjectPerModel-FreeTier"}]
        failure = {"@type": f"{_RPC}.QuotaFailure", "violations": violations}
        return error(
            429, "Quota", "RESOURCE_EXHAUSTED", failure, {"@type": f"{_RPC}.RetryInfo", "retryDelay": "34.07s"}
        )

    assert read_error(429, limited("Minute")).retry_after_s == 34.07
    assert read_error(429, limited("Minute")).failure is FailureClass.RATE_LIMITED
    assert read_error(429, limited("Day")).failure is FailureClass.QUOTA_EXHAUSTED


def test_an_error_in_a_list_is_one() -> None:
    told = read_error(429, b'[{"error": {"code": 429, "message": "No more", "status": "RESOURCE_EXHAUSTED"}}]')

    assert (told.failure, told.message, told.plain) == (FailureClass.RATE_LIMITED, "No more", True)


@given(st.integers(200, 599), st.binary() | st.from_regex(rb'\{"error":.*', fullmatch=True))
def test_any_body_is_at_least_a_message(status: int, body: bytes) -> None:
    assert read_error(status, body).message


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (404, "NOT_FOUND"),
        (413, "INVALID_ARGUMENT"),
        (429, "RESOURCE_EXHAUSTED"),
        (502, "INTERNAL"),
        (503, "UNAVAILABLE"),
    ],
)
def test_our_errors_are_in_googles_shape(status: int, name: str) -> None:
    told = json.loads(write_error(ErrorReport(status, "some_code", "Oh no \ud800", "contents", ({"target": "t"},))))

    assert told == {
        "error": {
            "code": status,
            "message": "Oh no ?",
            "status": name,
            "details": [
                {
                    "@type": f"{_RPC}.ErrorInfo",
                    "reason": "some_code",
                    "domain": "llmgw",
                    "metadata": {"param": "contents"},
                }
            ],
            "attempts": [{"target": "t"}],
        }
    }
    assert "metadata" not in json.loads(write_error(ErrorReport(status, "c", "m")))["error"]["details"][0]
