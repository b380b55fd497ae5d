"""What the gateway acts on in a request for a completion."""

from typing import Any

import pytest

from llmgw.chat.request import ChatRequest
from llmgw.dialects.openai_completions.facts import read_request
from llmgw.errors import InvalidRequestError
from tests.partners.bodies import encode


def test_all_facts_are_read() -> None:
    body = {
        "model": "m", "prompt": ["a", "b"], "stream": True, "stream_options": {"include_usage": True},
        "max_tokens": 5, "n": 2, "user": "u", "metadata": {"team": "x"}, "vendor": 1,
    }  # fmt: skip
    request = read_request(encode(body))

    assert set(request.fields) == set(body)
    assert request == ChatRequest(
        model="m", fields=request.fields, stream=True, wants_usage=True, max_tokens=5, choices=4, user="u",
        turns_field="prompt", metadata={"team": "x"},
    )  # fmt: skip


def test_little_is_enough() -> None:
    request = read_request(b'{"model":"m"}')

    assert request == ChatRequest("m", request.fields, turns_field="prompt")


def test_the_path_wins_over_the_body() -> None:
    request = read_request(b'{"model":"m","stream":true}', "deployment", stream=False)

    assert (request.model, request.stream) == ("deployment", False)


@pytest.mark.parametrize(
    ("body", "param"),
    [({}, "model"), ({"model": 1}, "model"), ({"model": "m", "stream_options": {"include_usage": "yes"}}, "stream_o")],
)
def test_a_fault_is_told_with_its_place(body: Any, param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_request(encode(body))

    assert (caught.value.param or "").startswith(param)
