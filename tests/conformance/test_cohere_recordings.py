"""Real traffic of Cohere's own APIs, the newer and the older, crosses the hub unharmed."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from llmgw.chat import events
from llmgw.chat.answer import fold
from llmgw.chat.conversation import (
    Conversation,
    Effort,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
)
from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.events import Finish
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import Edits
from llmgw.chat.usage import Usage
from llmgw.dialects.cohere_chat.dialect import cohere_chat, cohere_chat_v1, cohere_generate_v1
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import StreamCutError, UpstreamProtocolError
from llmgw.routing.outcome import class_of_status
from tests.conformance.traffic import OPEN, REPORTED, Recording, recordings
from tests.conformance.translated import CLASSES_BY_TAG, Said, decoded, folded, relayed, said, splits

DIALECTS = {"cohere.v2.chat": cohere_chat, "cohere.v1.chat": cohere_chat_v1, "cohere.v1.generate": cohere_generate_v1}


def is_compatible(recording: Recording) -> bool:
    """Cohere's OpenAI-compatible endpoint, recorded under the name of the older API."""
    return "/compatibility/" in (recording.get("url_path") or "")


def has_failed(recording: Recording) -> bool:
    """An answer with status 200 that ended with an error."""
    body = recording["response_body"].replace(" ", "")
    return any(f'"finish_reason":"{reason}"' in body for reason in ("ERROR", "TIMEOUT", "ERROR_LIMIT", "USER_CANCEL"))


ALL = [record for record in recordings(REPORTED) if record["wire"] in DIALECTS]
RECORDINGS = [record for record in ALL if not is_compatible(record)]
COMPATIBLE = [record for record in ALL if is_compatible(record)]
GOOD = [record for record in RECORDINGS if record["status"] == 200 and record.get("response_body")]
FAILED = [record for record in GOOD if has_failed(record)]
STREAMS = [record for record in GOOD if record["streaming"] and record not in FAILED]
ANSWERS = [record for record in GOOD if not record["streaming"] and record not in FAILED]
ERRORS = [record for record in ALL if record["status"] >= 400]
REQUESTS = [record for record in RECORDINGS if record.get("request_body_kind") == "json"]

# Fields with a word in the hub; all others are for the file to say.
SPOKEN = {
    *("model", "messages", "tools", "tool_choice", "response_format", "max_tokens", "stop_sequences", "stream"),
    *("temperature", "p", "k", "seed", "frequency_penalty", "presence_penalty", "thinking", "strict_tools"),
    *("message", "chat_history", "prompt"),
}
OLDER_WORDS = {"tools", "tool_choice", "response_format"}
FINISHES = {
    "COMPLETE": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "STOP_SEQUENCE": Finish.STOP_SEQUENCE,
    "TOOL_CALL": Finish.TOOL_USE,
    "ERROR_TOXIC": Finish.CONTENT_FILTER,
}


