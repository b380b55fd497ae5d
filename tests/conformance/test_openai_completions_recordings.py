"""Real traffic of the older Completions goes through the dialect, the relay and the hub unharmed."""

import json
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Text
from llmgw.chat.events import Event, Finish
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.unsupported import Policy, refused
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.errors import FailureClass, InvalidRequestError, StreamCutError
from llmgw.routing.outcome import class_of_status
from llmgw.wire import sse
from tests.conformance.traffic import OPEN, Recording, recordings

CLASSES_BY_TAG = {
    "err.auth": FailureClass.UNAUTHORIZED,
    "err.not_found": FailureClass.NOT_FOUND,
    "err.rate_limit": FailureClass.RATE_LIMITED,
    "err.context_length": FailureClass.CONTEXT_LENGTH,
    "err.content_filter": FailureClass.CONTENT_FILTER,
}
NO_EDITS = Edits("up", {}, {}, frozenset(), ask_usage=False)
# What is refused when it would have to cross, and what is left out, with its value of no consequence.
REFUSED = {"n": 1, "suffix": None, "echo": False, "best_of": 1}
SAID = {
    *("model", "prompt", "stream", "stream_options", "max_tokens", "stop", "temperature", "top_p", "seed", "user"),
    *("presence_penalty", "frequency_penalty", "logit_bias"),
}
FINISHES = {"stop": Finish.STOP, "length": Finish.LENGTH, "content_filter": Finish.CONTENT_FILTER}

RECORDINGS = [record for record in recordings() if record["wire"] == "openai.completions"]
ANSWERS = [record for record in RECORDINGS if record["status"] == 200 and not record["streaming"]]
STREAMS = [record for record in RECORDINGS if record["status"] == 200 and record["streaming"]]
ERRORS = [record for record in RECORDINGS if record["status"] >= 400]
REQUESTS = [record for record in RECORDINGS if record["request_body_kind"] == "json"]


