"""Errors as OpenAI tells them, and the place of a fault."""

import json

import pytest

from llmgw.chat.dialect import ErrorReport
from llmgw.dialects.openai_chat.errors import write_error


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"), (401, "authentication_error"), (402, "insufficient_quota"),
        (403, "permission_error"), (404, "invalid_request_error"), (429, "rate_limit_error"), (500, "server_error"),
        (504, "server_error"), (413, "invalid_request_error"),
    ],
)  # fmt: skip
def test_an_error_is_written_as_openai_would(status: int, kind: str) -> None:
    body = write_error(ErrorReport(status, "the_code", "The message\nin two lines", "the.param"))

    assert {
        "error": {"message": "The message\nin two lines", "type": kind, "param": "the.param", "code": "the_code"}
    } == json.loads(body)


def test_an_error_names_the_attempts_if_there_were_any() -> None:
    attempts = ({"target": "gpt", "class": "timeout", "status": None},)
    body = write_error(ErrorReport(504, "timeout", "late", attempts=attempts))

    assert [attempts[0]] == json.loads(body)["error"]["attempts"]


def test_a_message_with_half_a_character_is_written_all_the_same() -> None:
    body = write_error(ErrorReport(404, "unknown_path", "no /caf\udce9 here"))

    assert json.loads(body)["error"]["message"] == "no /caf? here"