def each(chosen: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", chosen, ids=lambda recording: recording["id"])


def dialect_of(recording: Recording) -> ProviderDialect:
    return DIALECTS[recording["wire"]]


def test_the_recordings_are_there() -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: conformance with real traffic is NOT tested (set LLMGW_TRAFFIC)")

    assert RECORDINGS


@each(REQUESTS)
def test_every_request_can_be_said(recording: Recording) -> None:
    sent = recording["request_body"]
    spoken = SPOKEN - OLDER_WORDS if "message" in sent else SPOKEN
    by_the_file = {name: msgspec.Raw(json.dumps(value).encode()) for name, value in sent.items() if name not in spoken}
    edits = Edits(recording["model"], by_the_file, {}, frozenset(), ask_usage=True)
    body, dropped = dialect_of(recording).write_conversation(conversation(sent, recording["model"]), edits)

    assert plain_request({**sent, "model": recording["model"]}) == plain_request(json.loads(body))
    assert dropped == ()


@each(STREAMS)
def test_every_stream_says_the_same_however_it_was_cut(recording: Recording) -> None:
    dialect, stream = dialect_of(recording), recording["response_body"].encode()
    _, expected = relayed(dialect, [stream])
    for pieces in splits(dialect, stream):
        relay, out = relayed(dialect, pieces)

        assert expected == out
        assert (relay.committed, relay.whole, relay.broken) == (True, True, None)
        assert relay.usage == counted(end_of(recording))


@each(STREAMS)
def test_every_stream_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    answer = folded(dialect_of(recording), recording["response_body"].encode())
    told = naively_joined(recording)

    assert naively_said(told) == said(answer)
    assert citations_of(told) == [citation for part in answer.parts for citation in getattr(part, "citations", ())]
    assert (answer.id, answer.usage, answer.finish) == (told["id"], counted(told), finish_of(told))


@each(STREAMS)
def test_every_stream_says_the_same_as_its_answer_at_once(recording: Recording) -> None:
    dialect = dialect_of(recording)
    streamed = folded(dialect, recording["response_body"].encode())
    at_once = fold(dialect.read_events(json.dumps(naively_joined(recording)).encode()))

    assert streamed == at_once


@each(STREAMS)
def test_every_stream_that_is_cut_before_its_end_is_seen_to_be_cut(recording: Recording) -> None:
    dialect = dialect_of(recording)
    parts = dialect.framing.split(recording["response_body"].encode())
    end = next(place for place, part in enumerate(parts) if b"message-end" in part or b"stream-end" in part)
    for place in {0, 1, end // 2, end}:
        with pytest.raises(StreamCutError):
            relayed(dialect, parts[:place])


@each(STREAMS)
def test_of_every_stream_nothing_is_sent_before_its_first_content(recording: Recording) -> None:
    told = decoded(dialect_of(recording), recording["response_body"].encode())
    first = next(place for place, event in enumerate(told) if events.is_content(event))

    assert [type(event) for event in told[:first]] == [events.Started]


@each(ANSWERS)
def test_every_answer_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    body = json.loads(recording["response_body"])
    answer = fold(dialect_of(recording).read_events(recording["response_body"].encode()))

    assert naively_said(body) == said(answer)
    assert citations_of(body) == [citation for part in answer.parts for citation in getattr(part, "citations", ())]
    assert (answer.usage, answer.finish, answer.error) == (counted(body), finish_of(body), None)


@each(FAILED)
def test_an_answer_that_ended_with_an_error_is_a_failure(recording: Recording) -> None:
    dialect, body = dialect_of(recording), recording["response_body"].encode()
    answer = folded(dialect, body) if recording["streaming"] else fold(dialect.read_events(body))

    assert answer.error is not None
    assert (answer.error.failure is not None, answer.finish) == (True, None)
    if recording["streaming"]:
        try:
            relay, _ = relayed(dialect, [body])
        except UpstreamProtocolError:
            return
        assert relay.broken is not None


@each(ERRORS)
def test_every_error_gets_the_class_of_its_tag(recording: Recording) -> None:
    told = dialect_of(recording).read_error(recording["status"], (recording["response_body"] or "").encode())
    tagged = {CLASSES_BY_TAG[tag] for tag in recording.get("features", ()) if tag in CLASSES_BY_TAG}

    assert told.message
    if tagged:
        assert {told.failure or class_of_status(recording["status"])} == tagged


# The OpenAI-compatible endpoint.


@each(COMPATIBLE)
def test_the_compatible_endpoint_speaks_openais_dialect(recording: Recording) -> None:
    sent = recording["request_body"]
    request = openai_chat.read_request(json.dumps(sent).encode())
    written, _ = openai_chat.write_request(request, Edits(sent["model"], {}, {}, frozenset(), ask_usage=False))

    assert json.loads(written) == sent
    if recording["status"] == 200 and recording["streaming"]:
        stream = recording["response_body"].encode()
        for pieces in splits(openai_chat, stream):
            relay = ForwardingRelay(openai_chat, keep_usage=True)
            out = b"".join(map(relay.feed, pieces)) + relay.finish()
            assert (stream.rstrip(), True, True) == (out.rstrip(), relay.whole, relay.usage is not None)


# The naive reading.


def datas(recording: Recording) -> list[dict[str, Any]]:
    """Of either framing."""
    lines = [line.removeprefix("data:").strip() for line in recording["response_body"].splitlines()]
    return [json.loads(line) for line in lines if line.startswith("{")]


def end_of(recording: Recording) -> dict[str, Any]:
    """What the last event says of the answer as a whole."""
    last = datas(recording)[-1]
    told: dict[str, Any] = last.get("delta") or {**(last.get("response") or {}), "finish_reason": last["finish_reason"]}
    return told


def naively_joined(recording: Recording) -> dict[str, Any]:
    return joined_v2(recording) if recording["wire"] == "cohere.v2.chat" else joined_v1(recording)


def joined_v2(recording: Recording) -> dict[str, Any]:
    """What an unstreamed call would have brought."""
    message: dict[str, Any] = {"role": "assistant", "tool_plan": "", "content": [], "tool_calls": [], "citations": []}
    for data in datas(recording):
        piece = (data.get("delta") or {}).get("message") or {}
        match data["type"]:
            case "content-start":
                message["content"].append(dict(piece["content"]))
            case "content-delta":
                for name in ("text", "thinking"):
                    block = message["content"][data["index"]]
                    block[name] = block.get(name, "") + piece["content"].get(name, "")
            case "tool-plan-delta":
                message["tool_plan"] += piece["tool_plan"]
            case "tool-call-start":
                message["tool_calls"].append(json.loads(json.dumps(piece["tool_calls"])))
            case "tool-call-delta":
                arguments = piece["tool_calls"]["function"]["arguments"]
                message["tool_calls"][-1]["function"]["arguments"] += arguments
            case "citation-start":
                message["citations"].append(piece["citations"])
    return {**end_of(recording), "id": datas(recording)[0].get("id"), "message": message}


def joined_v1(recording: Recording) -> dict[str, Any]:
    told = datas(recording)
    whole = {**(told[-1].get("response") or {}), "finish_reason": told[-1]["finish_reason"]}
    text = "".join(data.get("text") or "" for data in told if data["event_type"] == "text-generation")
    texts = {"generations": whole["generations"]} if "generations" in whole else {"text": text}
    return {**whole, **texts, "id": told[0].get("generation_id") or ""}


def naively_said(body: dict[str, Any]) -> Said:
    if "message" not in body:
        text = body["generations"][0]["text"] if body.get("generations") else body.get("text") or ""
        older = [(call["name"], json.dumps(call["parameters"])) for call in body.get("tool_calls") or ()]
        return Said("" if older else text, text if older else "", older)
    message = body["message"]
    content = message.get("content") or []
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    return Said(
        text="".join(block.get("text") or "" for block in content),
        reasoning="".join(block.get("thinking") or "" for block in content) + (message.get("tool_plan") or ""),
        calls=[(call["name"], call["arguments"] or "{}") for call in calls],
    )


def citations_of(body: dict[str, Any]) -> list[Any]:
    told = body["message"].get("citations") if "message" in body else body.get("citations")
    return [one for one in told or () if one.get("type") not in ("THINKING_CONTENT", "PLAN")]


def counted(body: Mapping[str, Any]) -> Usage | None:
    told = body.get("usage") or body.get("meta") or {}
    tokens = told.get("tokens") or told.get("billed_units")
    if not tokens:
        return None
    names = ("input_tokens", "output_tokens", "reasoning_tokens")
    read, written, thought = (int(tokens.get(name, 0)) for name in names)
    return Usage(read, written, int(told.get("cached_tokens", 0)), thought)


def finish_of(body: dict[str, Any]) -> Finish:
    generations = body.get("generations") or [{}]
    return FINISHES[body.get("finish_reason") or generations[0].get("finish_reason")]


# Requests, as a caller of another dialect would have made them.


def conversation(sent: dict[str, Any], model: str) -> Conversation:
    if "message" in sent:
        sent = {name: value for name, value in sent.items() if name not in OLDER_WORDS}
    form, thinking = sent.get("response_format") or {}, sent.get("thinking")
    turns = sent.get("messages") or older_turns(sent)
    leading = turns[:1] if turns[0]["role"].lower() == "system" and "messages" in sent else []
    return Conversation(
        model=model,
        system=tuple(Text(text) for one in leading for text in texts_of(one["content"])),
        messages=tuple(turn(message) for message in turns[len(leading) :]),
        tools=tuple(tool(one["function"], sent.get("strict_tools")) for one in sent.get("tools") or ()),
        tool_choice=ToolChoice(ToolMode(sent["tool_choice"].lower())) if sent.get("tool_choice") else None,
        response_format=ResponseFormat(form.get("json_schema")) if form.get("type") == "json_object" else None,
        max_tokens=sent.get("max_tokens"),
        stop=tuple(sent.get("stop_sequences") or ()),
        sampling=Sampling(
            temperature=sent.get("temperature"),
            top_p=sent.get("p"),
            top_k=sent.get("k"),
            seed=sent.get("seed"),
            frequency_penalty=sent.get("frequency_penalty"),
            presence_penalty=sent.get("presence_penalty"),
        ),
        effort=effort(thinking) if thinking else None,
        stream=bool(sent.get("stream")),
    )


def effort(thinking: dict[str, Any]) -> Effort:
    return Effort("none" if thinking["type"] == "disabled" else "", thinking.get("token_budget"))


def older_turns(sent: dict[str, Any]) -> list[dict[str, Any]]:
    history = [{"role": one["role"], "content": one["message"]} for one in sent.get("chat_history") or ()]
    return [*history, {"role": "user", "content": sent.get("message") or sent.get("prompt")}]


def turn(message: dict[str, Any]) -> Message:
    content = message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    parts = tuple(part(block) for block in blocks)
    match message["role"].lower():
        case "tool":
            return Message(Role.USER, (ToolResult(message["tool_call_id"], parts),))
        case "assistant" | "chatbot":
            calls = [(call["id"], call["function"]) for call in message.get("tool_calls") or ()]
            uses = [ToolUse(id_, function["name"], function["arguments"]) for id_, function in calls]
            plan = [Text(text) for text in [message.get("tool_plan")] if text]
            return Message(Role.ASSISTANT, (*parts, *plan, *uses))
        case role:
            return Message(Role(role), parts)


def part(block: dict[str, Any]) -> Part:
    match block["type"]:
        case "thinking":
            return Reasoning(block["thinking"])
        case "image_url":
            image = block["image_url"]
            return Image(url=image["url"], detail=image.get("detail", ""))
        case "document":
            given = block["document"]
            data = given["data"] if isinstance(given["data"], dict) else {"text": given["data"]}
            text = b64encode(data["text"].encode()).decode()
            return File(data.get("title", ""), "text/plain", text, id=given.get("id", ""))
        case _:
            return Text(block["text"])


def texts_of(content: Any) -> list[str]:
    return [content] if isinstance(content, str) else [block["text"] for block in content]


def tool(function: dict[str, Any], strict: bool | None) -> Tool:
    return Tool(function["name"], function.get("description", ""), function.get("parameters"), strict)


def plain_request(body: dict[str, Any]) -> dict[str, Any]:
    """What is empty says nothing; not to stream is what is done unless told to."""
    plain = {"stream": False, **{name: value for name, value in body.items() if value not in (None, False, [])}}
    plain["messages"] = [plain_message(message) for message in body.get("messages") or ()]
    plain["chat_history"] = [{**one, "role": one["role"].upper()} for one in body.get("chat_history") or ()]
    return plain


def plain_message(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content") or []
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return {**message, "content": [plain_block(block) for block in blocks if block.get("text") != ""]}


def plain_block(block: dict[str, Any]) -> dict[str, Any]:
    """Of a document the hub knows the name and the text."""
    if block["type"] != "document":
        return block
    data = block["document"]["data"]
    known = {name: data[name] for name in ("title", "text") if name in data} if isinstance(data, dict) else data
    return {"type": "document", "document": {**block["document"], "data": known}}
