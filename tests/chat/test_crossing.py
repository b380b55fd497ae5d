"""Between equal dialects the bytes go on as they are; between others everything is read and written anew."""

import json

import msgspec
import pytest

from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Text
from llmgw.chat.crossing import Forwarding, Translating, between
from llmgw.chat.events import Finish
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.translating import TranslatingRelay
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.partners.bodies import chat_answer, encode

ASKED = ChatRequest("m", {})

EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
BODY = encode({"model": "m", "messages": [{"role": "user", "content": "hi"}], "seed": 1, "vendor": {"a": 1}})


def test_who_speaks_the_same_is_forwarded() -> None:
    crossing = between(openai_chat, openai_chat, 7)
    answer = encode({**chat_answer(), "vendor": 1})
    body, dropped = crossing.request(openai_chat.read_request(BODY), EDITS)

    assert isinstance(crossing, Forwarding)
    assert (json.loads(body), dropped) == ({**json.loads(BODY), "model": "up"}, ())
    assert crossing.answer(answer, ASKED)[1] is answer
    assert isinstance(crossing.relay(openai_chat.read_request(BODY), EDITS), ForwardingRelay)


def test_who_speaks_otherwise_is_translated_and_told_what_could_not_cross() -> None:
    crossing = between(openai_chat, anthropic_messages, 7)
    body, dropped = crossing.request(openai_chat.read_request(BODY), EDITS)

    assert isinstance(crossing, Translating)
    assert (json.loads(body)["model"], set(dropped)) == ("up", {"seed", "vendor"})
    assert isinstance(crossing.relay(openai_chat.read_request(BODY), EDITS), TranslatingRelay)


def test_an_answer_crosses_with_its_meaning() -> None:
    sign, body = between(anthropic_messages, openai_chat, 7).answer(encode(chat_answer("Hello")), ASKED)

    assert sign.usage is not None
    assert json.loads(body)["content"][0]["text"] == "Hello"


@pytest.mark.parametrize(
    ("message", "finish", "expected"),
    [
        ({"content": ""}, "content_filter", "content_filter"),
        ({"content": None, "refusal": "No."}, "stop", "refusal"),
        ({"content": "Hi"}, "stop", "stop"),
    ],
)
def test_filtered_is_what_was_filtered_and_a_refusal_in_words_is_an_answer(
    message: dict[str, str], finish: str, expected: str
) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    sign, _ = between(anthropic_messages, openai_chat, 7).answer(msgspec.json.encode({"choices": [choice]}), ASKED)

    assert expected == sign.finish


def test_an_error_that_is_a_200_has_its_class() -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        between(anthropic_messages, openai_chat, 7).answer(b'{"error":{"message":"slow down","code":429}}', ASKED)

    assert caught.value.failure is FailureClass.RATE_LIMITED


def test_when_it_was_made_is_told_where_the_dialect_tells_it() -> None:
    message = anthropic_messages.write_answer(Answer(parts=(Text("Hi"),), finish=Finish.STOP), ChatRequest("m", {}))
    _, body = between(openai_chat, anthropic_messages, 7).answer(message, ASKED)

    assert json.loads(body)["created"] == 7


def test_headers_of_one_vendor_go_to_nobody_else() -> None:
    given = {"anthropic-beta": "a", "openai-organization": "o", "traceparent": "t"}

    assert between(openai_chat, openai_chat, 7).headers(given) == given
    assert set(between(openai_chat, anthropic_messages, 7).headers(given)) == {"anthropic-beta", "traceparent"}
    assert set(between(anthropic_messages, openai_chat, 7).headers(given)) == {"openai-organization", "traceparent"}
