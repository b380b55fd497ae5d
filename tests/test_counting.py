"""Who can count, and what he is asked; nobody is asked who cannot."""

from dataclasses import replace

import pytest

from llmgw.chat.dialect import AnswerSign
from llmgw.chat.request import ChatRequest
from llmgw.counting import Counting
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.gemini_generate.dialect import gemini_generate
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import InvalidRequestError
from llmgw.graph.model import Target, Wire
from llmgw.preparing import Prepared
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
    assert anthropic_messages.read_count(Counting(REQUEST, anthropic_messages).estimate()) == 10


def test_what_is_nested_too_deeply_is_the_callers_fault() -> None:
    """It was read where fewer calls were under way."""
    counts = replace(NOBODY, count=Wire(gemini_generate, "https://a/count", "https://a/count"))
    body = b'{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":%s}}]}]}'
    depth = next(depth for depth in range(990, 300, -1) if _is_read(body % _nested(depth)))
    counting = Counting(gemini_generate.read_count_request(body % _nested(depth - 1), "m"), gemini_generate)

    with pytest.raises(InvalidRequestError, match="nested too deeply"):
        _further_down(60, counting, counts)


def _nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def _is_read(body: bytes) -> bool:
    try:
        return bool(gemini_generate.read_count_request(body, "m"))
    except InvalidRequestError:
        return False


def _further_down(frames: int, counting: Counting, target: Target) -> Prepared:
    return _further_down(frames - 1, counting, target) if frames else counting.ready(target)