def each(chosen: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", chosen, ids=lambda recording: recording["id"])


def test_the_recordings_are_there() -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: conformance with real traffic is NOT tested (set LLMGW_TRAFFIC)")

    assert RECORDINGS


# As it came.


@each(REQUESTS)
def test_every_request_is_read_and_written_without_a_loss(recording: Recording) -> None:
    sent = recording["request_body"]
    request = openai_completions.read_request(json.dumps(sent).encode(), model=recording["model"] or "m")
    body, dropped = openai_completions.write_request(request, Edits("up", {}, {}, frozenset(), ask_usage=True))
    asked = {"stream_options": {**(sent.get("stream_options") or {}), "include_usage": True}} if request.stream else {}

    assert {**sent, **asked, "model": "up"} == json.loads(body)
    assert (bool(sent.get("stream")), sent.get("max_tokens") or 0, ()) == (request.stream, request.max_tokens, dropped)


@each(ANSWERS)
def test_every_answer_is_read_with_its_usage(recording: Recording) -> None:
    body = recording["response_body"].encode()
    answer = openai_completions.read_answer(body)
    told = json.loads(body)

    assert counted(told.get("usage")) == answer.usage
    assert told["choices"][0]["finish_reason"] == answer.finish


@each(STREAMS)
def test_every_stream_passes_byte_for_byte_however_it_was_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    for pieces in splits(stream):
        relay, out = relayed(pieces, choices_of(recording))

        assert stream == out
        assert (relay.committed, relay.whole, relay.broken) == (True, True, None)


@each(STREAMS)
def test_of_every_stream_the_usage_is_found(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    told = [chunk["usage"] for chunk in chunks(stream) if chunk.get("usage")]
    relay, _ = relayed([stream], choices_of(recording))

    assert counted(told[-1] if told else None) == relay.usage


@each(STREAMS)
def test_every_stream_that_is_cut_before_its_end_is_seen_to_be_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    parts = sse.split(stream)
    reads = openai_completions.signs()
    ends = next(place for place, part in enumerate(parts) if reads(part).finish)
    for place in range(ends + 1):
        with pytest.raises(StreamCutError):
            relayed([b"".join(parts[:place])], choices_of(recording))


@each(ERRORS)
def test_every_error_gets_the_class_of_its_tag(recording: Recording) -> None:
    told = openai_completions.read_error(recording["status"], (recording["response_body"] or "").encode())
    tagged = {CLASSES_BY_TAG[tag] for tag in recording["features"] if tag in CLASSES_BY_TAG}
    failure = told.failure or class_of_status(recording["status"])

    assert told.message
    assert failure is not FailureClass.PROTOCOL
    if tagged:
        assert {failure} == tagged


# Through the hub.


@each(REQUESTS)
def test_every_request_says_the_same_after_the_hub_or_names_what_it_does_not_say(recording: Recording) -> None:
    sent = {name: value for name, value in recording["request_body"].items() if value is not None}
    request = openai_completions.read_request(json.dumps(sent).encode(), model=recording["model"] or "m")
    if not is_text(sent["prompt"]):
        with pytest.raises(InvalidRequestError):
            openai_completions.read_conversation(request)
        return
    conversation = openai_completions.read_conversation(request)
    body, dropped = openai_completions.write_conversation(conversation, NO_EDITS)
    meant = {name for name in REFUSED if sent.get(name, REFUSED[name]) != REFUSED[name]}
    meant |= {"prompt"} if isinstance(sent["prompt"], list) and len(sent["prompt"]) > 1 else set()

    assert plain(sent) == plain(json.loads(body))
    assert meant | (sent.keys() - SAID - REFUSED.keys()) == set(dropped)
    assert meant <= set(refused(dropped, Policy.USUAL, openai_completions.meaning))
    again = openai_completions.read_conversation(openai_completions.read_request(body))
    assert openai_completions.write_conversation(again, NO_EDITS)[0] == body


@each(STREAMS)
def test_every_stream_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    answer = decoded(stream)
    choices = [choice for chunk in chunks(stream) for choice in chunk["choices"] if choice["index"] == 0]

    assert answer.parts == (Text("".join(choice["text"] for choice in choices)),)
    assert answer.finish is FINISHES[choices[-1]["finish_reason"]]
    assert answer.usage == relayed([stream], 1)[0].usage
    assert {answer.model} == {chunk["model"] for chunk in chunks(stream)}


@each(STREAMS)
def test_every_stream_says_the_same_as_its_answer_at_once(recording: Recording) -> None:
    stream = recording["response_body"].encode()

    assert decoded(stream) == fold(openai_completions.read_events(at_once(stream)))


@each(ANSWERS)
def test_every_answer_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    told = json.loads(recording["response_body"])
    answer = fold(openai_completions.read_events(recording["response_body"].encode()))

    assert answer.parts == (Text(told["choices"][0]["text"]),)
    assert answer.finish is FINISHES[told["choices"][0]["finish_reason"]]
    assert (answer.id, answer.model, answer.usage) == (told["id"], told["model"], counted(told.get("usage")))


@each(STREAMS)
def test_every_stream_written_again_says_the_same(recording: Recording) -> None:
    first = decoded(recording["response_body"].encode())

    assert decoded(streamed(events_of(recording["response_body"].encode()))) == first


@each(ANSWERS)
def test_every_answer_says_the_same_after_the_hub_at_once_and_streamed(recording: Recording) -> None:
    told = openai_completions.read_events(recording["response_body"].encode())

    assert fold(told) == fold(
        openai_completions.read_events(openai_completions.write_answer(fold(told), ChatRequest("m", {})))
    )
    assert fold(told) == decoded(streamed(told))


def relayed(pieces: list[bytes], choices: int) -> tuple[ForwardingRelay, bytes]:
    relay = ForwardingRelay(openai_completions, keep_usage=True, choices=choices)
    out = b"".join(relay.feed(piece) for piece in pieces)
    return relay, out + relay.finish()


def choices_of(recording: Recording) -> int:
    return int(recording["request_body"].get("n") or 1)


def splits(stream: bytes) -> Iterator[list[bytes]]:
    """At once, event by event, in small even pieces, and in uneven ones."""
    yield [stream]
    yield sse.split(stream)
    for size in (1, 7, 64, 1000):
        yield [stream[place : place + size] for place in range(0, len(stream), size)]
    dice, places = Random(stream), [0]  # the same cuts every time
    while places[-1] < len(stream):
        places.append(places[-1] + dice.randint(1, 300))
    yield [stream[start:end] for start, end in pairwise(places)]


def chunks(stream: bytes) -> Iterator[dict[str, Any]]:
    for event in sse.split(stream):
        data = sse.parse(event).data
        if data is not None and data != b"[DONE]":
            yield json.loads(data)


def events_of(stream: bytes) -> list[Event]:
    decoder = openai_completions.decoder()
    return [event for part in sse.split(stream) for event in decoder.read(part)]


def decoded(stream: bytes) -> Answer:
    return fold(events_of(stream))


def streamed(told: list[Event]) -> bytes:
    encoder = openai_completions.encoder(ChatRequest("m", {}, wants_usage=True))
    return encoder.write(told) + encoder.end()


def at_once(stream: bytes) -> bytes:
    """The answer that would have come without a stream."""
    told = list(chunks(stream))
    choices: dict[int, dict[str, Any]] = {}
    for piece in (choice for chunk in told for choice in chunk["choices"]):
        whole = choices.setdefault(piece["index"], {"index": piece["index"], "text": "", "finish_reason": None})
        whole["text"] += piece["text"]
        whole["finish_reason"] = whole["finish_reason"] or piece["finish_reason"]
    usage = next((chunk["usage"] for chunk in reversed(told) if chunk.get("usage")), None)
    return json.dumps({**told[0], "choices": list(choices.values()), "usage": usage}).encode()


def counted(told: Any) -> Usage | None:
    return None if told is None else Usage(told["prompt_tokens"], told["completion_tokens"])


def is_text(prompt: Any) -> bool:
    return isinstance(prompt, str) or all(isinstance(one, str) for one in prompt)


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """What is the same, said in another way."""
    kept = {name: body[name] for name in SAID & body.keys() if body[name] is not False}
    kept["stop"] = [kept["stop"]] if isinstance(kept.get("stop"), str) else kept.get("stop") or []
    kept["prompt"] = kept["prompt"] if isinstance(kept["prompt"], str) else kept["prompt"][0]
    return {name: value for name, value in kept.items() if name not in ("model", "stream_options")}
