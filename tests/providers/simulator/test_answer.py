"""From a request to an answer: deterministic, on time, and failing as asked."""

import math
from typing import Any

import msgspec
import pytest
from openai.types.chat import ChatCompletion

from llmgw.errors import FailureClass, UpstreamConnectError
from llmgw.providers.simulator.answer import Manner, SimulatedAnswer, simulate

AT_ONCE = Manner()
SLOW = Manner(latency_s=2.0, tokens_per_s=10.0, output_tokens=11)


def answer(
    failure: FailureClass | None = None, manner: Manner = AT_ONCE, request_id: str = "req-1", **fields: Any
) -> SimulatedAnswer:
    body = msgspec.json.encode({"model": "sim", "messages": [{"role": "user", "content": "Hi"}], **fields})
    return simulate(body, manner, failure, request_id=request_id, created_s=1_700_000_000)


def body_of(simulated: SimulatedAnswer) -> bytes:
    return b"".join(piece.data for piece in simulated.pieces)


def test_the_same_request_gets_the_same_bytes() -> None:
    assert body_of(answer()) == body_of(answer())
    assert body_of(answer(stream=True)) == body_of(answer(stream=True))
    assert body_of(answer()) != body_of(answer(request_id="req-2"))


def test_an_answer_is_one_of_the_sdk() -> None:
    simulated = answer()
    told = ChatCompletion.model_validate(msgspec.json.decode(body_of(simulated)), strict=True)

    assert simulated.status == 200
    assert simulated.headers["content-type"] == "application/json"
    assert told.model == "sim"
    assert told.created == 1_700_000_000


def test_a_stream_says_that_it_is_one() -> None:
    assert answer(stream=True).headers["content-type"].startswith("text/event-stream")


def test_a_stream_begins_after_the_latency_and_an_unstreamed_answer_ends_when_the_stream_would() -> None:
    streamed = answer(manner=SLOW, stream=True)

    assert streamed.head_due_s == 2.0
    assert [piece.due_s for piece in streamed.pieces][-1] == pytest.approx(1.0)
    assert answer(manner=SLOW).head_due_s == pytest.approx(3.0)
    assert answer().head_due_s == 0.0


def test_a_bad_request_is_told_in_openais_shape() -> None:
    refused = answer(messages=[])
    error = msgspec.json.decode(body_of(refused))["error"]

    assert refused.status == 400
    assert error == {
        "message": "there must be at least one message",
        "type": "invalid_request_error",
        "param": "messages",
        "code": None,
    }


def test_a_refused_connection_is_raised() -> None:
    with pytest.raises(UpstreamConnectError):
        answer(FailureClass.CONNECTION)


def test_a_timeout_has_no_end() -> None:
    assert answer(FailureClass.TIMEOUT).head_due_s == math.inf


def test_an_error_comes_after_the_latency_with_its_headers() -> None:
    refused = answer(FailureClass.RATE_LIMITED, SLOW)

    assert (refused.status, refused.head_due_s) == (429, 2.0)
    assert refused.headers == {"content-type": "application/json", "retry-after": "1"}


def test_half_a_body_is_left_of_a_cut_answer() -> None:
    cut = answer(FailureClass.STREAM_CUT)
    whole = body_of(answer())

    assert cut.breaks
    assert body_of(cut) == whole[: len(whole) // 2]


def test_half_the_tokens_are_left_of_a_cut_stream() -> None:
    cut = answer(FailureClass.STREAM_CUT, SLOW, stream=True)

    assert not cut.breaks
    assert len(list(cut.pieces)) == 1 + 5


@pytest.mark.parametrize("stream", [False, True])
def test_garbage_has_the_right_content_type(stream: bool) -> None:
    garbled = answer(FailureClass.PROTOCOL, stream=stream)

    assert garbled.status == 200
    assert garbled.headers == answer(stream=stream).headers
    assert b"<html>" in body_of(garbled)
