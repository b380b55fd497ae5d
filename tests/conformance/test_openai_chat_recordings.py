"""Real traffic of many providers goes through the dialect and the relay unharmed.

The recordings lie beside the checkout and are read where they are (LLMGW_TRAFFIC says where else); without them
the tests are skipped, and say so.
"""

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import Edits
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat import openai_chat
from llmgw.errors import FailureClass, StreamCutError
from llmgw.routing.outcome import class_of_status
from llmgw.wire import sse

OPEN = Path(os.environ.get("LLMGW_TRAFFIC", Path(__file__).resolve().parents[2].parent / "shared" / "traffic")) / "open"

# Tags are heuristic: this one is a model without a chat template, which is there all the same.
MISTAGGED = {"huggingface-a611f8cd0789"}
CLASSES_BY_TAG = {
    "err.auth": FailureClass.UNAUTHORIZED,
    "err.not_found": FailureClass.NOT_FOUND,
    "err.rate_limit": FailureClass.RATE_LIMITED,
    "err.context_length": FailureClass.CONTEXT_LENGTH,
    "err.content_filter": FailureClass.CONTENT_FILTER,
}
CONTENT = ("content", "refusal", "reasoning", "reasoning_content", "tool_calls", "function_call")

Recording = dict[str, Any]


def recordings() -> list[Recording]:
    lines = [line for path in sorted(OPEN.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    return [record for record in map(json.loads, lines) if record["wire"] == "openai.chat"]


RECORDINGS = recordings()
ANSWERS = [record for record in RECORDINGS if record["status"] == 200 and not record["streaming"]]
STREAMS = [record for record in RECORDINGS if record["status"] == 200 and record["streaming"]]
ERRORS = [record for record in RECORDINGS if record["status"] >= 400]
REQUESTS = [record for record in RECORDINGS if record["request_body_kind"] == "json"]
BROKEN = [record for record in STREAMS if "resp.error_in_stream" in record["features"]]


def each(chosen: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", chosen, ids=lambda recording: recording["id"])


def test_the_recordings_are_there() -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: conformance with real traffic is NOT tested (set LLMGW_TRAFFIC)")

    assert REQUESTS
    assert ANSWERS
    assert STREAMS
    assert ERRORS
    assert BROKEN


@each(REQUESTS)
def test_every_request_is_read_and_written_without_a_loss(recording: Recording) -> None:
    sent = recording["request_body"]
    request = openai_chat.read_request(json.dumps(sent).encode(), model=recording["model"] or "m")
    body, dropped = openai_chat.write_request(request, Edits("up", {}, {}, frozenset(), ask_usage=True))
    written = json.loads(body)
    asked = {"stream_options": {**(sent.get("stream_options") or {}), "include_usage": True}} if request.stream else {}

    assert {**sent, **asked, "model": "up"} == written
    assert (bool(sent.get("stream")), ()) == (request.stream, dropped)


@each(ANSWERS)
def test_every_answer_is_read_with_its_usage(recording: Recording) -> None:
    body = recording["response_body"].encode()
    answer = openai_chat.read_answer(body)
    told = json.loads(body)

    assert_counted(told.get("usage"), answer.usage)
    assert (told["choices"][0].get("finish_reason") or None) == answer.finish


@each(STREAMS)
def test_every_stream_passes_byte_for_byte_however_it_was_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    expected = forwarded(stream) if recording in BROKEN else stream
    for pieces in splits(stream):
        relay, out = relayed(pieces)

        assert expected == out
        assert (True, recording in BROKEN) == (relay.committed, relay.broken is not None)
        assert relay.whole or relay.finished or relay.broken


@each(STREAMS)
def test_of_every_stream_the_usage_is_found(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    told = [usage for chunk in chunks(stream) for usage in usages(chunk)]
    relay, _ = relayed([stream])

    assert_counted(told[-1] if told else None, relay.usage)


@each(STREAMS)
def test_of_every_stream_nothing_is_sent_before_its_first_content(recording: Recording) -> None:
    relay = ForwardingRelay(openai_chat, keep_usage=True)
    for event in sse.split(recording["response_body"].encode()):
        sent = relay.feed(event)
        if any(map(has_content, chunks(event))):
            assert sent.endswith(event)
            return
        assert sent == b""


@each(STREAMS)
def test_every_stream_that_is_cut_before_its_end_is_seen_to_be_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    signs = [(event, openai_chat.read_event(event)) for event in sse.split(stream)]
    ends = next((n for n, (_, sign) in enumerate(signs) if sign.finish or sign.end or sign.error), len(signs))
    cut = b"".join(event for event, _ in signs[:ends])

    with pytest.raises(StreamCutError):
        relayed([cut])


@each(STREAMS)
def test_a_caller_who_did_not_ask_gets_no_event_of_usage_alone(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    _, out = relayed([stream], keep_usage=False)
    alone = [chunk for chunk in chunks(stream) if not chunk.get("choices") and chunk.get("usage")]

    assert not [chunk for chunk in chunks(out) if not chunk.get("choices") and chunk.get("usage")]
    assert [chunk for chunk in chunks(forwarded(stream)) if chunk not in alone] == list(chunks(out))


@each(ERRORS)
def test_every_error_gets_the_class_of_its_tag(recording: Recording) -> None:
    told = openai_chat.read_error(recording["status"], (recording["response_body"] or "").encode())
    tagged = {CLASSES_BY_TAG[tag] for tag in recording["features"] if tag in CLASSES_BY_TAG}
    failure = told.failure or class_of_status(recording["status"])

    assert told.message
    if tagged and recording["id"] not in MISTAGGED:
        assert {failure} == tagged


def relayed(pieces: list[bytes], *, keep_usage: bool = True) -> tuple[ForwardingRelay, bytes]:
    relay = ForwardingRelay(openai_chat, keep_usage=keep_usage)
    out = b"".join(relay.feed(piece) for piece in pieces)
    return relay, out + relay.finish() + relay.last_event


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


def forwarded(stream: bytes) -> bytes:
    """A stream up to its error, with it."""
    events = sse.split(stream)
    error = next((n for n, event in enumerate(events) if b'"error":{' in event), len(events))
    return b"".join(events[: error + 1])


def chunks(stream: bytes) -> Iterator[dict[str, Any]]:
    for event in sse.split(stream):
        data = sse.parse(event).data
        if data is not None and data != b"[DONE]":
            yield json.loads(data)


def usages(chunk: dict[str, Any]) -> Iterator[dict[str, Any]]:
    usage = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")
    if usage:
        yield usage


def has_content(chunk: dict[str, Any]) -> bool:
    deltas = [choice.get("delta") or {} for choice in chunk.get("choices") or []]
    return any(delta.get(name) for delta in deltas for name in CONTENT)


def assert_counted(told: dict[str, Any] | None, usage: Usage | None) -> None:
    """Nothing told is lost: each count is at least what the provider says, and together they reach its total."""
    assert bool(told) == (usage is not None)
    if told and usage:
        assert usage.input_tokens >= (told.get("prompt_tokens") or 0)
        assert usage.output_tokens >= (told.get("completion_tokens") or 0)
        assert usage.input_tokens + usage.output_tokens >= (told.get("total_tokens") or 0)
        assert usage.cached_input_tokens <= usage.input_tokens
