from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from llmgw.chat import estimate, measure
from llmgw.chat.request import ChatRequest
from llmgw.config.model import TestRequest as Request
from llmgw.graph.vocabulary import NAMES
from llmgw.routing.facts import ANY_TIME_S, Facts, of_request, pretended

SUNDAY = datetime(2027, 1, 31, 14, 30, tzinfo=UTC)
MESSAGES = [{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": "u"}]}]


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def real(fields: Mapping[str, object], **others: Any) -> Facts:
    raws = {name: raw(value) for name, value in fields.items()}
    request = ChatRequest("gpt", raws, **others)
    return of_request(
        request,
        endpoint="chat",
        ip="10.0.0.1",
        metadata={"tier": "header"},
        headers={"x-a": "1"},
        moment=lambda: SUNDAY,
    )


def test_a_request_that_came_in() -> None:
    found = real(
        {"messages": MESSAGES, "tools": [], "response_format": {"type": "json_object"}, "temperature": 0.25},
        stream=True,
        max_tokens=7,
        user="u",
        tools=True,
        json=True,
        metadata={"tier": "body", "team": "a"},
    )

    assert {name: found.value(name) for name in NAMES} == {
        "model": "gpt",
        "ip": "10.0.0.1",
        "key": "",
        "key.team": "",
        "key.user": "",
        "request.endpoint": "chat",
        "request.user": "u",
        "request.stream": True,
        "request.input_tokens": estimate.of_messages(MESSAGES, "gpt"),
        "request.max_tokens": 7,
        "request.tools": True,
        "request.images": True,
        "request.json": True,
        "request.messages": MESSAGES,
        "time.hour": 14,
        "time.weekday": 7,
        "budget.used": 0.0,
    }
    assert found.fields == {"messages", "tools", "response_format", "temperature"}


def test_metadata_of_the_header_wins_over_the_bodys() -> None:
    found = real({}, metadata={"tier": "body", "team": "a"})

    assert found.value("metadata") == {"tier": "header", "team": "a"}
    assert found.value("metadata.tier") == "header"


def test_headers_are_found_in_any_spelling() -> None:
    found = real({})

    assert (found.value("headers.X-A"), found.value("headers.x-b")) == ("1", "")
    assert found.value("headers") == {"x-a": "1"}


@pytest.mark.parametrize("fields", [{}, {"messages": 5}, {"messages": {"a": 1}}, {"messages": None}])
def test_messages_that_are_no_list_read_as_none(fields: dict[str, object]) -> None:
    found = real(fields)

    assert found.value("request.messages") == []
    assert found.value("request.images") is False
    assert found.value("request.input_tokens") < 10


def test_messages_are_decoded_once_and_only_if_someone_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[object] = []

    def turns(value: msgspec.Raw, name: str) -> object:
        decoded.append((value, name))
        return msgspec.json.decode(value)

    monkeypatch.setattr(measure, "turns", turns)
    found = real({"messages": MESSAGES})
    found.value("model")
    found.value("metadata.tier")
    before = len(decoded)
    for name in ("request.messages", "request.images", "request.input_tokens", "request.messages"):
        found.value(name)

    assert (before, len(decoded)) == (0, 1)


@pytest.mark.parametrize("turns", ["hello", [{"role": "user", "content": "hello"}]])
def test_messages_are_found_in_the_field_that_the_dialect_has_for_them(turns: object) -> None:
    found = real({"input": turns, "messages": "12345678"}, turns_field="input")

    assert found.value("request.messages") == [{"role": "user", "content": "hello"}]
    assert 0 < found.value("request.input_tokens") < 15


def test_the_clock_is_read_only_if_someone_asks() -> None:
    def never() -> datetime:
        raise AssertionError

    request = ChatRequest("gpt", {})
    found = of_request(request, endpoint="chat", ip="", metadata={}, headers={}, moment=never)

    assert found.value("model") == "gpt"


def test_what_is_not_given_reads_as_absent() -> None:
    found = Facts({}, metadata={}, headers={})

    assert {name: found.value(name) for name in NAMES} == {
        name: list(value) if isinstance(value, tuple) else value for name, value in NAMES.items()
    }


def test_a_name_outside_the_vocabulary_is_an_error() -> None:
    with pytest.raises(KeyError):
        Facts({}, metadata={}, headers={}).value("request.nope")


def test_a_pretended_request_says_what_it_was_given() -> None:
    request = Request(
        model="gpt",
        metadata={"tier": "free"},
        headers={"X-A": "1"},
        user="u",
        ip="10.0.0.1",
        endpoint="embeddings",
        stream=True,
        input_tokens=5,
        max_tokens=7,
        tools=True,
        images=True,
        json=True,
        messages=({"role": "user", "content": "hi"},),
    )
    found = pretended(request, SUNDAY)

    assert {name: found.value(name) for name in NAMES} == {
        "model": "gpt",
        "ip": "10.0.0.1",
        "key": "",
        "key.team": "",
        "key.user": "",
        "request.endpoint": "embeddings",
        "request.user": "u",
        "request.stream": True,
        "request.input_tokens": 5,
        "request.max_tokens": 7,
        "request.tools": True,
        "request.images": True,
        "request.json": True,
        "request.messages": [{"role": "user", "content": "hi"}],
        "time.hour": 14,
        "time.weekday": 7,
        "budget.used": 0.0,
    }
    assert (found.value("metadata.tier"), found.value("headers.x-a")) == ("free", "1")
    assert found.fields == {"model", "messages", "stream", "user", "max_tokens", "tools", "response_format"}


def test_a_pretended_request_is_measured_like_a_real_one() -> None:
    found = pretended(Request(model="gpt", messages=tuple(MESSAGES)))
    same = real({"messages": MESSAGES})

    for name in ("request.images", "request.input_tokens", "request.messages"):
        assert found.value(name) == same.value(name)


def test_a_pretended_request_that_says_nothing_is_absent_in_all_but_its_model() -> None:
    found = pretended(Request(model="gpt"))
    absent = Facts({"model": "gpt", "request.endpoint": "chat"}, metadata={}, headers={})

    assert {name: found.value(name) for name in NAMES} == {name: absent.value(name) for name in NAMES}
    assert found.fields == {"model", "messages"}


def test_pools_know_more_than_rules_may_name() -> None:
    turns = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    begun, grown = real({"messages": turns[:1], "system": "s"}), real({"messages": [*turns, turns[0]], "system": "s"})

    assert begun.value("conversation") == grown.value("conversation") != ""
    assert begun.value("earlier_tokens") == 0
    assert grown.value("earlier_tokens") == estimate.of_messages(turns, "gpt")
    assert begun.value("now_s") == SUNDAY.timestamp()


def test_pools_know_the_same_of_a_request_that_nobody_sent() -> None:
    turns = ({"role": "user", "content": "one"}, {"role": "assistant", "content": "two"})
    found = pretended(Request(model="gpt", messages=turns), SUNDAY)

    assert found.value("conversation") == real({"messages": list(turns)}).value("conversation")
    assert found.value("earlier_tokens") == estimate.of_messages(list(turns), "gpt")
    assert found.value("now_s") == SUNDAY.timestamp()
    assert pretended(Request(model="gpt")).value("now_s") == ANY_TIME_S
    assert pretended(Request(model="gpt")).value("conversation") == ""
