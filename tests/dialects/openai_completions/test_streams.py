"""A stream in both directions."""

import json

import pytest

from llmgw.chat import events
from llmgw.chat.events import Event, Finish
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.dialects.openai_completions.streams import StreamEncoder
from llmgw.errors import FailureClass
from llmgw.wire import sse
from tests.dialects.openai_completions.wire import DONE, SAID, USAGE, asked, choice, chunk, decoded

ENDED = [*SAID, events.UsageTold(Usage(9, 3)), events.Finished(Finish.LENGTH)]


def test_a_stream_is_read() -> None:
    stream = [chunk(choice("Hel")), chunk(choice("lo")), chunk(choice("", "length"), usage=USAGE), DONE]

    assert decoded(*stream) == ENDED


def test_a_first_chunk_without_anything_is_not_the_start() -> None:
    assert decoded(chunk(id=""), chunk(choice("Hel")))[0] == events.Started("cmpl-1", "partner-1")


def test_other_choices_are_passed_over_and_a_reason_is_told_once() -> None:
    told = decoded(chunk(choice("Hi"), choice("Ho", index=1)), chunk(choice("", "stop")), chunk(choice("", "stop")))

    assert told[1:] == [events.TextDelta("Hi"), events.Finished(Finish.STOP)]


def test_an_end_mark_alone_is_an_end_if_something_was_said() -> None:
    decoder = openai_completions.decoder()
    decoder.read(chunk(choice("Hi")))

    assert decoder.read(DONE) == [events.Finished(Finish.STOP)]
    assert decoder.ended
    assert decoder.read(chunk(choice("more"))) == []
    assert decoded(DONE) == []


def test_an_error_ends_it() -> None:
    decoder = openai_completions.decoder()
    (failed,) = decoder.read(b'data: {"error":{"message":"slow down","code":429}}\n\n')

    assert isinstance(failed, events.Failed)
    assert failed.error.failure is FailureClass.RATE_LIMITED
    assert decoder.read(chunk(choice("more"))) == []


@pytest.mark.parametrize("wants_usage", [True, False])
def test_a_stream_is_written_as_openai_would(wants_usage: bool) -> None:
    request = asked(stream=True, stream_options={"include_usage": wants_usage})
    encoder = StreamEncoder(request, 7)
    stream = encoder.write(ENDED) + encoder.end() + encoder.end()
    *chunks, end = [sse.parse(event).data or b"" for event in sse.split(stream)]
    told = [json.loads(data) for data in chunks]

    assert end == b"[DONE]"
    assert {(one["id"], one["object"], one["created"], one["model"]) for one in told} == {
        ("cmpl-1", "text_completion", 7, "partner-1")
    }
    assert [one["choices"] for one in told] == [
        [choice("Hel")], [choice("lo")], [choice("", "length")], *([[]] if wants_usage else []),
    ]  # fmt: skip
    assert ["usage" in one for one in told] == [wants_usage] * len(told)
    assert (told[-1].get("usage") or {}).get("prompt_tokens") == (9 if wants_usage else None)


def test_what_is_written_reads_back() -> None:
    encoder = StreamEncoder(asked(stream=True, stream_options={"include_usage": True}))
    stream = encoder.write(ENDED) + encoder.end()
    told = decoded(*sse.split(stream))

    assert sorted(map(repr, told)) == sorted(map(repr, ENDED))


def test_thoughts_and_errors_have_no_place_and_a_refusal_is_text() -> None:
    encoder = StreamEncoder(asked())
    unsaid: list[Event] = [events.ReasoningDelta("Hm"), events.ToolStarted(0, "1", "t")]
    (only,) = sse.split(encoder.write([*unsaid, events.RefusalDelta("No.")]))

    assert json.loads(sse.parse(only).data or b"")["choices"] == [choice("No.")]
    assert json.loads(sse.parse(only).data or b"")["model"] == "m"
