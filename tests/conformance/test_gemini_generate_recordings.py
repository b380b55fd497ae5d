"""Real traffic of Gemini, at Google AI Studio and on Vertex AI, goes through the dialect, the relay and the hub."""

import dataclasses
import json
from collections.abc import Iterator
from itertools import groupby, pairwise
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, ToolUse
from llmgw.chat.departures import Departures
from llmgw.chat.events import Event, Finish
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_generate.dialect import gemini_generate
from llmgw.errors import FailureClass, StreamCutError
from llmgw.routing.outcome import class_of_status
from llmgw.wire import sse
from tests.conformance.traffic import OPEN, REPORTED, Recording, recordings

WIRES = frozenset({"gemini.generateContent", "gemini.streamGenerateContent"})
CLASSES_BY_TAG = {
    "err.auth": FailureClass.UNAUTHORIZED,
    "err.not_found": FailureClass.NOT_FOUND,
    "err.rate_limit": FailureClass.RATE_LIMITED,
    "err.context_length": FailureClass.CONTEXT_LENGTH,
    "err.content_filter": FailureClass.CONTENT_FILTER,
}
NO_EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
NAMED_SO = frozenset({"model", "contents", "systemInstruction", "tools", "toolConfig", "generationConfig"})
SAID_PARTS = frozenset({"text", "thought", "thoughtSignature", "functionCall"})
ELSEWHERE = "skip_thought_signature_validator"


RECORDINGS = [record for record in recordings(REPORTED) if record["wire"] in WIRES]
GOOD = [record for record in RECORDINGS if record["status"] == 200 and record.get("response_body")]
STREAMS = [record for record in GOOD if record["streaming"]]
ANSWERS = [record for record in GOOD if not record["streaming"]]
ERRORS = [record for record in RECORDINGS if record["status"] >= 400]
REQUESTS = [record for record in RECORDINGS if record.get("request_body_kind") == "json"]
COUNTS = [record for record in recordings() if record["wire"] == "gemini.countTokens" and record["status"] == 200]


