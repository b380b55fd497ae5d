"""Real traffic of Anthropic Messages goes through the dialect, the relay and the hub unharmed."""

import json
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import ToolUse
from llmgw.chat.events import Event
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.errors import FailureClass, StreamCutError
from llmgw.routing.outcome import class_of_status
from llmgw.wire import sse
from tests.conformance.traffic import OPEN, REPORTED, Recording, recordings

CLASSES_BY_TAG = {
    "err.auth": FailureClass.UNAUTHORIZED,
    "err.not_found": FailureClass.NOT_FOUND,
    "err.rate_limit": FailureClass.RATE_LIMITED,
    "err.context_length": FailureClass.CONTEXT_LENGTH,
    "err.content_filter": FailureClass.CONTENT_FILTER,
}
NO_EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
# What the hub has no word for: the provider's own tools, and what rides along only between equals.
FOREIGN_BLOCKS = {"server_tool_use", "web_search_tool_result", "tool_addition"}
FOREIGN_FIELDS = {"context_management", "service_tier"}
TOOL_SETTINGS = {"defer_loading", "input_examples"}


def is_messages(recording: Recording) -> bool:
    """Messages itself, and Claude on Bedrock, whose bodies are the same but for the model's place."""
    return recording["wire"] == "anthropic.messages" or is_claude_on_bedrock(recording)


def is_claude_on_bedrock(recording: Recording) -> bool:
    sent = recording.get("request_body")
    return recording["wire"].startswith("bedrock.invoke") and isinstance(sent, dict) and "anthropic_version" in sent


RECORDINGS = [record for record in recordings(REPORTED) if is_messages(record)]
GOOD = [record for record in RECORDINGS if record["status"] == 200 and record.get("response_body")]
STREAMS = [record for record in GOOD if record["streaming"] and "event: error" not in record["response_body"]]
BROKEN = [record for record in GOOD if record["streaming"] and "event: error" in record["response_body"]]
ANSWERS = [record for record in GOOD if not record["streaming"]]
ERRORS = [record for record in RECORDINGS if record["status"] >= 400 and record["wire"] == "anthropic.messages"]
REQUESTS = [record for record in RECORDINGS if record.get("request_body_kind") == "json"]


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
    request = anthropic_messages.read_request(json.dumps(sent).encode(), model=recording["model"])
    body, dropped = anthropic_messages.write_request(request, NO_EDITS)

    assert {**sent, "model": "up"} == json.loads(body)
    assert (bool(sent.get("stream")), True, ()) == (request.stream, request.wants_usage, dropped)
    assert (bool(sent.get("tools")), sent["max_tokens"]) == (request.tools, request.max_tokens)


@each(ANSWERS)
def test_every_answer_is_read_with_its_usage(recording: Recording) -> None:
    told = json.loads(recording["response_body"])
    answer = anthropic_messages.read_answer(recording["response_body"].encode())

    assert counted(told["usage"]) == answer.usage
    assert told["stop_reason"] == answer.finish


@each(STREAMS)
def test_every_stream_passes_byte_for_byte_however_it_was_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    end = stream.index(b"\n\n", stream.index(b"event: message_stop")) + 2  # one has OpenAI's end mark after it
    for pieces in splits(stream):
        relay, out = relayed(pieces)

        assert stream[:end] == out
        assert (relay.committed, relay.whole, relay.broken) == (True, True, None)


