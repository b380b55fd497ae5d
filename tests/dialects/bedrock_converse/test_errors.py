"""Errors of Bedrock have a message, and at times the name of their exception."""

import pytest

from llmgw.dialects.bedrock_converse.errors import read_error
from llmgw.errors import FailureClass


@pytest.mark.parametrize(
    ("status", "body", "failure", "message"),
    [
        (400, b'{"message":"The provided model identifier is invalid."}', FailureClass.NOT_FOUND, "The provided"),
        (400, b'{"message":"Input is too long for requested model."}', FailureClass.CONTEXT_LENGTH, "Input is too"),
        (400, b'{"message":"Too many input tokens. Max: 10"}', FailureClass.CONTEXT_LENGTH, "Too many"),
        (
            400,
            b'{"message":"Invocation of model ID x with on-demand throughput isn\'t supported."}',
            FailureClass.NOT_FOUND,
            "Invocation",
        ),
        (429, b'{"message":"Too many tokens, please wait before trying again."}', None, "Too many tokens"),
        (403, b'{"Message":"User is not authorized"}', None, "User is not authorized"),
        (
            400,
            b'{"__type":"com.amazon.coral.service#ThrottlingException","message":"slow"}',
            FailureClass.RATE_LIMITED,
            "slow",
        ),
        (500, b"<html>", None, "<html>"),
        (500, b'{"__type":5,"message":"x"}', None, "x"),
    ],
)
def test_an_error_has_its_class_and_its_message(
    status: int, body: bytes, failure: FailureClass | None, message: str
) -> None:
    told = read_error(status, body)

    assert (failure, False) == (told.failure, told.plain)
    assert told.message.startswith(message)
