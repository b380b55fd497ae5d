"""Errors in the words of the Responses API."""

import json

import openai
import pytest

from llmgw.chat.dialect import ErrorReport
from llmgw.dialects.openai_responses.errors import read_error, read_failure, read_stream_error, write_stream_error
from llmgw.errors import FailureClass
from llmgw.wire import sse


@pytest.mark.parametrize(
    ("status", "body", "failure", "plain"),
    [
        (400, {"error": {"code": "model_not_found", "message": "m"}}, FailureClass.NOT_FOUND, True),
        (400, {"error": {"code": "context_length_exceeded", "message": "m"}}, FailureClass.CONTEXT_LENGTH, True),
        (
            400,
            {"error": {"code": "string_above_max_length", "message": "m", "param": "input[0].content"}},
            FailureClass.CONTEXT_LENGTH,
            True,
        ),
        (400, {"error": {"code": "string_above_max_length", "message": "m", "param": "user"}}, None, True),
        (400, {"error": {"code": "previous_response_not_found", "message": "m"}}, None, True),
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided"}, FailureClass.UNAUTHORIZED, False),
        (401, {"detail": "m"}, None, False),
        (500, 5, None, False),
    ],
)
def test_errors_are_read(status: int, body: object, failure: FailureClass | None, plain: bool) -> None:
    told = read_error(status, json.dumps(body).encode())

    assert (told.failure, told.plain) == (failure, plain)
    assert told.message


@pytest.mark.parametrize(
    "data",
    [
        {"type": "error", "error": {"type": "server_error", "message": "m"}},
        {"type": "error", "code": "server_error", "message": "m", "param": None},
        {"error": {"code": 500, "message": "m"}},
    ],
)
def test_errors_amid_a_stream(data: object) -> None:
    told = read_stream_error(json.dumps(data).encode())

    assert (told.failure, told.message, told.plain) == (FailureClass.SERVER_ERROR, "m", True)


def test_a_response_that_has_failed() -> None:
    told = read_failure({"status": "failed", "error": {"code": "insufficient_quota", "message": "m"}})
    silent = read_failure({"status": "cancelled", "error": None})

    assert told is not None
    assert (told.failure, told.message) == (FailureClass.QUOTA_EXHAUSTED, "m")
    assert silent is not None
    assert silent.message
    assert read_failure({"status": "incomplete", "error": None}) is None


def test_a_broken_stream_ends_as_documented_and_as_the_sdks_know_it() -> None:
    report = ErrorReport(502, "stream_cut", "it broke", attempts=({"target": "m0"},))
    name, data = sse.parse(write_stream_error(report))
    told = json.loads(data or b"")

    assert (name, told["type"]) == (b"error", "error")
    assert (told["code"], told["message"], told["param"]) == ("stream_cut", "it broke", None)
    assert told["error"]["attempts"] == [{"target": "m0"}]
    assert openai.types.responses.ResponseErrorEvent.model_validate(told).sequence_number == 0
