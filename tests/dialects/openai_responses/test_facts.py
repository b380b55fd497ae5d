"""What the gateway acts on in a request that goes on as it came."""

import json

import pytest

from llmgw.dialects.openai_responses.facts import read_request
from llmgw.errors import InvalidRequestError


def test_the_facts_of_a_request() -> None:
    asked = {
        "model": "m",
        "input": [{"role": "user", "content": "hi"}],
        "stream": True,
        "max_output_tokens": 9,
        "tools": [{"type": "function", "name": "f"}],
        "text": {"format": {"type": "json_object"}},
        "safety_identifier": "u",
        "metadata": {"team": "a", "n": 1, "deep": {}},
        "of_tomorrow": 1,
    }
    request = read_request(json.dumps(asked).encode())

    assert (request.model, request.stream, request.max_tokens, request.user) == ("m", True, 9, "u")
    assert (request.tools, request.json, request.wants_usage, request.turns_field) == (True, True, True, "input")
    assert request.metadata == {"team": "a", "n": "1"}
    assert list(request.fields) == list(asked)


@pytest.mark.parametrize("turns", [b"", b',"input":null', b',"input":"hi"', b',"input":[],"text":{}', b',"text":null'])
def test_there_need_not_be_much(turns: bytes) -> None:
    request = read_request(b'{"model":"m"' + turns + b"}")

    assert (request.stream, request.max_tokens, request.tools, request.json, request.user) == (
        False,
        0,
        False,
        False,
        "",
    )


def test_the_path_wins_over_the_body() -> None:
    request = read_request(b'{"model":"m","stream":false}', "of-the-path", stream=True)

    assert (request.model, request.stream) == ("of-the-path", True)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b'{"input":"hi"}', "model"),
        (b'{"model":"m","input":5}', "input"),
        (b'{"model":"m","max_output_tokens":"many"}', "max_output_tokens"),
        (b'{"model":"m","text":{"format":"json"}}', "text.format"),
    ],
)
def test_faults_name_their_place(body: bytes, param: str | None) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read_request(body)

    assert raised.value.param == param
