"""Anthropic's older Text Completions: the whole conversation is one text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Image, Message, Role, Sampling, Text, Tool
from llmgw.chat.events import Finish
from llmgw.dialects.anthropic_complete import anthropic_complete
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.prompted import HELLO, decoded, written
from tests.partners.bodies import encode, sse_event


def test_turns_are_told_apart_by_who_speaks() -> None:
    turns = (*HELLO.messages, Message(Role.ASSISTANT, (Text("Hello"),)), Message(Role.USER, (Text("Again"),)))
    body, unsaid = written(anthropic_complete, replace(HELLO, messages=turns, system=(Text("Be brief."),)))

    assert body["prompt"] == "Be brief.\n\nHuman: Say hello\n\nAssistant: Hello\n\nHuman: Again\n\nAssistant:"
    assert (body["model"], body["max_tokens_to_sample"], unsaid) == ("up", 4096, set())


def test_a_turn_that_was_begun_goes_on() -> None:
    turns = (*HELLO.messages, Message(Role.ASSISTANT, (Text("Hel"),)))

    assert written(anthropic_complete, replace(HELLO, messages=turns))[0]["prompt"].endswith("\n\nAssistant: Hel")


def test_settings_have_its_own_words() -> None:
    sampling = Sampling(temperature=0.5, top_p=0.9, top_k=3, seed=7)
    asked = replace(HELLO, max_tokens=5, stop=("x",), sampling=sampling, stream=True, tools=(Tool("t"),))
    parts = (Text("Look"), Image(url="https://a/b.png"))
    body, unsaid = written(anthropic_complete, replace(asked, messages=(Message(Role.USER, parts),)))

    assert body == {
        "model": "up", "prompt": "\n\nHuman: Look\n\nAssistant:", "max_tokens_to_sample": 5, "stop_sequences": ["x"],
        "temperature": 0.5, "top_p": 0.9, "top_k": 3, "stream": True,
    }  # fmt: skip
    assert unsaid == {"seed", "tools", "messages.image"}


def test_what_a_turn_loses_is_named() -> None:
    turns = (Message(Role.USER, (Text("Hi"),), "Ann"), Message(Role.ASSISTANT, (Text("a", citations=({"url": "x"},)),)))

    assert written(anthropic_complete, replace(HELLO, messages=turns))[1] == {"messages.name", "messages.annotations"}


@pytest.mark.parametrize(
    ("end", "finish", "sequence"),
    [
        ({"stop_reason": "stop_sequence", "stop": "\n\nHuman:"}, Finish.STOP, ""),
        ({"stop_reason": "stop_sequence", "stop": "END"}, Finish.STOP_SEQUENCE, "END"),
        ({"stop_reason": "max_tokens", "stop": None}, Finish.LENGTH, ""),
    ],
)
def test_an_answer_is_read_at_once_and_in_pieces(end: dict[str, str], finish: Finish, sequence: str) -> None:
    base = {"type": "completion", "id": "c", "model": "claude"}
    whole = fold(anthropic_complete.read_events(encode({**base, "completion": " Hello", **end})))
    stream = [
        sse_event({"type": "ping"}, "ping"),
        sse_event({**base, "completion": " Hel", "stop_reason": None}, "completion"),
        sse_event({**base, "completion": "lo", "stop_reason": None}, "completion"),
        sse_event({**base, "completion": "", **end}, "completion"),
    ]

    assert whole == Answer(id="c", model="claude", parts=(Text("Hello"),), finish=finish, stop_sequence=sequence)
    assert fold(decoded(anthropic_complete, *stream)) == whole


def test_errors_have_their_class() -> None:
    error = {"error": {"type": "overloaded_error", "message": "Overloaded"}}
    (failed,) = decoded(anthropic_complete, sse_event(error, "error"))

    assert isinstance(failed, events.Failed)
    assert failed.error.failure is FailureClass.OVERLOADED
    assert anthropic_complete.read_error(529, encode(error)).failure is FailureClass.OVERLOADED
    for body, failure in ((encode(error), FailureClass.OVERLOADED), (b"{}", FailureClass.PROTOCOL)):
        with pytest.raises(UpstreamProtocolError) as caught:
            anthropic_complete.read_events(body)

        assert caught.value.failure is failure


@given(st.binary(max_size=100))
def test_whatever_comes_ends_in_events_or_the_one_error(data: bytes) -> None:
    for event in (data, b"data: " + data, json.dumps({"completion": data.hex()}).encode()):
        try:
            anthropic_complete.decoder().read(event)
            anthropic_complete.read_events(event)
        except UpstreamProtocolError:
            pass
