"""Real traffic of many providers goes through the dialect, the relay and the hub unharmed."""

import json
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.events import Finish
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass, StreamCutError
from llmgw.routing.outcome import class_of_status
from llmgw.wire import sse
from tests.conformance.traffic import OPEN, Recording, recordings

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

RECORDINGS = [record for record in recordings() if record["wire"] == "openai.chat"]
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

    assert RECORDINGS


@each(REQUESTS)
def test_every_request_is_read_and_written_without_a_loss(recording: Recording) -> None:
    sent = recording["request_body"]
    request = openai_chat.read_request(json.dumps(sent).encode(), model=recording["model"] or "m")
    body, dropped = openai_chat.write_request(request, Edits(request.model, {}, {}, frozenset(), ask_usage=True))
    written = json.loads(body)
    asked = {"stream_options": {**(sent.get("stream_options") or {}), "include_usage": True}} if request.stream else {}

    assert {**sent, **asked, "model": request.model} == written
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


# Between dialects: every request, stream and answer is read by a plain fold of its JSON, too, and both must agree.

FOLLOWING = "Of the tool call "  # what is no text in a tool's result follows as the user's, and is no word of theirs

# Fields that are read as something else, or of which only the words differ.
READ_AS_SOMETHING_ELSE = {
    "max_completion_tokens": "written as max_tokens, which all take",
    "thinking": "an effort, of which the older way is written",
    "reasoning": "likewise",
    "functions": "written as tools",
    "stream_options": "asked for by the target",
    "metadata": "OpenAI takes it only for answers that it is to store",
    "top_k": "not of OpenAI",
    "model": "the target's",
}


@each(REQUESTS)
def test_every_conversation_is_read_and_written_again(recording: Recording) -> None:
    sent = recording["request_body"]
    request = openai_chat.read_request(json.dumps(sent).encode(), model=recording["model"] or "m")
    conversation = openai_chat.read_conversation(request)
    edits = Edits("up", {}, {}, frozenset(), ask_usage=False, thoughts_field="reasoning_content")
    body, dropped = openai_chat.write_conversation(conversation, edits)
    written = json.loads(body)
    no_word = {name for name in sent if sent[name] is not None} & set(dropped)

    assert plain_messages(sent["messages"]) == plain_messages(written["messages"])
    assert plain_fields(sent, no_word) == plain_fields(written, set())
    assert plain_tools(sent) == plain_tools(written)
    assert set(conversation.beyond) <= set(dropped)
    again = openai_chat.read_conversation(openai_chat.read_request(body))
    if FOLLOWING not in body.decode():
        assert openai_chat.write_conversation(again, edits)[0] == body


@each(STREAMS)
def test_every_stream_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    answer = decoded(stream)
    told = plain_fold([choice for chunk in chunks(stream) for choice in chunk.get("choices") or []], "delta")

    assert told == said(answer)
    assert (recording in BROKEN) == (answer.error is not None)
    if recording not in BROKEN:
        assert finish_of(told, [c for chunk in chunks(stream) for c in chunk.get("choices") or []]) == answer.finish
    relay, _ = relayed([stream])
    assert relay.usage == answer.usage


@each(ANSWERS)
def test_every_answer_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    body = recording["response_body"].encode()
    answer = fold(openai_chat.read_events(body))
    told = plain_fold(json.loads(body)["choices"], "message")

    assert told == said(answer)
    assert finish_of(told, json.loads(body)["choices"]) == answer.finish
    assert openai_chat.read_answer(body).usage == answer.usage


@each(STREAMS)
def test_every_stream_that_is_written_anew_says_the_same(recording: Recording) -> None:
    if recording in BROKEN:
        pytest.skip("an error ends it: there is no end to be written")
    stream = recording["response_body"].encode()
    decoder, encoder = openai_chat.decoder(), openai_chat.encoder(ChatRequest("m", {}, wants_usage=True))
    out = b"".join(encoder.write(decoder.read(event)) for event in sse.split(stream)) + encoder.end()
    first = decoded(stream)

    assert said(decoded(out)) == said(first)
    assert [decoded(out).finish, decoded(out).usage] == [first.finish, first.usage]
    assert decoded(out).model == (first.model or "m")
    assert sse.split(out)[-1] == b"data: [DONE]\n\n"


