"""Answers of those who only complete a text."""

import pytest

from llmgw.chat import events
from llmgw.chat.events import Event, Finish
from llmgw.chat.usage import Usage
from llmgw.dialects.bedrock_invoke.decoding import TextDecoder, read_events
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.wire import sse


def told(*datas: bytes) -> list[Event]:
    decoder = TextDecoder()
    return [news for data in datas for news in decoder.read(sse.write(data))]


def test_a_stream_begins_goes_on_and_ends() -> None:
    pieces = [b'{"generation":"H","prompt_token_count":5,"generation_token_count":1,"stop_reason":null}']
    pieces.append(b'{"generation":"i","stop_reason":"stop"}')

    assert told(*pieces) == [
        events.Started(),
        events.TextDelta("H"),
        events.UsageTold(Usage(5, 1)),
        events.TextDelta("i"),
        events.Finished(Finish.STOP),
    ]


def test_a_sequence_is_told_if_it_is_one_of_the_callers() -> None:
    met = told(b'{"completion":"","stop_reason":"stop_sequence","stop":"X"}')
    usual = told(b'{"completion":"","stop_reason":"stop_sequence","stop":"\\n\\nHuman:"}')

    assert met[1:] == [events.Finished(Finish.STOP_SEQUENCE, "X")]
    assert usual[1:] == [events.Finished(Finish.STOP)]


def test_an_error_in_the_stream_is_a_failure() -> None:
    (failed,) = told(b'{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}')

    assert isinstance(failed, events.Failed)
    assert failed.error.failure is FailureClass.RATE_LIMITED


def test_what_says_nothing_is_passed_over() -> None:
    assert TextDecoder().read(sse.comment(b"x")) == []
    assert told(b'{"new":1}') == [events.Started()]


def test_an_answer_at_once_says_the_same() -> None:
    assert read_events(b'{"outputs":[{"text":"Hi","stop_reason":"length"}]}') == [
        events.Started(),
        events.TextDelta("Hi"),
        events.Finished(Finish.LENGTH),
    ]


@pytest.mark.parametrize("body", [b"no", b"[]", b"{}", b'{"message":"no"}'])
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read_events(body)