def each(chosen: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", chosen, ids=lambda recording: recording["id"])


def test_the_recordings_are_there() -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: conformance with real traffic is NOT tested (set LLMGW_TRAFFIC)")

    assert RECORDINGS


# Counts.


@each(COUNTS)
def test_a_count_is_asked_for_and_read_as_google_does(recording: Recording) -> None:
    asked, is_gemini = recording["request_body"], "generativelanguage" in recording["host"]
    departs = Departures(count_field="generateContentRequest") if is_gemini else NO_EDITS.departures
    edits = dataclasses.replace(NO_EDITS, model=recording["model"], departures=departs)
    request = gemini_generate.read_count_request(json.dumps(asked).encode(), recording["model"])
    body, dropped = gemini_generate.write_count_request(request, edits)

    assert (json.loads(body), dropped) == (asked, ())
    assert (
        gemini_generate.read_count(recording["response_body"].encode())
        == (json.loads(recording["response_body"])["totalTokens"])
    )


# As it came.


@each(REQUESTS)
def test_every_request_is_read_and_written_without_a_loss(recording: Recording) -> None:
    sent = recording["request_body"]
    request = gemini_generate.read_request(json.dumps(sent).encode(), "any", stream=recording["streaming"])
    body, dropped = gemini_generate.write_request(request, NO_EDITS)
    config = camelised(sent.get("generationConfig") or {})

    assert {**sent, "contents": with_roles(sent), **({"model": "up"} if "model" in sent else {})} == json.loads(body)
    assert (recording["streaming"], True, ()) == (request.stream, request.wants_usage, dropped)
    assert (bool(sent.get("tools")), config.get("maxOutputTokens", 0)) == (request.tools, request.max_tokens)


@each(ANSWERS)
def test_every_answer_is_read_with_its_usage(recording: Recording) -> None:
    told = json.loads(recording["response_body"])
    answer = gemini_generate.read_answer(recording["response_body"].encode())

    assert counted([told]) == answer.usage
    assert finish_of(told) == answer.finish


@each(STREAMS)
def test_every_stream_passes_byte_for_byte_however_it_was_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    for pieces in splits(stream):
        relay, out = relayed(pieces)

        assert stream == out
        assert (relay.committed, relay.finished, relay.broken) == (True, True, None)


@each(STREAMS)
def test_of_every_stream_the_usage_is_the_last_word_of_each_count(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    relay, _ = relayed([stream])

    assert counted(list(datas(stream))) == relay.usage


@each(STREAMS)
def test_of_every_stream_nothing_is_sent_before_its_first_content(recording: Recording) -> None:
    relay = ForwardingRelay(gemini_generate, keep_usage=True)
    for event in sse.split(recording["response_body"].encode()):
        sent = relay.feed(event)
        if any(map(has_content, datas(event))):
            assert sent.endswith(event)
            return
        assert sent == b""


@each(STREAMS)
def test_every_stream_that_is_cut_before_its_end_is_seen_to_be_cut(recording: Recording) -> None:
    parts = sse.split(recording["response_body"].encode())
    last = next(n for n, part in enumerate(parts) if any(finish_of(data) for data in datas(part)))
    for place in range(last + 1):
        with pytest.raises(StreamCutError):
            relayed([b"".join(parts[:place])])


@each(STREAMS)
def test_every_stream_may_be_followed_by_an_error(recording: Recording) -> None:
    error = b'data: {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}\r\n\r\n'
    first = sse.split(recording["response_body"].encode())[0]
    relay = ForwardingRelay(gemini_generate, keep_usage=True)
    relay.feed(first + error)

    assert relay.broken is not None
    assert (relay.broken.failure, relay.broken.plain) == (FailureClass.OVERLOADED, True)
    assert decoded(first + error)[-1] == events.Failed(relay.broken)


@each(ERRORS)
def test_every_error_gets_the_class_of_its_tag(recording: Recording) -> None:
    told = gemini_generate.read_error(recording["status"], (recording["response_body"] or "").encode())
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
    request = gemini_generate.read_request(json.dumps(sent).encode(), recording["model"])
    conversation = gemini_generate.read_conversation(request)
    edits = Edits(recording["model"], {}, {}, frozenset(), ask_usage=True)
    body, dropped = gemini_generate.write_conversation(conversation, edits)
    again = gemini_generate.read_conversation(gemini_generate.read_request(body, recording["model"]))

    assert plain_request(sent) == plain_request(json.loads(body))
    assert lost(sent) == set(dropped)
    assert (body, ()) == gemini_generate.write_conversation(again, edits)


@each(STREAMS)
def test_every_stream_written_again_says_the_same(recording: Recording) -> None:
    told = decoded(recording["response_body"].encode())
    encoder = gemini_generate.encoder(gemini_generate.read_request(b'{"contents":[]}', "m"))
    again = b"".join(encoder.write([event]) for event in told) + encoder.end()

    assert said(fold(told)) == said(fold(decoded(again)))
    assert said(fold(told)) == said(fold(decoded(encoded_at_once(told))))


@each(STREAMS)
def test_every_stream_says_the_same_as_its_answer_at_once(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    whole = json.dumps(at_once(stream)).encode()

    assert said(fold(gemini_generate.read_events(whole))) == said(fold(decoded(stream)))


@each(STREAMS)
def test_every_stream_gives_the_same_events_however_it_was_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    for pieces in splits(stream):
        frames = gemini_generate.framing.frames()
        cut = b"".join(map(frames.feed, pieces))

        assert decoded(stream) == decoded(cut + gemini_generate.framing.complete(frames.rest()))


@each(ANSWERS)
def test_every_answer_says_the_same_after_the_hub(recording: Recording) -> None:
    answer = fold(gemini_generate.read_events(recording["response_body"].encode()))
    again = fold(gemini_generate.read_events(gemini_generate.write_answer(answer, ChatRequest("m", {}))))

    if answer.error is not None:  # a call that the model could not make is no answer, nor is a picture alone
        expected = FailureClass.PROTOCOL if "inlineData" in answer.error.message else FailureClass.SERVER_ERROR
        assert (answer.parts, answer.error.failure) == ((), expected)
        return
    assert said(answer) == said(again)


@each(ANSWERS)
def test_every_answer_at_once_can_be_streamed(recording: Recording) -> None:
    told = gemini_generate.read_events(recording["response_body"].encode())

    if fold(told).error is None:
        assert said(fold(told)) == said(fold(decoded(encoded_at_once(told))))


@each(GOOD)
def test_every_part_of_an_answer_that_the_hub_has_a_word_for_is_read(recording: Recording) -> None:
    body = recording["response_body"].encode()
    chunks = list(datas(body)) if recording["streaming"] else [json.loads(body)]
    told = decoded(body) if recording["streaming"] else gemini_generate.read_events(body)
    parts = [part for chunk in chunks for part in first_parts(chunk)]
    answer = fold(told)

    assert "".join(part.get("text", "") for part in parts if not part.get("thought")) == text_of(answer)
    assert "".join(part.get("text", "") for part in parts if part.get("thought")) == thoughts_of(answer)
    assert [part["thoughtSignature"] for part in parts if "thoughtSignature" in part] == signatures_of(answer)
    assert [part["functionCall"].get("args", {}) for part in parts if "functionCall" in part] == calls_of(answer)


def relayed(pieces: list[bytes]) -> tuple[ForwardingRelay, bytes]:
    relay = ForwardingRelay(gemini_generate, keep_usage=True)
    out = b"".join(map(relay.feed, pieces))
    return relay, out + relay.finish()


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
    decoder = gemini_generate.decoder()
    return [event for part in sse.split(stream) for event in decoder.read(part)]


def encoded_at_once(told: list[Event]) -> bytes:
    encoder = gemini_generate.encoder(gemini_generate.read_request(b'{"contents":[]}', "m"))
    return encoder.write(told) + encoder.end()


def datas(stream: bytes) -> Iterator[dict[str, Any]]:
    for event in sse.split(stream):
        data = sse.parse(event).data
        if data is not None:
            yield json.loads(data)


# What was told, read naively.


def first_parts(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    first = [one for one in chunk.get("candidates") or [] if not one.get("index")]
    parts: list[dict[str, Any]] = (first[0].get("content") or {}).get("parts") or [] if first else []
    return parts


def has_content(chunk: dict[str, Any]) -> bool:
    parts = [part for one in chunk.get("candidates") or [] for part in (one.get("content") or {}).get("parts") or []]
    return any(value for part in parts for name, value in part.items() if name != "thought")


def finish_of(chunk: dict[str, Any]) -> str | None:
    if chunk.get("promptFeedback", {}).get("blockReason"):
        return "content_filter"
    told: Any = next((one["finishReason"] for one in chunk.get("candidates") or [] if one.get("finishReason")), None)
    told = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY"}.get(told, told)
    filters = {"SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY"}
    return "content_filter" if told in filters else told


def counted(chunks: list[dict[str, Any]]) -> Usage | None:
    told: dict[str, Any] = {}
    for chunk in chunks:
        told |= chunk.get("usageMetadata") or {}
    names = ("prompt", "toolUsePrompt", "candidates", "thoughts")
    if not any(f"{name}TokenCount" in told for name in names):
        return None
    prompt, tools, said, thought = (told.get(f"{name}TokenCount", 0) for name in names)
    kinds = {
        f"{kind.lower()}_{side}_tokens": sum(
            one["tokenCount"] for one in told.get(f"{part}TokensDetails") or () if one["modality"] == kind
        )
        for part, side in (("prompt", "input"), ("candidates", "output"))
        for kind in ("AUDIO", "IMAGE")
    }
    return Usage(prompt + tools, said + thought, told.get("cachedContentTokenCount", 0), thought, **kinds)


def text_of(answer: Answer) -> str:
    return "".join(part.text for part in answer.parts if not isinstance(part, ToolUse | Reasoning))


def thoughts_of(answer: Answer) -> str:
    return "".join(part.text for part in answer.parts if isinstance(part, Reasoning))


def signatures_of(answer: Answer) -> list[str]:
    proven = [part for part in answer.parts if isinstance(part, Reasoning | ToolUse) and part.signature]
    assert {part.issuer for part in proven} <= {"google"}
    return [part.signature for part in proven]


def calls_of(answer: Answer) -> list[Any]:
    """Their ids are those that were given; the hub names the rest."""
    calls = [part for part in answer.parts if isinstance(part, ToolUse)]
    ids = [call.id for call in calls if call.id]
    assert len(set(ids)) == len(ids)
    return [json.loads(call.arguments) for call in calls]


def at_once(stream: bytes) -> dict[str, Any]:
    """All parts of the first candidate in one, with the last word of all else."""
    whole: dict[str, Any] = {}
    parts: list[dict[str, Any]] = []
    candidate: dict[str, Any] = {}
    for chunk in datas(stream):
        parts += first_parts(chunk)
        for one in chunk.get("candidates") or []:
            candidate |= one
        whole |= chunk
    return {**whole, "candidates": [{**candidate, "content": {"role": "model", "parts": parts}}]}


def said(answer: Answer) -> Answer:
    """An answer as far as it says something: JSON without its spaces, texts and thoughts without their seams.

    Proofs without a thought may be told before or after an empty text, the citations with their text or at its end.
    That the word for its end was unknown is lost on those who are told it anew.
    """
    parts = [*map(plain_part, answer.parts)]
    citations = tuple(cited for part in parts for cited in getattr(part, "citations", ()))
    bare = [replace(part, citations=()) if hasattr(part, "citations") else part for part in parts]
    finish = Finish.CONTENT_FILTER if answer.finish is Finish.REFUSAL else answer.finish
    whole = replace(answer, parts=tuple(part for part in bare if part), finish=finish, id=answer.id or "llmgw")
    return replace(whole, stop_sequence=json.dumps(citations), ended_unknown=False)


def plain_part(part: Any) -> Any:
    return replace(part, arguments=json.dumps(json.loads(part.arguments))) if isinstance(part, ToolUse) else part


# What is the same, said in another way.


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def camelised(value: Any) -> Any:
    """Names in camelCase, without what is null; not inside of what is the caller's own."""
    if isinstance(value, list):
        return [camelised(item) for item in value]
    if not isinstance(value, dict):
        return value
    own = ("args", "response", "labels")
    named = {camel(name): inner for name, inner in value.items() if inner is not None}
    return {name: inner if name in own else camelised(inner) for name, inner in named.items()}


def with_roles(sent: dict[str, Any]) -> list[dict[str, Any]]:
    contents = sent["contents"] if isinstance(sent["contents"], list) else [sent["contents"]]
    return [{**content, "role": content.get("role") or "user"} for content in contents]


def plain_request(sent: dict[str, Any]) -> dict[str, Any]:
    told = camelised(sent)
    declared = [plain_tool(one) for tool in told.get("tools", []) for one in tool.get("functionDeclarations", [])]
    system = plain_parts(told.get("systemInstruction", {}).get("parts", []))
    choice = told.get("toolConfig", {}).get("functionCallingConfig") or {}
    allowed = choice.get("allowedFunctionNames")
    contents = plain_contents(told["contents"])
    if not contents and system:  # instructions alone are what the user says
        contents, system = [{"role": "user", "parts": system}], []
    return {
        "contents": contents,
        "system": system,
        "tools": [tool for tool in declared if not allowed or tool["name"] in allowed],
        "choice": choice.get("mode") if declared else None,
        "config": plain_config(told.get("generationConfig", {})),
    }


def plain_contents(contents: Any) -> list[dict[str, Any]]:
    """Neighbours of one role are one turn; one of which nothing can be said is none."""
    told = contents if isinstance(contents, list) else [contents]
    named = [("model" if one.get("role") == "model" else "user", plain_parts(one.get("parts"))) for one in told]
    return [
        {"role": role, "parts": [part for _, parts in turns for part in parts]}
        for role, turns in groupby((each for each in named if each[1]), lambda each: each[0])
    ]


def plain_parts(parts: Any) -> list[dict[str, Any]]:
    told = parts if isinstance(parts, list) else [parts]
    return [part for part in map(plain_kind, told) if any(part.values())]


def plain_kind(part: dict[str, Any]) -> dict[str, Any]:
    known = ("text", "thought", "thoughtSignature", "functionCall", "functionResponse", "inlineData", "fileData")
    plain = {name: part[name] for name in known if part.get(name)}
    if plain.get("thoughtSignature") == ELSEWHERE:
        del plain["thoughtSignature"]
    call, result = plain.get("functionCall"), plain.get("functionResponse")
    if call is not None:
        plain["functionCall"] = {"name": call["name"], "args": call.get("args") or {}}
    if result is not None:
        plain["functionResponse"] = {
            "name": result["name"],
            "response": plain_response(result["response"]),
            "parts": plain_parts(result.get("parts", [])),
        }
    if "inlineData" in plain:
        kind = plain["inlineData"]["mimeType"].replace("audio/mpeg", "audio/mp3").replace("audio/x-wav", "audio/wav")
        plain["inlineData"] = {**plain["inlineData"], "mimeType": kind}
    return plain


def plain_response(told: Any) -> Any:
    if isinstance(told, dict) and set(told) == {"result"} and isinstance(told["result"], str):
        told = {"output": told["result"]}
    if isinstance(told, dict) and set(told) == {"output"} and isinstance(told["output"], str):
        try:
            inner = json.loads(told["output"])
        except ValueError:
            return told
        return inner if isinstance(inner, dict) else told
    return told


def plain_tool(tool: dict[str, Any]) -> dict[str, Any]:
    schema = plain_schema(tool.get("parametersJsonSchema") or tool.get("parameters"))
    return {"name": tool["name"], "description": tool.get("description") or "", "parameters": schema}


def plain_schema(told: Any) -> Any:
    if isinstance(told, list):
        return [plain_schema(item) for item in told]
    if not isinstance(told, dict):
        return told
    schema = {camel(name): plain_schema(value) for name, value in told.items() if name != "example"}
    schema.pop("propertyOrdering", None)
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = kind.lower()
    if schema.pop("nullable", False):
        schema["type"] = [schema["type"], "null"]
    return schema


def plain_config(told: dict[str, Any]) -> dict[str, Any]:
    left_out = {"candidateCount", "logprobs", "responseLogprobs", "responseModalities", "responseSchema"}
    config = {name: told[name] for name in told if name not in left_out and f"generationConfig.{name}" not in odd(told)}
    if "responseSchema" in told:
        config["responseJsonSchema"] = plain_schema(told["responseSchema"])
    if "responseJsonSchema" in config:
        config["responseJsonSchema"] = plain_schema(config["responseJsonSchema"])
    if config.get("responseMimeType") == "text/plain":
        del config["responseMimeType"]
    thinking = config.pop("thinkingConfig", {})
    level = {"thinkingLevel": thinking["thinkingLevel"].lower()} if "thinkingLevel" in thinking else {}
    config["thinks"] = {name: value for name, value in thinking.items() if name != "includeThoughts"} | level
    return config


def odd(config: dict[str, Any]) -> set[str]:
    """Settings with no word in the hub."""
    known = {
        *("temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "responseMimeType"),
        *("responseSchema", "responseJsonSchema", "seed", "presencePenalty", "frequencyPenalty", "responseLogprobs"),
        *("logprobs", "thinkingConfig", "responseModalities"),
    }
    names = {f"generationConfig.{name}" for name in config if name not in known}
    is_text = config.get("responseModalities") in (None, [], ["TEXT"], [1])
    return names if is_text else names | {"generationConfig.responseModalities"}


def lost(sent: dict[str, Any]) -> set[str]:
    """The names of what the hub has no word for, or an answer no place."""
    told = camelised(sent)
    config = told.get("generationConfig", {})
    known = NAMED_SO | {"labels"}
    names = {name for name, value in told.items() if name not in known and value not in ([], {})}
    names |= {f"tools.{name}" for tool in told.get("tools", []) for name in tool if name != "functionDeclarations"}
    names |= odd(config)
    contents = told["contents"] if isinstance(told["contents"], list) else [told["contents"]]
    parts = [part for content in contents for part in content.get("parts", []) if isinstance(part, dict)]
    words = SAID_PARTS | {"functionResponse", "inlineData", "fileData"}
    names |= {f"messages.{name}" for part in parts for name in part if name not in words}
    if config.get("candidateCount", 1) > 1:
        names.add("n")
    if config.get("responseLogprobs"):
        names.add("logprobs")
    if told.get("labels"):
        names.add("metadata")
    return names