@each(STREAMS)
def test_of_every_stream_the_usage_is_the_last_word_of_each_count(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    told: dict[str, Any] = {}
    for data in datas(stream):
        told |= (data.get("message") or {}).get("usage") or data.get("usage") or {}
    relay, _ = relayed([stream])

    assert counted(told) == relay.usage


@each(STREAMS)
def test_of_every_stream_nothing_is_sent_before_its_first_content(recording: Recording) -> None:
    relay = ForwardingRelay(anthropic_messages, keep_usage=True)
    for event in sse.split(recording["response_body"].encode()):
        sent = relay.feed(event)
        if any(map(has_content, datas(event))):
            assert sent.endswith(event)
            return
        assert sent == b""


@each(STREAMS)
def test_every_stream_that_is_cut_before_its_end_is_seen_to_be_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    whole = stream[: stream.index(b"event: message_delta")]
    parts = sse.split(whole)
    for place in range(len(parts) + 1):
        with pytest.raises(StreamCutError):
            relayed([b"".join(parts[:place])])


@each(BROKEN)
def test_an_error_amid_the_stream_is_seen(recording: Recording) -> None:
    relay, out = relayed([recording["response_body"].encode()])

    assert recording["response_body"].encode() == out
    assert relay.broken is not None
    assert relay.broken.plain
    assert relay.broken.failure is FailureClass.OVERLOADED


@each(ERRORS)
def test_every_error_gets_the_class_of_its_tag(recording: Recording) -> None:
    told = anthropic_messages.read_error(recording["status"], (recording["response_body"] or "").encode())
    tagged = {CLASSES_BY_TAG[tag] for tag in recording.get("features", ()) if tag in CLASSES_BY_TAG}
    failure = told.failure or class_of_status(recording["status"])

    assert told.message
    assert told.plain
    assert failure is not FailureClass.PROTOCOL
    if tagged:
        assert {failure} == tagged


# Through the hub.


@each(REQUESTS)
def test_every_request_says_the_same_after_the_hub_but_for_what_it_has_no_word_for(recording: Recording) -> None:
    sent = recording["request_body"]
    request = anthropic_messages.read_request(json.dumps(sent).encode(), model=recording["model"])
    conversation = anthropic_messages.read_conversation(request)
    edits = Edits(recording["model"], {}, {}, frozenset(), ask_usage=True)
    body, dropped = anthropic_messages.write_conversation(conversation, edits)

    assert plain_request({**sent, "model": recording["model"]}) == plain_request(json.loads(body))
    assert lost(sent) == set(dropped)


@each(STREAMS + BROKEN)
def test_every_stream_written_again_says_the_same(recording: Recording) -> None:
    told = decoded(recording["response_body"].encode())
    encoder = anthropic_messages.encoder(anthropic_messages.read_request(b'{"model":"m","messages":[]}'))
    again = encoder.write(told) + (b"" if recording in BROKEN else encoder.end())

    assert [event for event in told if not isinstance(event, events.Failed)] == decoded(again)


@each(STREAMS)
def test_every_stream_says_the_same_as_its_answer_at_once(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    whole = json.dumps(at_once(stream)).encode()

    assert told_once(anthropic_messages.read_events(whole)) == told_once(decoded(stream))


@each(ANSWERS)
def test_every_answer_says_the_same_after_the_hub(recording: Recording) -> None:
    answer = fold(anthropic_messages.read_events(recording["response_body"].encode()))
    again = anthropic_messages.write_answer(answer, ChatRequest("m", {}))

    assert answer == fold(anthropic_messages.read_events(again))


@each(ANSWERS)
def test_every_answer_at_once_can_be_streamed(recording: Recording) -> None:
    told = anthropic_messages.read_events(recording["response_body"].encode())
    encoder = anthropic_messages.encoder(anthropic_messages.read_request(b'{"model":"m","messages":[]}'))
    stream = encoder.write(told) + encoder.end()

    assert fold(told) == fold(decoded(stream))


def relayed(pieces: list[bytes]) -> tuple[ForwardingRelay, bytes]:
    """As the gateway pumps: nothing is read after the end mark."""
    relay = ForwardingRelay(anthropic_messages, keep_usage=True)
    out = b""
    for piece in pieces:
        out += relay.feed(piece)
        if relay.whole or relay.broken:
            return relay, out + relay.last_event
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


def decoded(stream: bytes) -> list[Event]:
    decoder = anthropic_messages.decoder()
    return [event for part in sse.split(stream) for event in decoder.read(part)]


def datas(stream: bytes) -> Iterator[dict[str, Any]]:
    for event in sse.split(stream):
        data = sse.parse(event).data
        if data is not None and data != b"[DONE]":
            yield json.loads(data)


def has_content(data: dict[str, Any]) -> bool:
    block, delta = data.get("content_block") or {}, data.get("delta") or {}
    named = {"text", "thinking", "signature", "partial_json", "citation"}
    is_other = bool(block) and block["type"] not in {"text", "thinking"}
    return is_other or any(block.get(name) or delta.get(name) for name in named)


def counted(told: dict[str, Any]) -> Usage:
    read, written = told.get("cache_read_input_tokens") or 0, told.get("cache_creation_input_tokens") or 0
    return Usage(
        input_tokens=told["input_tokens"] + read + written,
        output_tokens=told["output_tokens"],
        cached_input_tokens=read,
        cache_write_input_tokens=written,
        reasoning_tokens=(told.get("output_tokens_details") or {}).get("thinking_tokens") or 0,
    )


def at_once(stream: bytes) -> dict[str, Any]:
    """The message that the SDK would have made of the stream."""
    message: dict[str, Any] = {}
    inputs: dict[int, str] = {}
    for data in datas(stream):
        match data["type"]:
            case "message_start":
                message = data["message"]
            case "content_block_start":
                message["content"].append(data["content_block"])
            case "content_block_delta":
                grow(message["content"][data["index"]], data["delta"], data["index"], inputs)
            case "message_delta":
                message |= {name: value for name, value in data["delta"].items() if value is not None}
                message["usage"] |= data["usage"]
    for index, text in inputs.items():
        if text:
            message["content"][index]["input"] = json.loads(text)
    return message


def told_once(told: list[Event]) -> Answer:
    """Arguments are JSON: spaces in it say nothing."""
    answer = fold(told)
    calls = [part for part in answer.parts if isinstance(part, ToolUse)]
    same = {id(call): replace(call, arguments=json.dumps(json.loads(call.arguments))) for call in calls}
    return replace(answer, parts=tuple(same.get(id(part), part) for part in answer.parts))


def grow(block: dict[str, Any], delta: dict[str, Any], index: int, inputs: dict[int, str]) -> None:
    for name in ("text", "thinking", "signature"):
        if name in delta:
            block[name] = block.get(name, "") + delta[name]
    if "partial_json" in delta:
        inputs[index] = inputs.get(index, "") + delta["partial_json"]
    if "citation" in delta:
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]


# What is the same, said in another way.


def plain_request(body: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in body.items() if name not in FOREIGN_FIELDS and value not in (None, False)}
    plain.pop("anthropic_version", None)  # Bedrock's word for the header
    plain["messages"] = plain_messages(body["messages"])
    if body.get("system"):
        plain["system"] = plain_content(body["system"])
    if body.get("tools"):
        plain["tools"] = [plain_tool(tool) for tool in body["tools"] if "input_schema" in tool]
        if not plain["tools"]:
            del plain["tools"]
            plain.pop("tool_choice", None)  # of a tool of the provider's own
    if "output_format" in plain:  # its name before it moved
        plain["output_config"] = {"format": plain.pop("output_format")}
    return plain


def plain_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of one role are one message; one of which nothing can be said is none."""
    plain: list[dict[str, Any]] = []
    for message in messages:
        role, content = message["role"], plain_content(message["content"])
        if role == "system":  # not every model takes it amid the messages
            role = "user"
            content = [{**block, "text": f"<system>\n{block['text']}\n</system>"} for block in content]
        if plain and plain[-1]["role"] == role:
            plain[-1]["content"] += content
        elif content:
            plain.append({"role": role, "content": content})
    return plain


def plain_content(content: Any) -> list[dict[str, Any]]:
    """Text is a block of text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [plain_block(block) for block in content if block["type"] not in FOREIGN_BLOCKS]


def plain_block(block: dict[str, Any]) -> dict[str, Any]:
    """The mark of five minutes need not say so."""
    plain = {name: value for name, value in block.items() if value not in (None, False, [])}
    if "cache_control" in plain:
        plain["cache_control"] = {"ttl": "5m", **plain["cache_control"]}
    if block["type"] == "tool_result":
        plain["content"] = plain_content(block.get("content") or [])
    if block["type"] == "document":
        plain.pop("citations", None)  # a switch that the hub has no word for
    return plain


def plain_tool(tool: dict[str, Any]) -> dict[str, Any]:
    plain = plain_block({"type": "custom", **tool})
    return {name: value for name, value in plain.items() if value != "" and name not in TOOL_SETTINGS}


def lost(sent: dict[str, Any]) -> set[str]:
    """The names of all that the hub has no word for."""
    fields = {name for name in sent if name in FOREIGN_FIELDS | {"anthropic_version"}}
    tools = {f"tools.{tool['type']}" for tool in sent.get("tools") or () if "input_schema" not in tool}
    blocks = [block for message in sent["messages"] for block in message["content"] if isinstance(block, dict)]
    kinds = {f"messages.{block['type']}" for block in blocks if block["type"] in FOREIGN_BLOCKS}
    cited = {"messages.document.citations" for block in blocks if block["type"] == "document" and block["citations"]}
    beside = {name for tool in sent.get("tools") or () for name in TOOL_SETTINGS if tool.get(name)}
    return fields | tools | kinds | cited | beside
