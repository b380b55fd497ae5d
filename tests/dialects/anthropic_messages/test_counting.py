"""A count of tokens, as it is asked for and as it is told."""

import msgspec
import pytest

from llmgw.chat.request import Edits
from llmgw.dialects.anthropic_messages.counting import read_count, write_count, write_count_request
from llmgw.dialects.anthropic_messages.facts import read_request
from llmgw.errors import FailureClass, UpstreamProtocolError


def test_a_request_goes_on_as_it_came_with_what_belongs_to_the_prompt() -> None:
    request = read_request(b'{"model":"m","of_tomorrow":{"a": 1.0},"messages":[ ],"container":"c"}')
    edits = Edits(
        "up",
        {"system": msgspec.Raw(b'"s"'), "temperature": msgspec.Raw(b"1")},
        {"tools": msgspec.Raw(b"[]"), "max_tokens": msgspec.Raw(b"9")},
        frozenset({"container"}),
        ask_usage=True,
    )
    body, dropped = write_count_request(request, edits)

    assert body == b'{"tools":[],"model":"up","of_tomorrow":{"a": 1.0},"messages":[ ],"system":"s"}'
    assert dropped == ("container",)


def test_a_count_is_read_as_it_is_written() -> None:
    assert (write_count(2095), read_count(write_count(2095))) == (b'{"input_tokens":2095}', 2095)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"<html>", FailureClass.PROTOCOL),
        (b"{}", FailureClass.PROTOCOL),
        (b'{"input_tokens":"many"}', FailureClass.PROTOCOL),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"no"}}', FailureClass.OVERLOADED),
    ],
)
def test_what_is_no_count_has_its_class(body: bytes, failure: FailureClass) -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        read_count(body)

    assert failure is caught.value.failure
