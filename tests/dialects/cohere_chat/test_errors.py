import json
from typing import Any

import pytest

from llmgw.chat.events import Failed, Finish, Finished
from llmgw.dialects.cohere_chat.errors import read_end, read_error
from llmgw.errors import FailureClass


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, {"message": "x", "error_type": "TOO_MANY_TOKENS"}, FailureClass.CONTEXT_LENGTH),
        (400, {"message": "too many tokens: total number of tokens"}, FailureClass.CONTEXT_LENGTH),
        (400, {"message": "invalid request: p must be between 0 and 1"}, None),
        (401, {"message": "Incorrect API key provided: ***"}, None),
        (401, {"message": "no api key supplied"}, FailureClass.UNAUTHORIZED),
        (404, {"message": "model 'x' was removed on September 15, 2025."}, None),
        (429, {"message": "You are using a Trial key, limited to 10 API calls / minute"}, None),
        (
            429,
            {"message": "You are using a Trial key, limited to 1000 API calls / month"},
            FailureClass.QUOTA_EXHAUSTED,
        ),
        (500, {"message": "internal server error"}, None),
        (200, {"message": "internal server error"}, FailureClass.SERVER_ERROR),
    ],
)
def test_a_message_has_its_class_or_leaves_it_to_the_status(
    status: int, body: dict[str, Any], failure: FailureClass | None
) -> None:
    told = read_error(status, json.dumps({"id": "1", **body}).encode())

    assert (told.failure, told.message, told.plain) == (failure, body["message"], False)


@pytest.mark.parametrize("body", [b"", b"\xff", b"upstream timeout", b"[[[[", b'{"error_type": 5}'])
def test_whatever_came_is_a_message(body: bytes) -> None:
    assert read_error(500, body).message


@pytest.mark.parametrize(
    ("reason", "has_calls", "finish"),
    [
        ("COMPLETE", False, Finish.STOP),
        ("COMPLETE", True, Finish.TOOL_USE),
        ("TOOL_CALL", True, Finish.TOOL_USE),
        ("MAX_TOKENS", True, Finish.LENGTH),
        ("STOP_SEQUENCE", False, Finish.STOP_SEQUENCE),
        ("ERROR_TOXIC", False, Finish.CONTENT_FILTER),
        ("complete", False, Finish.STOP),
        (None, False, Finish.STOP),
    ],
)
def test_an_end_has_its_reason(reason: str | None, has_calls: bool, finish: Finish) -> None:
    assert read_end(reason, None, has_calls=has_calls) == Finished(finish)


@pytest.mark.parametrize(("has_calls", "finish"), [(False, Finish.STOP), (True, Finish.TOOL_USE)])
def test_a_new_reason_is_an_end_all_the_same(has_calls: bool, finish: Finish) -> None:
    assert read_end("SOMETHING_NEW", None, has_calls=has_calls) == Finished(finish, is_unknown=True)


@pytest.mark.parametrize(
    ("reason", "message", "text", "failure"),
    [
        ("ERROR", "boom", "boom", FailureClass.SERVER_ERROR),
        ("ERROR", None, "the answer ended with ERROR", FailureClass.SERVER_ERROR),
        ("TIMEOUT", "", "the answer ended with TIMEOUT", FailureClass.SERVER_ERROR),
        ("ERROR_LIMIT", "", "the answer ended with ERROR_LIMIT", FailureClass.CONTEXT_LENGTH),
    ],
)
def test_some_ends_are_failures(reason: str, message: object, text: str, failure: FailureClass) -> None:
    told = read_end(reason, message, has_calls=False)

    assert isinstance(told, Failed)
    assert (told.error.message, told.error.failure) == (text, failure)
