"""Real traffic of Ollama's own API crosses the hub unharmed."""

import json
from typing import Any

import msgspec
import pytest

from llmgw.chat import events
from llmgw.chat.answer import fold
from llmgw.chat.conversation import (
    Conversation,
    Effort,
    Image,
    Message,
    Part,
    Reasoning,
    ResponseFormat,
    Role,
    Sampling,
    Text,
    Tool,
    ToolResult,
    ToolUse,
)
from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.events import Finish
from llmgw.chat.request import Edits
from llmgw.chat.usage import Usage
from llmgw.dialects.ollama_chat.dialect import ollama_chat, ollama_generate
from llmgw.errors import StreamCutError
from llmgw.routing.outcome import class_of_status
from tests.conformance.traffic import OPEN, REPORTED, Recording, recordings
from tests.conformance.translated import CLASSES_BY_TAG, Said, decoded, folded, relayed, said, splits

DIALECTS = {"ollama.chat": ollama_chat, "ollama.generate": ollama_generate}
RECORDINGS = [record for record in recordings(REPORTED) if record["wire"] in DIALECTS]
GOOD = [record for record in RECORDINGS if record["status"] == 200 and record.get("response_body")]
STREAMS = [record for record in GOOD if record["streaming"]]
ANSWERS = [record for record in GOOD if not record["streaming"]]
ERRORS = [record for record in RECORDINGS if record["status"] >= 400]
REQUESTS = [record for record in RECORDINGS if record.get("request_body_kind") == "json"]

# Options with a word in the hub; all others are for the file to say.
OPTIONS = ("num_predict", "temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty", "stop")
SAMPLING = ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")
SPOKEN = {"model", "messages", "tools", "format", "think", "options", "stream", "prompt", "system", "images"}


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
    edits = Edits(sent["model"], said_by_the_file(sent), {}, frozenset(), ask_usage=True)
    body, dropped = dialect_of(recording).write_conversation(conversation(sent), edits)

    assert plain_request(sent) == plain_request(json.loads(body))
    assert dropped == ()


@each(STREAMS)
def test_every_stream_says_the_same_however_it_was_cut(recording: Recording) -> None:
    dialect, stream = dialect_of(recording), recording["response_body"].encode()
    _, expected = relayed(dialect, [stream])
    for pieces in splits(dialect, stream):
        relay, out = relayed(dialect, pieces)

        assert expected == out
        assert (relay.committed, relay.whole, relay.broken) == (True, True, None)
        assert relay.usage == counted(lines(recording)[-1])


@each(STREAMS)
def test_every_stream_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    answer = folded(dialect_of(recording), recording["response_body"].encode())
    told = lines(recording)

    assert naively_said(told) == said(answer)
    assert (answer.model, answer.usage, answer.finish) == (told[0]["model"], counted(told[-1]), finish_of(told))


@each(STREAMS)
def test_every_stream_says_the_same_as_its_answer_at_once(recording: Recording) -> None:
    dialect = dialect_of(recording)
    streamed = folded(dialect, recording["response_body"].encode())
    at_once = fold(dialect.read_events(json.dumps(joined(lines(recording))).encode()))

    assert said(streamed) == said(at_once)
    assert (streamed.finish, streamed.usage) == (at_once.finish, at_once.usage)


