"""What the gateway acts on is read; a fault is told with its place; nothing else is looked at."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.signatures import ANTHROPIC
from llmgw.dialects.gemini_generate.facts import read_request, write_request
from llmgw.dialects.gemini_generate.proofs import write_proof
from llmgw.errors import InvalidRequestError
from tests.dialects.gemini_generate.wire import HELLO, NO_EDITS, body, edits, text


def test_a_plain_request() -> None:
    request = read_request(body(), "gemini", stream=True)

    assert (request.model, request.stream, request.wants_usage) == ("gemini", True, True)
    assert (request.max_tokens, request.choices, request.tools, request.json) == (0, 1, False, False)
    assert (request.turns_field, request.metadata) == ("contents", {})


@pytest.mark.parametrize("names", [("generationConfig", "maxOutputTokens"), ("generation_config", "max_output_tokens")])
def test_everything_that_is_acted_on_in_either_spelling(names: tuple[str, str]) -> None:
    config = {names[1]: 9, "candidateCount": 2, "responseMimeType": "application/json", "stopSequences": "odd"}
    request = read_request(body(**{names[0]: config}, tools=[{}], labels={"team": "a"}), "m")

    assert (request.max_tokens, request.choices, request.tools, request.json) == (9, 2, True, True)
    assert (request.stream, request.metadata) == (False, {"team": "a"})


def test_the_model_of_the_path_wins() -> None:
    assert read_request(body(model="models/a"), "b").model == "b"
    assert read_request(body(model="models/a")).model == "a"


@pytest.mark.parametrize(
    ("given_body", "param", "message"),
    [
        (b"{}", "contents", "contents: missing"),
        (b'{"contents":5}', "contents", "contents: Expected"),
        (b'{"contents":[{"role":5}]}', "contents[0].role", "got `int`"),
        (b'{"contents":[],"generationConfig":{"maxOutputTokens":"x"}}', "generationConfig.maxOutputTokens", "Expected"),
        (b'{"contents":[]}', "model", "model: missing"),
        (b"[]", None, "the body"),
        (b"{", None, "not JSON"),
        (b'{"contents":[],"x":"\xff"}', None, "not JSON"),
    ],
)
def test_a_fault_has_its_place(given_body: bytes, param: str | None, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message.replace("[", r"\[")) as caught:
        read_request(given_body)

    assert param == caught.value.param


def test_roles_that_vertex_ai_would_miss_are_written() -> None:
    contents = [{"parts": [text("a")]}, {"role": None, "parts": []}, {"role": "model", "parts": [], "more": 1}]
    told = json.loads(write_request(read_request(body(contents=contents), "m"), NO_EDITS)[0])
    single = json.loads(write_request(read_request(body(contents={"parts": text("a")}), "m"), NO_EDITS)[0])

    assert [content["role"] for content in told["contents"]] == ["user", "user", "model"]
    assert told["contents"][2] == contents[2]
    assert single["contents"] == [{"parts": text("a"), "role": "user"}]


def test_a_request_goes_on_as_it_came() -> None:
    sent = {"contents": HELLO, "safety_settings": [], "new": {"a": 1.50}, "generationConfig": {"topP": None}}

    assert (sent, ()) == _written(sent)


def test_a_model_in_the_body_is_that_of_the_target() -> None:
    assert _written({"contents": HELLO, "model": "ours"})[0]["model"] == "gemini-2.5-flash"


def test_what_the_file_says_is_done() -> None:
    sent = {"contents": HELLO, "generationConfig": {"topK": 1}}
    told, dropped = _written(sent, default={"max_tokens": 7}, drop=["top_k"])

    assert (told["generationConfig"], dropped) == ({"maxOutputTokens": 7}, ("top_k",))


def test_what_only_we_can_read_does_not_go_on() -> None:
    part = text("a", thoughtSignature=write_proof(ANTHROPIC, "s"))
    told, _ = _written({"contents": [{"role": "model", "parts": [part]}]})

    assert told["contents"] == [{"role": "model", "parts": [text("a")]}]


def _written(sent: dict[str, Any], **changes: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    told, dropped = write_request(read_request(json.dumps(sent).encode(), "m"), edits(**changes))
    return json.loads(told), dropped


@given(st.binary() | st.from_regex(rb'\{"contents":.*', fullmatch=True))
def test_any_body_is_read_or_refused(data: bytes) -> None:
    with suppress(InvalidRequestError):
        read_request(data, "m")


def test_a_schema_is_not_looked_into() -> None:
    deep: dict[str, Any] = {"type": "STRING"}
    for _ in range(450):
        deep = {"type": "ARRAY", "items": deep}

    for schema in (deep, {"type": "ARRAY", "maxItems": "9" * 5000}):
        assert read_request(body(generationConfig={"responseSchema": schema}), "m").json
