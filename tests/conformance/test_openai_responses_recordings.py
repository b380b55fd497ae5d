"""Real traffic of OpenAI Responses, of nine providers, goes through the dialect, the relay and the hub unharmed.

Other recordings may be put in their place: so what is expected is worked out here, naively, for whatever may come.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, ToolUse
from llmgw.chat.events import Event
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.signatures import OPENAI
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.dialect import openai_responses
from llmgw.errors import FailureClass, StreamCutError, UpstreamProtocolError
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
NO_MONEY = "insufficient_quota"  # tagged as a rate limit, for it comes with status 429
NO_EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
ENDS = ("response.completed", "response.incomplete")
# All else rides along only between equals.
KNOWN_FIELDS = {
    *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning", "include"),
    *("max_output_tokens", "temperature", "top_p", "top_logprobs", "user", "safety_identifier", "metadata"),
    *("stream", "stream_options", "store", "background", "truncation", "service_tier"),
}
USUAL = {"truncation": "disabled", "service_tier": "auto", "store": False, "background": False}
KNOWN_ITEMS = {"message", "function_call", "function_call_output", "reasoning"}
NO_SCHEMA = {"type": "object", "properties": {}}
PROOFS, LOGPROBS = "reasoning.encrypted_content", "message.output_text.logprobs"
TRIMMED = "delta events removed"  # by the recorder, so that the deltas are less than the whole


def has_failed(recording: Recording) -> bool:
    """Whether a stream tells an error."""
    told = {data.get("type") for data in datas(recording["response_body"].encode())}
    return bool(told & {"error", "response.failed"})


def datas(stream: bytes) -> Iterator[dict[str, Any]]:
    for event in sse.split(stream):
        data = sse.parse(event).data
        if data is not None and data.strip() not in (b"", b"[DONE]"):
            yield json.loads(data)


RECORDINGS = [record for record in recordings(REPORTED) if record["wire"] == "openai.responses"]
GOOD = [record for record in RECORDINGS if record["status"] == 200 and record.get("response_body")]
STREAMS = [record for record in GOOD if record["streaming"] and not has_failed(record)]
BROKEN = [record for record in GOOD if record["streaming"] and has_failed(record)]
ANSWERS = [record for record in GOOD if not record["streaming"]]
ERRORS = [record for record in RECORDINGS if record["status"] >= 400]
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
    request = openai_responses.read_request(json.dumps(sent).encode(), model=recording["model"] or "m")
    body, dropped = openai_responses.write_request(request, NO_EDITS)

    assert {**sent, "model": "up"} == json.loads(body)
    assert (bool(sent.get("stream")), True, ()) == (request.stream, request.wants_usage, dropped)
    assert (bool(sent.get("tools")), sent.get("max_output_tokens") or 0) == (request.tools, request.max_tokens)


@each(ANSWERS)
def test_every_answer_is_read_with_its_usage(recording: Recording) -> None:
    told = json.loads(recording["response_body"])
    answer = openai_responses.read_answer(recording["response_body"].encode())

    assert counted(told["usage"]) == answer.usage
    assert answer.finish in {told["status"], (told["incomplete_details"] or {}).get("reason")}


@each(STREAMS)
def test_every_stream_passes_byte_for_byte_however_it_was_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    whole = up_to_its_end(stream)
    for pieces in splits(stream):
        relay, out = relayed(pieces)

        assert whole == out
        assert (relay.committed, relay.whole, relay.broken) == (True, True, None)


@each(STREAMS)
def test_of_every_stream_the_usage_is_that_of_its_end(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    relay, _ = relayed([stream])

    assert counted(at_once(stream)["usage"]) == relay.usage


@each(STREAMS)
def test_of_every_stream_nothing_is_sent_before_its_first_content(recording: Recording) -> None:
    relay = ForwardingRelay(openai_responses, keep_usage=True)
    for event in sse.split(recording["response_body"].encode()):
        sent = relay.feed(event)
        if any(map(has_content, datas(event))):
            assert sent.endswith(event)
            return
        assert sent == b""


@each(STREAMS)
def test_every_stream_that_is_cut_before_its_end_is_seen_to_be_cut(recording: Recording) -> None:
    parts = sse.split(up_to_its_end(recording["response_body"].encode()))
    for place in range(0, len(parts), max(1, len(parts) // 50)):
        with pytest.raises(StreamCutError):
            relayed([b"".join(parts[:place])])


@each(BROKEN)
def test_an_error_leads_to_another_attempt_or_ends_the_stream(recording: Recording) -> None:
    try:
        relay, _ = relayed([recording["response_body"].encode()])
    except UpstreamProtocolError as error:
        failure: FailureClass | None = error.failure
    else:
        assert relay.broken is not None
        failure = relay.broken.failure

    if NO_MONEY in recording["response_body"]:
        assert failure is FailureClass.QUOTA_EXHAUSTED
    elif "rate_limit_exceeded" in recording["response_body"]:
        assert failure is FailureClass.RATE_LIMITED


@each(ERRORS)
def test_every_error_gets_the_class_of_its_tag(recording: Recording) -> None:
    told = openai_responses.read_error(recording["status"], (recording["response_body"] or "").encode())
    tagged = {CLASSES_BY_TAG[tag] for tag in recording.get("features", ()) if tag in CLASSES_BY_TAG}
    failure = told.failure or class_of_status(recording["status"])

    assert told.message
    assert failure is not FailureClass.PROTOCOL
    if NO_MONEY in (recording["response_body"] or ""):
        assert failure is FailureClass.QUOTA_EXHAUSTED
    elif tagged and "previous_response" not in recording["response_body"]:  # that is no model, and no way on
        assert failure in tagged


# Through the hub.


@each(REQUESTS)
def test_every_request_says_the_same_after_the_hub_but_for_what_it_has_no_word_for(recording: Recording) -> None:
    sent = recording["request_body"]
    request = openai_responses.read_request(json.dumps(sent).encode(), model=recording["model"] or "m")
    conversation = openai_responses.read_conversation(request)
    body, dropped = openai_responses.write_conversation(conversation, NO_EDITS)
    written = json.loads(body)
    again = openai_responses.read_conversation(openai_responses.read_request(body))

    assert plain_request(sent) == plain_request(written)
    assert (False, lost(sent)) == (written["store"], set(dropped))
    assert openai_responses.write_conversation(again, NO_EDITS) == (body, ())


@each(STREAMS)
def test_every_stream_written_again_says_the_same(recording: Recording) -> None:
    told = decoded(recording["response_body"].encode())
    encoder = openai_responses.encoder(openai_responses.read_request(b'{"model":"m","input":""}'))

    assert plain(told) == plain(decoded(encoder.write(told) + encoder.end()))


@each(STREAMS)
def test_every_stream_says_the_same_as_its_answer_at_once(recording: Recording) -> None:
    if TRIMMED in "".join(recording.get("notes") or ()):
        return
    stream = recording["response_body"].encode()
    whole = json.dumps(at_once(stream)).encode()

    assert plain(openai_responses.read_events(whole)) == plain(decoded(stream))


@each(ANSWERS)
def test_every_answer_says_the_same_after_the_hub(recording: Recording) -> None:
    told = openai_responses.read_events(recording["response_body"].encode())
    again = openai_responses.write_answer(fold(told), ChatRequest("m", {}))

    assert plain(told) == plain(openai_responses.read_events(again))


@each(ANSWERS)
def test_every_answer_at_once_can_be_streamed(recording: Recording) -> None:
    told = openai_responses.read_events(recording["response_body"].encode())
    encoder = openai_responses.encoder(openai_responses.read_request(b'{"model":"m","input":""}'))
    stream = encoder.write(told) + encoder.end()

    assert plain(told) == plain(decoded(stream))


def relayed(pieces: list[bytes]) -> tuple[ForwardingRelay, bytes]:
    """As the gateway pumps: nothing is read after the end mark."""
    relay = ForwardingRelay(openai_responses, keep_usage=True)
    out = b""
    for piece in pieces:
        out += relay.feed(piece)
        if relay.whole or relay.broken:
            return relay, out + (b"" if relay.committed else relay.finish()) + relay.last_event
    return relay, out + relay.finish() + relay.last_event


def at_once(stream: bytes) -> dict[str, Any]:
    """The response of its end, with the items as they were done: one backend leaves them out there."""
    told = list(datas(up_to_its_end(stream)))
    done = {data["output_index"]: data["item"] for data in told if data["type"] == "response.output_item.done"}
    return {**told[-1]["response"], "output": [done[index] for index in sorted(done)]}


def up_to_its_end(stream: bytes) -> bytes:
    """OpenRouter has an end mark after the end, and one recording four streams after each other."""
    parts = sse.split(stream)
    last = next(n for n, part in enumerate(parts) if any(data["type"] in ENDS for data in datas(part)))
    return b"".join(parts[: last + 1])


def splits(stream: bytes) -> Iterator[list[bytes]]:
    """At once, event by event, in small even pieces, and in uneven ones."""
    yield [stream]
    yield sse.split(stream)
    for size in (7, 64, 1000):
        yield [stream[place : place + size] for place in range(0, len(stream), size)]
    dice, places = Random(stream), [0]  # the same cuts every time
    while places[-1] < len(stream):
        places.append(places[-1] + dice.randint(1, 300))
    yield [stream[start:end] for start, end in pairwise(places)]


def decoded(stream: bytes) -> list[Event]:
    decoder = openai_responses.decoder()
    return [event for part in sse.split(stream) for event in decoder.read(part)]


def has_content(data: dict[str, Any]) -> bool:
    """A piece, or an item that is not an empty message or thought."""
    if data["type"] in ENDS:
        return any(has_content({"type": "", "item": item}) for item in data["response"]["output"])
    item = data.get("item")
    if item is None:
        return bool(
            data.get("delta") or data.get("text") or data.get("annotation") or (data.get("part") or {}).get("text")
        )
    said = [part.get("text") for name in ("content", "summary") for part in item.get(name) or ()]
    is_empty = item["type"] in {"message", "reasoning"} and not any(said) and not item.get("encrypted_content")
    return not is_empty


def counted(told: dict[str, Any] | None) -> Usage | None:
    if told is None:
        return None
    given, made = told.get("input_tokens_details") or {}, told.get("output_tokens_details") or {}
    cached = given.get("cached_tokens") or 0
    return Usage(
        input_tokens=told["input_tokens"] + (cached if cached > told["input_tokens"] else 0),
        output_tokens=told["output_tokens"],
        cached_input_tokens=cached,
        cache_write_input_tokens=given.get("cache_write_tokens") or 0,
        reasoning_tokens=made.get("reasoning_tokens") or 0,
    )


def plain(told: list[Event]) -> tuple[Answer, list[str]]:
    """What is said, and the proofs: their own ids change with the items that tell them, and some come late.

    Of arguments the values count.
    """
    answer = fold(event for event in told if not isinstance(event, events.Failed))
    thoughts = [part for part in answer.parts if isinstance(part, Reasoning)]
    proofs = [thought.signature.partition(" ")[2] for thought in thoughts if thought.issuer == OPENAI]
    parts = [part for part in map(plain_part, answer.parts) if part is not None]
    return replace(answer, id="", model="", parts=tuple(parts)), proofs


def plain_part(part: Any) -> Any:
    if isinstance(part, Reasoning):
        return Reasoning(part.text) if part.text else None
    if isinstance(part, ToolUse):
        return replace(part, arguments=plain_json(part.arguments))
    return part


def plain_json(text: str) -> str:
    try:
        return json.dumps(json.loads(text or "{}"))
    except ValueError:
        return text  # cut short


def plain_request(body: dict[str, Any]) -> dict[str, Any]:
    """What is said, by whom, in which order, whatever the form; and the settings that mean something."""
    told = body.get("input")
    items = [{"role": "user", "content": told}] if isinstance(told, str) else told or []
    said = [one for item in items for one in plain_item(item)]
    if body.get("instructions"):
        said = [("system", "text", body["instructions"]), *said]
    tools = [tool for tool in body.get("tools") or () if tool["type"] == "function"]
    form = (body.get("text") or {}).get("format") or {"type": "text"}
    effort = (body.get("reasoning") or {}).get("effort") or "none"
    return {
        "said": together(said),
        "tools": [(tool["name"], tool.get("description") or "", tool.get("parameters") or NO_SCHEMA) for tool in tools],
        "strict": [bool(tool.get("strict")) for tool in tools],
        "choice": plain_choice(body.get("tool_choice")) if tools else "auto",
        "parallel": body.get("parallel_tool_calls") if tools else None,
        "format": {name: value for name, value in form.items() if value is not None},
        "effort": {"xhigh": "high", "max": "high"}.get(effort, effort),
        **{name: body.get(name) for name in ("max_output_tokens", "temperature", "top_p")},
        "stream": bool(body.get("stream")),
    }


def plain_item(item: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    match item.get("type") or "message":
        case "function_call":
            yield "call", item["call_id"], item["name"], item["arguments"] or "{}"
        case "function_call_output":
            yield "result", item["call_id"], *plain_content(item["output"])
        case "reasoning" if item.get("encrypted_content"):  # without it, it is only in its store
            texts = [part["text"] for part in item.get("content") or item.get("summary") or ()]
            yield "thought", item.get("id"), item["encrypted_content"], "\n\n".join(texts)
        case "message" if "role" in item:
            role = "system" if item["role"] == "developer" else item["role"]
            yield from (
                (role, "text" if isinstance(one, str) else "other", one) for one in plain_content(item["content"])
            )


def plain_content(content: Any) -> list[Any]:
    """Texts, and what images and files there are."""
    parts = [{"text": content}] if isinstance(content, str) else content
    names = ("text", "refusal", "image_url", "file_url", "file_id", "file_data")
    return [part[name] if name == "text" else (name, part[name]) for part in parts for name in names if part.get(name)]


def together(said: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Instructions beside each other are one text, and a thought that nothing follows is left out."""
    joined: list[tuple[Any, ...]] = []
    for one in said:
        if joined and one[0] == joined[-1][0] == "system":
            joined[-1] = ("system", "text", f"{joined[-1][2]}\n\n{one[2]}")
        else:
            joined.append(one)
    rows = pairwise([*joined, ("end",)])
    return [one for one, after in rows if one[0] != "thought" or after[0] in {"thought", "assistant", "call"}]


