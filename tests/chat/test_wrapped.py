"""A dialect in an envelope: the body goes out changed in what the envelope says, all else is the inner dialect's."""

import json

import pytest

from llmgw.chat.crossing import Enclosing, Translating, between
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.wrapped import Envelope, Wrapped, without
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse
from tests.partners.bodies import encode

ASKED = ChatRequest("m", {})

ENVELOPE = Envelope(
    framing=sse.SERVER_SENT_EVENTS,
    leaves_out=frozenset({"model"}),
    adds={"version": "v1"},
    headers=frozenset({"anthropic-version"}),
    fields_of_headers={"anthropic-beta": "betas"},
    hides=frozenset({"secret"}),
)
WRAPPED = Wrapped("wrapped", anthropic_messages, ENVELOPE)
EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
BODY = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}], "vendor": {"a": 1}}
HEADERS = {"anthropic-beta": "one, two,", "anthropic-version": "x", "openai-beta": "y", "traceparent": "t"}


def test_callers_of_the_inner_dialect_are_forwarded_in_the_envelope() -> None:
    crossing = between(anthropic_messages, WRAPPED, 0)
    request = anthropic_messages.read_request(encode(BODY))
    body, dropped = crossing.request(request, EDITS, HEADERS)
    plain = {name: value for name, value in BODY.items() if name != "model"}

    assert isinstance(crossing, Enclosing)
    assert ({**plain, "version": "v1", "betas": ["one", "two"]}, ()) == (json.loads(body), dropped)
    assert isinstance(crossing.relay(request, EDITS), ForwardingRelay)


def test_all_others_are_translated() -> None:
    crossing = between(openai_chat, WRAPPED, 0)
    said = {"model": "m", "messages": BODY["messages"]}
    body, _ = crossing.request(openai_chat.read_request(encode(said)), EDITS)

    assert isinstance(crossing, Translating)
    assert json.loads(body)["version"] == "v1"
    assert "model" not in json.loads(body)


def test_of_a_vendors_headers_only_those_go_that_this_provider_takes() -> None:
    expected = {"anthropic-version": "x", "traceparent": "t"}

    assert expected == between(anthropic_messages, WRAPPED, 0).headers(HEADERS)
    assert expected == between(openai_chat, WRAPPED, 0).headers(HEADERS)


def test_what_the_file_says_goes_before_a_header() -> None:
    body = encode({"betas": ["own"]})
    edits = Edits("up", {"version": b"1"}, {}, frozenset({"betas"}), ask_usage=True)  # type: ignore[dict-item]

    assert json.loads(WRAPPED.enclose(body, EDITS, HEADERS)) == {"betas": ["own"], "version": "v1"}
    assert json.loads(WRAPPED.enclose(b'{"version":1}', edits, HEADERS)) == {"version": 1}


def test_an_answer_is_as_it_came_but_for_what_nobody_is_to_see() -> None:
    crossing = between(anthropic_messages, WRAPPED, 0)
    answer = {"type": "message", "content": [], "stop_reason": "end_turn", "x": 1}
    plain = encode(answer)

    assert crossing.answer(plain, ASKED)[1] is plain
    assert json.loads(crossing.answer(encode({**answer, "secret": {"pin": 1}}), ASKED)[1]) == answer
    with pytest.raises(UpstreamProtocolError):
        crossing.answer(b'["secret"]', ASKED)


def test_only_the_outermost_fields_are_hidden() -> None:
    assert without(b'{"a":{"secret":1}}', frozenset({"secret"})) == b'{"a":{"secret":1}}'


def test_answers_and_errors_are_read_as_the_inner_dialect_does() -> None:
    assert WRAPPED.read_events(b'{"content":[]}') == anthropic_messages.read_events(b'{"content":[]}')
    assert WRAPPED.read_error(400, b"no") == anthropic_messages.read_error(400, b"no")
    assert type(WRAPPED.decoder()) is type(anthropic_messages.decoder())
