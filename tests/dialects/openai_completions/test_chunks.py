"""What each event and each answer means to the gateway."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.dialect import NOTHING, Sign
from llmgw.chat.events import Finish, Finished
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_completions.chunks import Choice, end_of
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.wire import sse
from tests.dialects.openai_completions.wire import DONE, USAGE, choice, chunk, completion

read_sign = openai_completions.signs()


@pytest.mark.parametrize(
    ("event", "sign"),
    [
        (b": ping\n\n", NOTHING),
        (b"data:\n\n", NOTHING),
        (DONE, Sign(end=True)),
        (chunk(choice("Hi")), Sign(content=True)),
        (chunk(choice("")), NOTHING),
        (chunk(choice("", "stop"), choice("", "length", 1)), Sign(finish="stop", finished=(0, 1))),
        (chunk(choice("x", "length"), usage=USAGE), Sign(True, "length", (0,), usage=Usage(9, 3))),
        (chunk(usage=USAGE), Sign(usage=Usage(9, 3), usage_only=True)),
        (rb'data: {"choices":[{"text":"a\ud83d"}]}' + b"\n\n", Sign(content=True)),
    ],
)
def test_an_event_has_its_sign(event: bytes, sign: Sign) -> None:
    assert read_sign(event) == sign


@pytest.mark.parametrize(
    ("event", "failure", "is_plain"),
    [
        (b'data: {"error":{"message":"slow down","code":429}}\n\n', FailureClass.RATE_LIMITED, True),
        (b'event: error\ndata: {"message":"no"}\n\n', None, False),
        (b"event: error\ndata: no\n\n", None, False),
        (chunk(choice("", "error")), None, False),
        (b'data: {"object":"error","message":"no","code":404}\n\n', FailureClass.NOT_FOUND, False),
    ],
)
def test_an_error_amid_the_stream_is_one(event: bytes, failure: FailureClass | None, is_plain: bool) -> None:
    error = read_sign(event).error

    assert error is not None
    assert (error.failure, error.plain) == (failure, is_plain)


@pytest.mark.parametrize("event", [b"data: no\n\n", b"data: []\n\n", b'data: {"choices":7}\n\n'])
def test_what_is_no_chunk_is_none(event: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read_sign(event)


def test_an_answer_tells_its_usage_and_its_end() -> None:
    answer = openai_completions.read_answer(completion(choice("Hi", "length"), usage=USAGE))

    assert (answer.usage, answer.finish) == (Usage(9, 3), "length")


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"no", FailureClass.PROTOCOL),
        (b'{"choices":[]}', FailureClass.PROTOCOL),
        (b'{"error":{"message":"slow down","code":429}}', FailureClass.RATE_LIMITED),
    ],
)
def test_what_is_no_answer_is_a_failure(body: bytes, failure: FailureClass) -> None:
    for read in (openai_completions.read_answer, openai_completions.read_events):
        with pytest.raises(UpstreamProtocolError) as caught:
            read(body)

        assert caught.value.failure is failure


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Choice(finish_reason="stop"), Finished(Finish.STOP)),
        (Choice(finish_reason="stop", stop_reason="END"), Finished(Finish.STOP_SEQUENCE, "END")),
        (Choice(finish_reason="stop", stop_reason=128009), Finished(Finish.STOP)),
        (Choice(finish_reason="length"), Finished(Finish.LENGTH)),
        (Choice(finish_reason="eos"), Finished(Finish.STOP)),
        (Choice(finish_reason=None), Finished(Finish.STOP)),
        (Choice(finish_reason="unheard_of"), Finished(Finish.STOP, is_unknown=True)),
        (Choice(finish_reason="content_filter"), Finished(Finish.CONTENT_FILTER)),
    ],
)
def test_the_end_has_its_reason(told: Choice, expected: Finished) -> None:
    assert end_of(told) == expected


@given(st.binary(max_size=200))
def test_whatever_comes_ends_in_a_sign_or_the_one_error(data: bytes) -> None:
    for event in (data, b"data: " + data, b"event: error\ndata: " + data):
        try:
            read_sign(event)
            openai_completions.decoder().read(event)
        except UpstreamProtocolError:
            pass


@pytest.mark.parametrize("value", [None, 7, True, [], {}, "x"])
@pytest.mark.parametrize("name", ["id", "model", "choices", "usage", "error", "object"])
def test_a_field_of_another_type_breaks_nothing(name: str, value: Any) -> None:
    body = completion(choice("Hi", "stop"), **{name: value})
    try:
        openai_completions.read_events(body)
        openai_completions.decoder().read(sse.write(body))
    except UpstreamProtocolError:
        pass
