"""IBM watsonx.ai: a text, and what comes after it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Sampling, Text
from llmgw.chat.events import Finish
from llmgw.chat.request import Edits
from llmgw.chat.usage import Usage
from llmgw.dialects.watsonx_text import watsonx_text
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.prompted import HELLO, decoded, written
from tests.partners.bodies import encode, sse_event


def result(text: str, reason: str, said: int, heard: int = 0) -> dict[str, Any]:
    told = {"generated_text": text, "generated_token_count": said, "input_token_count": heard, "stop_reason": reason}
    return {"model_id": "flan", "results": [told]}


def test_a_message_is_the_text_to_go_on_from_and_the_project_is_the_files() -> None:
    edits = Edits("up", {"project_id": msgspec.Raw(b'"p"')}, {}, frozenset(), ask_usage=True)
    asked = replace(HELLO, max_tokens=5, stop=("x",), sampling=Sampling(temperature=0.5, seed=7, presence_penalty=1))
    body, unsaid = written(watsonx_text, asked, edits)

    assert body == {
        "model_id": "up",
        "input": "Say hello",
        "parameters": {
            "max_new_tokens": 5, "stop_sequences": ["x"], "temperature": 0.5, "random_seed": 7,
            "decoding_method": "sample",
        },
        "project_id": "p",
    }  # fmt: skip
    assert unsaid == {"presence_penalty"}


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=0, top_p=0.9)])
def test_without_heat_it_takes_the_likeliest(sampling: Sampling) -> None:
    assert "decoding_method" not in written(watsonx_text, replace(HELLO, sampling=sampling))[0]["parameters"]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("eos_token", Finish.STOP), ("EOS_TOKEN", Finish.STOP), ("max_tokens", Finish.LENGTH),
        ("token_limit", Finish.LENGTH), ("time_limit", Finish.LENGTH), ("stop_sequence", Finish.STOP_SEQUENCE),
    ],
)  # fmt: skip
def test_an_answer_is_read_at_once_and_in_pieces(reason: str, finish: Finish) -> None:
    whole = fold(watsonx_text.read_events(encode(result("Hello", reason, 2, 9))))
    pieces = [result("", "not_finished", 0, 9), result("Hel", "not_finished", 1), result("lo", reason, 2)]
    stream = [b"id: 1\n" + sse_event(piece, "message") for piece in pieces]

    assert whole == Answer(model="flan", parts=(Text("Hello"),), finish=finish, usage=Usage(9, 2))
    assert fold(decoded(watsonx_text, *stream)) == whole


@pytest.mark.parametrize("reason", ["error", "cancelled"])
def test_an_end_in_failure_is_one(reason: str) -> None:
    last = decoded(watsonx_text, sse_event(result("", reason, 0)))[-1]

    assert isinstance(last, events.Failed)
    with pytest.raises(UpstreamProtocolError) as caught:
        watsonx_text.read_events(encode(result("", reason, 0)))
    assert caught.value.failure is FailureClass.SERVER_ERROR


def test_errors_are_a_list() -> None:
    told = {"errors": [{"code": "model_not_supported", "message": "Model 'x' is not supported"}], "status_code": 404}
    for event in (sse_event(told, "error"), sse_event(told)):
        (failed,) = decoded(watsonx_text, event)

        assert isinstance(failed, events.Failed)
        assert failed.error.message == "Model 'x' is not supported"
    assert watsonx_text.read_error(404, encode(told)).message == "Model 'x' is not supported"
    assert watsonx_text.read_error(404, b'{"message":"no"}').message == "no"
    with pytest.raises(UpstreamProtocolError, match="not supported"):
        watsonx_text.read_events(encode(told))


@pytest.mark.parametrize("body", [b"[]", b"{}", b"no", b'{"results":[]}'])
def test_what_is_no_answer_is_a_failure(body: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        watsonx_text.read_events(body)


@given(st.binary(max_size=100))
def test_whatever_comes_ends_in_events_or_the_one_error(data: bytes) -> None:
    for event in (data, b"data: " + data, b"event: error\ndata: " + data):
        try:
            watsonx_text.decoder().read(event)
            watsonx_text.read_events(event)
        except UpstreamProtocolError:
            pass