@each(ANSWERS)
def test_every_answer_that_is_written_anew_says_the_same(recording: Recording) -> None:
    first = fold(openai_chat.read_events(recording["response_body"].encode()))
    again = fold(openai_chat.read_events(openai_chat.write_answer(first, ChatRequest("m", {}))))

    if first.usage is not None:  # who served it is not said again: that is the gateway's matter
        first = msgspec.structs.replace(first, usage=msgspec.structs.replace(first.usage, service_tier=""))

    assert said(again) == said(first)
    assert [again.finish, again.usage, again.model] == [first.finish, first.usage, first.model]


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


def decoded(stream: bytes) -> Answer:
    decoder = openai_chat.decoder()
    return fold(new for event in sse.split(stream) for new in decoder.read(event))


def said(answer: Answer) -> dict[str, Any]:
    """What an answer says, each kind in one piece."""

    def texts(kind: type[Text | Reasoning | Refusal]) -> str:
        return "".join(part.text for part in answer.parts if isinstance(part, kind))

    calls = [part for part in answer.parts if isinstance(part, ToolUse)]
    return {
        "content": texts(Text),
        "reasoning": texts(Reasoning).replace("\n", ""),  # thoughts are parted by two
        "refusal": texts(Refusal),
        "calls": [
            ("" if call.id.startswith(f"call_{answer.id}_") else call.id, call.name, call.arguments) for call in calls
        ],
        "signatures": [part.signature for part in answer.parts if isinstance(part, Reasoning) and part.signature],
    }


def plain_fold(choices: list[dict[str, Any]], place: str) -> dict[str, Any]:
    """The first choice of all these, folded as naively as can be."""
    told: dict[str, Any] = {"content": "", "reasoning": "", "refusal": "", "signatures": []}
    calls: dict[int, list[str]] = {}
    for choice in choices:
        if choice.get("index", 0) != 0:
            continue
        message = choice.get(place) or {}
        content: Any = message.get("content") or ""
        parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for part in parts:
            if part["type"] == "thinking":
                told["reasoning"] += "".join(thought["text"] for thought in part["thinking"]).replace("\n", "")
            else:
                told["content"] += part["text"]
        details = message.get("reasoning_details") or []
        plain = message.get("reasoning_content") or message.get("reasoning") or ""
        told["reasoning"] += (plain or "".join(detail.get("text") or "" for detail in details)).replace("\n", "")
        told["signatures"] += [detail["signature"] for detail in details if detail.get("signature")]
        googles = ((message.get("extra_content") or {}).get("google") or {}).get("thought_signature")
        told["signatures"] += [googles] if googles else []
        told["refusal"] += message.get("refusal") or ""
        pieces = list(message.get("tool_calls") or [])
        if (message.get("function_call") or {}).get("name"):
            pieces.append({"function": message["function_call"]})
        for n, piece in enumerate(pieces):
            call = calls.setdefault(piece.get("index", n), ["", "", ""])
            call[0] = call[0] or piece.get("id") or ""
            call[1] = call[1] or piece["function"].get("name") or ""
            call[2] += piece["function"].get("arguments") or ""
    return {**told, "calls": [(id_, name, arguments or "{}") for id_, name, arguments in calls.values()]}


FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.CONTENT_FILTER}


def finish_of(told: dict[str, Any], choices: list[dict[str, Any]]) -> Finish:
    """The first reason; what ends well with a call or a refusal ends with that."""
    reasons = [choice["finish_reason"] for choice in choices if not choice.get("index") and choice.get("finish_reason")]
    good = Finish.TOOL_USE if told["calls"] else Finish.REFUSAL if told["refusal"] else Finish.STOP
    return FINISHES.get(reasons[0], good) if reasons else good


