"""Who can count, and what he is asked; nobody is asked who cannot."""

from dataclasses import replace

from llmgw.chat.dialect import AnswerSign
from llmgw.chat.request import ChatRequest
from llmgw.counting import Counting
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.graph.model import Wire
from tests.routing.itineraries import target

ASKED = ChatRequest("m", {})

REQUEST = anthropic_messages.read_request(b'{"model":"m","messages":[{"role":"user","content":"Hello there"}]}')
NOBODY = target("t")
COUNTS = replace(NOBODY, count=Wire(anthropic_messages, "https://a/count", "https://a/count"))
OTHER = replace(NOBODY, count=Wire(openai_chat, "https://a/count", "https://a/count"))


def test_only_who_counts_in_the_callers_dialect_is_asked() -> None:
    counting = Counting(REQUEST, anthropic_messages)

    assert counting.unfit(COUNTS) is None
    assert [counting.unfit(one) for one in (NOBODY, OTHER)] == ["it does not count tokens in anthropic_messages"] * 2


def test_what_goes_out_and_what_comes_back() -> None:
    prepared = Counting(REQUEST, anthropic_messages).ready(COUNTS)

    assert (prepared.wire, prepared.dropped) == (COUNTS.count, ())
    assert prepared.body == b'{"model":"%s","messages":[{"role":"user","content":"Hello there"}]}' % (
        COUNTS.edits.model.encode()
    )
    assert prepared.crossing.answer(b'{"input_tokens": 9}', ASKED) == (AnswerSign(None, None), b'{"input_tokens": 9}')


def test_an_estimate_is_a_count_of_the_dialect() -> None:
    assert anthropic_messages.read_count(Counting(REQUEST, anthropic_messages).estimate()) == 3