def plain_choice(told: Any) -> Any:
    if isinstance(told, dict):
        return told if told.get("type") == "function" else told.get("mode", "auto")
    return told or "auto"


def lost(sent: dict[str, Any]) -> set[str]:
    """The names of all that has no word in the hub, unless it says what would be so anyway."""
    items = [item for item in sent.get("input") or () if isinstance(item, dict)]
    kinds = {item.get("type") or ("message" if "role" in item else "item_reference") for item in items}
    marked = {"cache_control"} if "prompt_cache_breakpoint" in json.dumps(sent) else set()
    return {
        *(name for name, value in sent.items() if name not in KNOWN_FIELDS and value not in (None, "")),
        *(name for name, usual in USUAL.items() if sent.get(name) not in (None, usual)),
        *(["include"] if set(sent.get("include") or ()) - {PROOFS, LOGPROBS} else []),
        *(f"tools.{tool['type']}" for tool in sent.get("tools") or () if tool["type"] != "function"),
        *(f"input.{kind}" for kind in kinds - KNOWN_ITEMS),
        *(["input.phase"] if any(item.get("phase") for item in items) else []),
        *(f"reasoning.{name}" for name in (sent.get("reasoning") or {}).keys() - {"effort", "summary"}),
        *(["thinking"] if (sent.get("reasoning") or {}).get("effort") == "none" else []),
        *(["text.verbosity"] if (sent.get("text") or {}).get("verbosity") else []),
        *marked,
    }