def plain_messages(messages: list[dict[str, Any]]) -> list[Any]:
    """Who said what: one text is a string, null is nothing, one kind of instructions, those at the start are one."""
    plain: list[Any] = []
    users = [n for n, one in enumerate(messages) if one["role"] == "user" and FOLLOWING not in str(one["content"])]
    thoughts_from = max(users, default=-1)
    for n, message in enumerate(messages):
        role = {"developer": "system", "function": "tool"}.get(message["role"], message["role"])
        parts = plain_parts(message.get("content"))
        if role == "tool" and any(kind != "text" for kind, _ in parts):
            parts, shown = [part for part in parts if part[0] == "text"], [part for part in parts if part[0] != "text"]
            plain.append((role, parts, []))
            plain.append(("user", shown, []))
            continue
        if role == "system" and plain and all(one[0] == "system" for one in plain):
            plain[-1] = (role, joined([*plain[-1][1], *parts]), [])
            continue
        calls = [
            (call["id"], call["function"]["name"], call["function"]["arguments"])
            for call in message.get("tool_calls") or []
        ]
        thought = message.get("reasoning_content") or message.get("reasoning") or ""
        details = "".join(detail.get("text") or "" for detail in message.get("reasoning_details") or [])
        thoughts = [thought or details] if role == "assistant" and n > thoughts_from and (thought or details) else []
        plain.append((role, joined(parts) if role in ("system", "assistant", "tool") else parts, [*calls, *thoughts]))
    return plain


def plain_parts(content: Any) -> list[tuple[str, str]]:
    if content is None or content == "":
        return []
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [
        (part["type"], part["text"] if part["type"] == "text" else json.dumps(part.get(part["type"]), sort_keys=True))
        for part in parts
        if part["type"] != "thinking" and not str(part.get("text", "")).startswith(FOLLOWING)
    ]


def joined(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Several texts are one, whatever stands between them."""
    texts = "".join(text for kind, text in parts if kind == "text").replace("\n", "")
    return [("text", texts)] if texts else []


def plain_fields(body: dict[str, Any], no_word: set[str]) -> dict[str, Any]:
    """All but messages and tools; what is null, or as good as absent, is absent."""
    told = {name: value for name, value in body.items() if value is not None and name not in no_word}
    absent = {"tool_choice": ("auto",), "stream": (False,), "n": (1,), "response_format": ({"type": "text"},)}
    plain = {name: value for name, value in told.items() if value not in absent.get(name, ())}
    cap = plain.get("max_completion_tokens") or plain.get("max_tokens")
    for name in (*READ_AS_SOMETHING_ELSE, "messages", "tools", "reasoning_effort", "function_call", "max_tokens"):
        plain.pop(name, None)
    if plain.get("tool_choice") == "any":
        plain["tool_choice"] = "required"
    schema = (plain.get("response_format") or {}).get("json_schema")
    if schema:
        plain["response_format"] = {"type": "json_schema", "json_schema": {"name": "response", **schema}}
    return {**plain, "cap": cap, "effort": plain_effort(body)}


def plain_effort(body: dict[str, Any]) -> str | None:
    if body.get("thinking"):
        return None if body["thinking"]["type"] == "disabled" else "medium"
    if body.get("reasoning"):
        return body["reasoning"].get("effort") or {1024: "low", 2000: "medium"}[body["reasoning"]["max_tokens"]]
    level: str | None = body.get("reasoning_effort")
    return None if level == "none" else level


def plain_tools(body: dict[str, Any]) -> list[dict[str, Any]]:
    functions = [tool["function"] for tool in body.get("tools") or [] if "function" in tool]
    tools = [*functions, *(body.get("functions") or [])]
    return [{name: value for name, value in tool.items() if value not in (None, "")} for tool in tools]


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
