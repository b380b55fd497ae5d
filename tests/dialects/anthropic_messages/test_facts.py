"""What the gateway acts on is read; a fault is told with its place; nothing else is looked at."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.dialects.anthropic_messages.facts import read_request
from llmgw.errors import InvalidRequestError

HELLO = [{"role": "user", "content": "Hello"}]


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "claude", "max_tokens": 9, "messages": HELLO, **fields}).encode()


def test_a_plain_request() -> None:
    request = read_request(body())

    assert (
        request.model,
        request.stream,
        request.wants_usage,
        request.max_tokens,
        request.choices,
    ) == ("claude", False, True, 9, 1)
    assert (request.user, request.tools, request.json, request.metadata) == ("", False, False, {})
    assert set(request.fields) == {"model", "max_tokens", "messages"}


def test_everything_that_is_acted_on() -> None:
    request = read_request(
        body(stream=True, tools=[{"name": "f"}], metadata={"user_id": "u", "x": 1, "b": True, "deep": {}})
    )

    assert (request.stream, request.tools, request.user) == (True, True, "u")
    assert request.metadata == {"user_id": "u", "x": "1", "b": "true"}


@pytest.mark.parametrize(
    ("fields", "is_json"),
    [
        ({"output_config": {"format": {"type": "json_schema"}}}, True),
        ({"output_format": {"type": "json_schema"}}, True),
        ({"output_config": {"effort": "low"}}, False),
        ({"output_config": None, "output_format": None}, False),
    ],
)
def test_an_output_format_asks_for_json(fields: dict[str, Any], is_json: bool) -> None:
    assert is_json == read_request(body(**fields)).json


def test_the_model_of_the_path_wins() -> None:
    assert read_request(body(), model="other").model == "other"
    assert read_request(b'{"messages":[]}', model="other").model == "other"


@pytest.mark.parametrize(
    ("sent", "param", "message"),
    [
        (b'{"messages":[]}', "model", "model: missing"),
        (b'{"model":"m"}', "messages", "messages: missing"),
        (b'{"model":"m","messages":[{}]}', "messages[0].role", "messages[0].role: missing"),
        (b'{"model":5,"messages":[]}', "model", "model: Expected `str | null`, got `int`"),
        (b"[]", None, "the body: Expected `object`, got `array`"),
        (b"{", None, "the body is not JSON: Input data was truncated"),
        (b'{"model":"\xff","messages":[]}', None, "the body is not JSON: "),
    ],
)
def test_a_fault_is_told_with_its_place(sent: bytes, param: str | None, message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_request(sent)

    assert caught.value.param == param
    assert caught.value.message.startswith(message)


def test_a_body_nested_too_deeply_is_a_fault_of_the_caller() -> None:
    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        read_request(b'{"model":"m","messages":[],"metadata":' + b"[" * 100_000)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_a_request_or_a_typed_error(sent: bytes) -> None:
    with suppress(InvalidRequestError):
        read_request(sent)
