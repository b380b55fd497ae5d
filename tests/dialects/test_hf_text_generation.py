"""Hugging Face's text generation: a text, and what comes after it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Message, Role, Sampling, Text
from llmgw.chat.events import Finish
from llmgw.chat.usage import Usage
from llmgw.dialects.hf_text_generation import hf_text_generation
from llmgw.errors import FailureClass, InvalidRequestError, UpstreamProtocolError
from tests.dialects.prompted import HELLO, decoded, written
from tests.partners.bodies import encode, sse_event

ALWAYS = {"return_full_text": False, "details": True}


def test_a_message_is_the_text_to_go_on_from() -> None:
    sampling = Sampling(temperature=0.5, top_p=0.9, top_k=3, seed=7, frequency_penalty=0.1, presence_penalty=0.2)
    asked = replace(HELLO, max_tokens=5, stop=("x",), sampling=sampling, stream=True)
    body, unsaid = written(hf_text_generation, asked)

    assert body == {
        "inputs": "Say hello",
        "parameters": {
            "max_new_tokens": 5, "stop": ["x"], "temperature": 0.5, "top_p": 0.9, "top_k": 3, "seed": 7,
            "frequency_penalty": 0.1, **ALWAYS,
        },
        "stream": True,
    }  # fmt: skip
    assert unsaid == {"presence_penalty"}


def test_what_it_does_anyway_it_does_not_take() -> None:
    body, unsaid = written(hf_text_generation, replace(HELLO, sampling=Sampling(temperature=0, top_p=1)))

    assert (body["parameters"], unsaid) == (ALWAYS, set())


def test_a_chat_cannot_be_said() -> None:
    with pytest.raises(InvalidRequestError):
        written(hf_text_generation, replace(HELLO, messages=(Message(Role.ASSISTANT, (Text("Hi"),)),)))


@pytest.mark.parametrize(
    ("details", "finish", "usage"),
    [
        ({"finish_reason": "eos_token", "generated_tokens": 2, "prefill": [{}] * 9}, Finish.STOP, Usage(9, 2)),
        ({"finish_reason": "length", "generated_tokens": 2, "input_length": 9}, Finish.LENGTH, Usage(9, 2)),
        ({"finish_reason": "stop_sequence", "generated_tokens": 2}, Finish.STOP_SEQUENCE, Usage(0, 2)),
        (None, Finish.STOP, None),
    ],
)
@pytest.mark.parametrize("in_list", [True, False])
def test_an_answer_is_read_at_once_and_in_pieces(
    details: dict[str, Any] | None, finish: Finish, usage: Usage | None, in_list: bool
) -> None:
    answer = {"generated_text": "Hello", "details": details}
    stream = [
        sse_event({"token": {"id": 1, "text": "Hel", "special": False}, "generated_text": None, "details": None}),
        sse_event({"token": {"id": 2, "text": "lo", "special": False}, "generated_text": None}),
        sse_event({"token": {"id": 3, "text": "</s>", "special": True}, **answer}),
    ]
    whole = fold(hf_text_generation.read_events(encode([answer] if in_list else answer)))

    assert whole == Answer(parts=(Text("Hello"),), finish=finish, usage=usage)
    assert fold(decoded(hf_text_generation, b": ping\n\n", *stream)) == whole


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"error": "Model is overloaded", "error_type": "overloaded"}, FailureClass.OVERLOADED),
        ({"error": "Request failed during generation", "error_type": "generation"}, FailureClass.SERVER_ERROR),
        ({"error": "`temperature` must be strictly positive", "error_type": "validation"}, "invalid_request"),
        ({"error": "`inputs` must have less than 1024 tokens", "error_type": "validation"}, "context_length"),
        ({"error": "no"}, None),
    ],
)
def test_errors_have_their_class(error: dict[str, str], failure: FailureClass | None) -> None:
    (failed,) = decoded(hf_text_generation, sse_event(error))

    assert isinstance(failed, events.Failed)
    assert failed.error.failure == failure == hf_text_generation.read_error(422, encode(error)).failure
    with pytest.raises(UpstreamProtocolError) as caught:
        hf_text_generation.read_events(encode(error))
    assert caught.value.failure == (failure or FailureClass.PROTOCOL)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"no", b"[[]]"])
def test_what_is_no_answer_is_a_failure(body: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        hf_text_generation.read_events(body)


def test_an_error_in_plain_text_is_one() -> None:
    assert hf_text_generation.read_error(422, b"Failed to parse").message == "Failed to parse"


@given(st.binary(max_size=100))
def test_whatever_comes_ends_in_events_or_the_one_error(data: bytes) -> None:
    for event in (data, b"data: " + data):
        try:
            hf_text_generation.decoder().read(event)
            hf_text_generation.read_events(event)
        except UpstreamProtocolError:
            pass