@each(STREAMS)
def test_every_stream_that_is_cut_before_its_end_is_seen_to_be_cut(recording: Recording) -> None:
    dialect = dialect_of(recording)
    parts = dialect.framing.split(recording["response_body"].encode().rstrip() + b"\n")
    for place in {0, 1, len(parts) // 2, len(parts) - 1}:
        with pytest.raises(StreamCutError):
            relayed(dialect, parts[:place])
    half_a_line = parts[-1][: len(parts[-1]) // 2]
    with pytest.raises(StreamCutError):
        relayed(dialect, [*parts[:-1], half_a_line])


@each(STREAMS)
def test_of_every_stream_nothing_is_sent_before_its_first_content(recording: Recording) -> None:
    dialect = dialect_of(recording)
    told = decoded(dialect, recording["response_body"].encode())
    first = next(place for place, event in enumerate(told) if events.is_content(event))

    assert [type(event) for event in told[:first]] == [events.Started]


@each(ANSWERS)
def test_every_answer_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    body = json.loads(recording["response_body"])
    answer = fold(dialect_of(recording).read_events(recording["response_body"].encode()))

    assert naively_said([body]) == said(answer)
    assert (answer.model, answer.usage, answer.finish) == (body["model"], counted(body), finish_of([body]))


@each(ERRORS)
def test_every_error_gets_the_class_of_its_tag(recording: Recording) -> None:
    told = dialect_of(recording).read_error(recording["status"], (recording["response_body"] or "").encode())
    tagged = {CLASSES_BY_TAG[tag] for tag in recording.get("features", ()) if tag in CLASSES_BY_TAG}

    assert told.message
    if tagged:
        assert {told.failure or class_of_status(recording["status"])} == tagged


# The naive reading.


def lines(recording: Recording) -> list[dict[str, Any]]:
    return [json.loads(line) for line in recording["response_body"].splitlines() if line.strip()]


def naively_said(told: list[dict[str, Any]]) -> Said:
    messages = [line.get("message") or {"content": line.get("response"), **line} for line in told]
    calls = [call["function"] for message in messages for call in message.get("tool_calls") or []]
    return Said(
        text="".join(message.get("content") or "" for message in messages),
        reasoning="".join(message.get("thinking") or "" for message in messages),
        calls=[(call["name"], json.dumps(call["arguments"], separators=(",", ":"))) for call in calls],
    )


def joined(told: list[dict[str, Any]]) -> dict[str, Any]:
    """What an unstreamed call would have brought."""
    all_said = naively_said(told)
    if "response" in told[-1]:
        return {**told[-1], "response": all_said.text, "thinking": all_said.reasoning}
    calls = [call for line in told for call in line["message"].get("tool_calls") or []]
    message = {"role": "assistant", "content": all_said.text, "thinking": all_said.reasoning, "tool_calls": calls}
    return {**told[-1], "message": message}


def counted(line: dict[str, Any]) -> Usage | None:
    if "eval_count" not in line and "prompt_eval_count" not in line:
        return None
    return Usage(line.get("prompt_eval_count", 0), line.get("eval_count", 0))


def finish_of(told: list[dict[str, Any]]) -> Finish:
    good = Finish.TOOL_USE if naively_said(told).calls else Finish.STOP
    return Finish.LENGTH if told[-1].get("done_reason") == "length" else good


def said_by_the_file(sent: dict[str, Any]) -> dict[str, msgspec.Raw]:
    """What no caller can say, but a file can."""
    rest = {name: value for name, value in sent.items() if name not in SPOKEN}
    options = {name: value for name, value in (sent.get("options") or {}).items() if name not in OPTIONS}
    told = {**rest, **({"options": options} if options else {})}
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in told.items()}


def conversation(sent: dict[str, Any]) -> Conversation:
    options, form, think = sent.get("options") or {}, sent.get("format"), sent.get("think")
    stop = options.get("stop") or ()
    turns = sent.get("messages") or [{"role": "user", "content": sent.get("prompt"), "images": sent.get("images")}]
    leading = turns[:1] if turns[0]["role"] == "system" else []
    system = [Text(turn["content"]) for turn in leading] or [Text(text) for text in [sent.get("system")] if text]
    return Conversation(
        model=sent["model"],
        system=tuple(system),
        messages=tuple(turn(message) for message in turns[len(leading) :]),
        tools=tuple(tool(one["function"]) for one in sent.get("tools") or ()),
        response_format=None if not form else ResponseFormat(None if form == "json" else form),
        max_tokens=options.get("num_predict"),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        sampling=Sampling(**{name: options.get(name) for name in SAMPLING}),
        effort=None if think is None else Effort("none" if think is False else think if isinstance(think, str) else ""),
        stream=sent.get("stream", True),
    )


def turn(message: dict[str, Any]) -> Message:
    texts: list[Part] = [Text(message["content"])] if message.get("content") else []
    match message["role"]:
        case "tool":
            return Message(Role.USER, (ToolResult("", tuple(texts), message.get("tool_name", "")),))
        case "assistant":
            thoughts = [Reasoning(message["thinking"])] if message.get("thinking") else []
            calls = [call["function"] for call in message.get("tool_calls") or ()]
            uses = [ToolUse("", call["name"], json.dumps(call["arguments"])) for call in calls]
            return Message(Role.ASSISTANT, (*thoughts, *texts, *uses))
        case role:
            return Message(Role(role), (*texts, *(Image(data=data) for data in message.get("images") or ())))


def tool(function: dict[str, Any]) -> Tool:
    return Tool(function["name"], function.get("description", ""), function.get("parameters"))


def plain_request(body: dict[str, Any]) -> dict[str, Any]:
    """What is empty says nothing; to stream is what is done unless told not to; ids are for newer versions."""
    plain = {"stream": True, **{name: value for name, value in body.items() if value not in (None, "", [], {})}}
    plain["messages"] = [plain_message(message) for message in body.get("messages") or ()]
    options = plain.get("options") or {}
    if isinstance(options.get("stop"), str):
        plain["options"] = {**options, "stop": [options["stop"]]}
    return plain


def plain_message(message: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in message.items() if value not in (None, "", [])}
    plain.pop("tool_call_id", None)
    if "tool_calls" in plain:
        calls = [call["function"] for call in plain["tool_calls"]]
        plain["tool_calls"] = [{"name": call["name"], "arguments": call["arguments"]} for call in calls]
    return plain
