"""Replicate's predictions: at once or not at all, and their streams, which are text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Sampling, Text
from llmgw.chat.events import Finish
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.translating import TranslatingRelay
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.dialects.replicate_predictions import replicate_predictions
from llmgw.errors import StreamCutError, UpstreamProtocolError
from tests.dialects.prompted import HELLO, decoded, written
from tests.partners.bodies import encode

METRICS = {"input_token_count": 9, "output_token_count": 2, "predict_time": 0.5}


def prediction(output: Any, status: str = "succeeded", **more: Any) -> bytes:
    return encode({"id": "p", "model": "meta/llama", "status": status, "output": output, "error": None, **more})


def test_a_message_is_the_prompt_and_the_limit_has_the_models_own_name() -> None:
    asked = replace(HELLO, max_tokens=5, stop=("x", "y"), sampling=Sampling(temperature=0.5), system=(Text("Brief."),))
    edits = Edits("meta/llama", {}, {}, frozenset(), ask_usage=True, cap_field="max_new_tokens")
    body, unsaid = written(replicate_predictions, asked, edits)

    assert body == {
        "version": "meta/llama",
        "input": {
            "prompt": "Brief.\n\nSay hello", "max_new_tokens": 5, "stop_sequences": "x,y", "temperature": 0.5,
        },
    }  # fmt: skip
    assert unsaid == set()


def test_a_sequence_with_a_comma_cannot_be_said() -> None:
    plain = {"version": "up", "input": {"prompt": "Say hello"}}

    assert written(replicate_predictions, replace(HELLO, stop=(",",), user="u")) == (plain, {"stop", "user"})
    assert written(replicate_predictions, HELLO) == (plain, set())


@pytest.mark.parametrize("output", [["Hel", "lo"], "Hello", ["Hello", None]])
def test_an_answer_is_read(output: Any) -> None:
    answer = fold(replicate_predictions.read_events(prediction(output, metrics=METRICS)))

    assert answer == Answer(id="p", model="meta/llama", parts=(Text("Hello"),), finish=Finish.STOP, usage=Usage(9, 2))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (prediction(None, "starting"), "has not finished: it is 'starting'"),
        (prediction(["Hel"], "processing"), "has not finished"),
        (prediction(None, "failed", error="CUDA out of memory"), "failed: CUDA out of memory"),
        (prediction(None, "canceled"), "canceled"),
        (prediction([{"url": "x"}]), "no text"),
        (b"{}", "cannot be read"),
    ],
)
def test_what_is_no_answer_says_why(body: bytes, words: str) -> None:
    with pytest.raises(UpstreamProtocolError, match=words):
        replicate_predictions.read_events(body)


def test_a_failure_has_the_class_of_its_words_or_is_the_models() -> None:
    for error, failure in (("prompt is too long", "context_length"), ("CUDA", "server_error")):
        with pytest.raises(UpstreamProtocolError) as caught:
            replicate_predictions.read_events(prediction(None, "failed", error=error))

        assert caught.value.failure == failure


def test_a_stream_is_text_as_it_is() -> None:
    stream = [b": hi\n\n", b"event: output\nid: 1\ndata: \n\n", b"event: output\ndata: Hel\n\n"]
    stream += [b"event: output\ndata: lo\ndata: \ndata: you\n\n", b"event: done\ndata: {}\n\n"]
    decoder = replicate_predictions.decoder()
    told = [event for piece in stream for event in decoder.read(piece)]

    assert fold(told) == Answer(parts=(Text("Hello\n\nyou"),), finish=Finish.STOP)
    assert decoder.ended


@pytest.mark.parametrize(
    "event", [b'event: done\ndata: {"reason":"canceled"}\n\n', b"event: error\ndata: it broke\n\n"]
)
def test_a_stream_may_end_in_failure(event: bytes) -> None:
    assert isinstance(decoded(replicate_predictions, event)[-1], events.Failed)


def test_an_end_that_is_no_json_is_one() -> None:
    assert decoded(replicate_predictions, b"event: done\ndata: yes\n\n") == [events.Finished(Finish.STOP)]


def test_a_whole_prediction_is_a_stream_of_one_event() -> None:
    relay = TranslatingRelay(replicate_predictions, openai_completions.encoder(ChatRequest("m", {})))
    out = relay.feed(prediction(["Hel", "lo"])[:20]) + relay.feed(prediction(["Hel", "lo"])[20:]) + relay.finish()

    assert "application/json" in replicate_predictions.framing.content_types
    assert fold(decoded(openai_completions, *map(bytes, out.splitlines(keepends=True)))).parts == (Text("Hello"),)


def test_one_that_has_not_finished_is_a_stream_without_an_end() -> None:
    relay = TranslatingRelay(replicate_predictions, openai_completions.encoder(ChatRequest("m", {})))
    relay.feed(prediction(None, "processing"))

    with pytest.raises(StreamCutError):
        relay.finish()


def test_an_error_has_its_message() -> None:
    told = replicate_predictions.read_error(402, b'{"title":"Insufficient credit","detail":"Add some","status":402}')

    assert (told.message, told.failure) == ("Add some", None)


@given(st.binary(max_size=100))
def test_whatever_comes_ends_in_events_or_the_one_error(data: bytes) -> None:
    for event in (data, b"{" + data, b"event: done\ndata: " + data):
        try:
            replicate_predictions.decoder().read(event)
            replicate_predictions.read_events(event)
        except UpstreamProtocolError:
            pass
