"""Real traffic of providers with a dialect of their own that few models speak: every body is read, and well."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import (
    Conversation,
    Effort,
    Message,
    Reasoning,
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
from llmgw.chat.events import Event, Finish
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.signatures import GOOGLE
from llmgw.chat.translating import TranslatingRelay
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_complete import anthropic_complete
from llmgw.dialects.gemini_interactions.dialect import gemini_interactions
from llmgw.dialects.hf_text_generation import hf_text_generation
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.replicate_predictions import replicate_predictions
from llmgw.dialects.watsonx_text import watsonx_text
from llmgw.errors import FailureClass, UpstreamProtocolError
from llmgw.routing.outcome import class_of_status
from llmgw.wire import sse
from tests.conformance.traffic import OPEN, Recording, recordings

DIALECTS: Mapping[str, ProviderDialect] = {
    "anthropic.complete": anthropic_complete,
    "gemini.interactions": gemini_interactions,
    "hf.text_generation": hf_text_generation,
    "replicate.predictions": replicate_predictions,
    "sagemaker.invocations": hf_text_generation,  # the bodies of the container
    "watsonx.text": watsonx_text,
    "writer.chat": openai_chat,
}
EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
CLASSES_BY_TAG = {
    "err.auth": FailureClass.UNAUTHORIZED,
    "err.not_found": FailureClass.NOT_FOUND,
    "err.rate_limit": FailureClass.RATE_LIMITED,
    "err.context_length": FailureClass.CONTEXT_LENGTH,
}
REPLICATE = "replicate.predictions"


def is_unfinished(recording: Recording) -> bool:
    """The address of a prediction instead of what it has predicted."""
    return bool(recording["wire"] == REPLICATE and recording["status"] == 201)


def is_text(recording: Recording) -> bool:
    """Replicate has models of every kind."""
    sent = recording["request_body"]
    return isinstance(sent, dict) and (recording["wire"] != REPLICATE or "prompt" in sent["input"])


def is_broken(recording: Recording) -> bool:
    return "resp.error_in_stream" in recording["features"]


RECORDINGS = [record for record in recordings() if record["wire"] in DIALECTS]
GOOD = [record for record in RECORDINGS if record["status"] == 200 and not is_broken(record)]
STREAMS = [record for record in GOOD if record["streaming"]]
ANSWERS = [record for record in GOOD if not record["streaming"]]
BROKEN = [record for record in RECORDINGS if is_broken(record)]
UNFINISHED = [record for record in RECORDINGS if is_unfinished(record)]
ERRORS = [record for record in RECORDINGS if record["status"] >= 400]
REQUESTS = [record for record in RECORDINGS if is_text(record)]


def each(chosen: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", chosen, ids=lambda recording: recording["id"])


def test_the_recordings_are_there() -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: conformance with real traffic is NOT tested (set LLMGW_TRAFFIC)")

    assert RECORDINGS


@each(REQUESTS)
def test_what_was_asked_would_be_asked_in_the_same_words(recording: Recording) -> None:
    sent = recording["request_body"]
    conversation = CONVERSATIONS[recording["wire"]](sent)
    body, dropped = DIALECTS[recording["wire"]].write_conversation(conversation, EDITS)

    assert asked(recording["wire"], sent) == asked(recording["wire"], json.loads(body))
    assert dropped == conversation.beyond


@each(ANSWERS)
def test_every_answer_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    answer = fold(DIALECTS[recording["wire"]].read_events(recording["response_body"].encode()))

    assert PLAIN[recording["wire"]]([json.loads(recording["response_body"])]) == said(answer)


@each(STREAMS)
def test_every_stream_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    answer = fold(decoded(DIALECTS[recording["wire"]], stream))

    assert PLAIN[recording["wire"]](list(datas(stream))) == said(answer)


@each(STREAMS)
def test_every_stream_says_the_same_however_it_was_cut(recording: Recording) -> None:
    stream = recording["response_body"].encode()
    outs = {crossed(DIALECTS[recording["wire"]], pieces) for pieces in splits(stream)}

    assert len(outs) == 1
    assert said(fold(decoded(DIALECTS[recording["wire"]], stream))) == said(fold(decoded(openai_chat, outs.pop())))


@each(BROKEN)
def test_an_error_instead_of_a_stream_has_its_class(recording: Recording) -> None:
    relay = TranslatingRelay(DIALECTS[recording["wire"]], openai_chat.encoder(ChatRequest("m", {})))
    with pytest.raises(UpstreamProtocolError) as caught:
        relay.feed(recording["response_body"].encode())

    assert caught.value.failure is FailureClass.CONTEXT_LENGTH


@each(UNFINISHED)
def test_a_prediction_that_has_not_finished_is_no_answer(recording: Recording) -> None:
    with pytest.raises(UpstreamProtocolError, match="has not finished"):
        DIALECTS[recording["wire"]].read_events(recording["response_body"].encode())


@each(ERRORS)
def test_every_error_has_a_message_and_a_class(recording: Recording) -> None:
    told = DIALECTS[recording["wire"]].read_error(recording["status"], (recording["response_body"] or "").encode())
    tagged = {CLASSES_BY_TAG[tag] for tag in recording["features"] if tag in CLASSES_BY_TAG}
    failure = told.failure or class_of_status(recording["status"])

    assert told.message
    assert "without a message" not in told.message
    assert failure is not FailureClass.PROTOCOL
    if tagged:
        assert {failure} == tagged


def decoded(dialect: ProviderDialect, stream: bytes) -> list[Event]:
    decoder = dialect.decoder()
    return [event for part in sse.split(stream) for event in decoder.read(part)]


def crossed(dialect: ProviderDialect, pieces: list[bytes]) -> bytes:
    """As the gateway pumps: nothing is read after the end mark."""
    relay = TranslatingRelay(dialect, openai_chat.encoder(ChatRequest("m", {}, wants_usage=True)))
    out = b""
    for piece in pieces:
        out += relay.feed(piece)
        if relay.whole:
            return out
    return out + relay.finish()


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


def datas(stream: bytes) -> Iterator[Any]:
    """The data of each event, and where it is no JSON, its text with the name of the event."""
    for part in sse.split(stream):
        name, data = sse.parse(part)
        if data is None or data == b"[DONE]":
            continue
        yield json.loads(data) if data.startswith(b"{") else {"name": name, "text": data.decode()}


def said(answer: Answer) -> dict[str, Any]:
    calls = [(part.name, json.loads(part.arguments)) for part in answer.parts if isinstance(part, ToolUse)]
    texts = "".join(part.text for part in answer.parts if isinstance(part, Text))
    return {"text": texts, "calls": calls, "finish": answer.finish, "usage": answer.usage}


def plain(text: str, finish: Finish, usage: Usage | None = None, calls: Any = ()) -> dict[str, Any]:
    return {"text": text, "calls": list(calls), "finish": finish, "usage": usage}


# Each wire read as naively as can be.


def plain_anthropic(told: list[Any]) -> dict[str, Any]:
    ends = {"max_tokens": Finish.LENGTH, "stop_sequence": Finish.STOP}
    return plain("".join(one["completion"] for one in told).strip(), ends[told[-1]["stop_reason"]])


def plain_interactions(told: list[Any]) -> dict[str, Any]:
    """The steps as they stand at the end."""
    ends = {"completed": Finish.STOP, "requires_action": Finish.TOOL_USE, "incomplete": Finish.LENGTH}
    steps: dict[int, Any] = {n: step for one in told for n, step in enumerate(one.get("steps") or ())}
    texts = ""
    arguments: dict[int, str] = {}
    for one in told:
        if one.get("event_type") == "step.start":
            steps[one["index"]] = one["step"]
        delta = one.get("delta") or {}
        texts += delta.get("text") or ""
        if "arguments" in delta:
            arguments[one["index"]] = arguments.get(one["index"], "") + delta["arguments"]
    content = [piece for step in steps.values() for piece in step.get("content") or ()]
    calls = [
        (step["name"], json.loads(arguments[n]) if n in arguments else step["arguments"])
        for n, step in steps.items()
        if step["type"] == "function_call"
    ]
    whole = next(one.get("interaction", one) for one in reversed(told) if "usage" in one.get("interaction", one))
    counts = whole["usage"]
    thoughts = counts.get("total_thought_tokens", 0)
    usage = Usage(
        counts["total_input_tokens"] + counts.get("total_tool_use_tokens", 0),
        counts["total_output_tokens"] + thoughts,
        counts.get("total_cached_tokens", 0),
        thoughts,
    )
    assert usage.input_tokens + usage.output_tokens == counts["total_tokens"]
    return plain(texts + "".join(piece["text"] for piece in content), ends[whole["status"]], usage, calls)


def plain_hf(told: list[Any]) -> dict[str, Any]:
    (first,) = told[0] if isinstance(told[0], list) else [told[-1]]
    return plain(first["generated_text"], Finish.STOP)


def plain_replicate(told: list[Any]) -> dict[str, Any]:
    return plain("".join(one["text"] for one in told if one.get("name") == b"output"), Finish.STOP)


def plain_watsonx(told: list[Any]) -> dict[str, Any]:
    results = [one["results"][0] for one in told]
    ends = {"eos_token": Finish.STOP, "max_tokens": Finish.LENGTH, "stop_sequence": Finish.STOP_SEQUENCE}
    usage = Usage(max(one["input_token_count"] for one in results), results[-1]["generated_token_count"])
    return plain("".join(one["generated_text"] for one in results), ends[results[-1]["stop_reason"]], usage)


def plain_writer(told: list[Any]) -> dict[str, Any]:
    ends = {"stop": Finish.STOP, "length": Finish.LENGTH, "tool_calls": Finish.TOOL_USE}
    choices = [choice for one in told for choice in one["choices"] if choice["index"] == 0]
    messages = [choice.get("delta") or choice["message"] for choice in choices]
    calls = [call["function"] for message in messages for call in message.get("tool_calls") or ()]
    counts = next(one["usage"] for one in reversed(told) if one["usage"])
    return plain(
        "".join(message["content"] or "" for message in messages),
        ends[next(choice["finish_reason"] for choice in reversed(choices) if choice["finish_reason"])],
        Usage(counts["prompt_tokens"], counts["completion_tokens"]),
        [(call["name"], json.loads(call["arguments"])) for call in calls],
    )


PLAIN: Mapping[str, Callable[[list[Any]], dict[str, Any]]] = {
    "anthropic.complete": plain_anthropic,
    "gemini.interactions": plain_interactions,
    "hf.text_generation": plain_hf,
    "replicate.predictions": plain_replicate,
    "sagemaker.invocations": plain_hf,
    "watsonx.text": plain_watsonx,
    "writer.chat": plain_writer,
}


# The conversations that would have asked so.


def spoken(sent: dict[str, Any], prompt: str, **more: Any) -> Conversation:
    """A prompt, and settings where they stand beside it."""
    message = Message(Role.USER, (Text(prompt),))
    return Conversation(model="m", messages=(message,), stream=bool(sent.get("stream")), **more)


def of_parameters(sent: dict[str, Any]) -> Conversation:
    told = sent.get("parameters") or {}
    return spoken(
        sent,
        sent.get("inputs") or sent["input"],
        sampling=sampling(told),
        max_tokens=told.get("max_new_tokens"),
        stop=tuple(told.get("stop") or told.get("stop_sequences") or ()),
    )


def of_anthropic(sent: dict[str, Any]) -> Conversation:
    prompt = sent["prompt"].removeprefix("\n\nHuman:").removesuffix("\n\nAssistant:")
    return spoken(sent, prompt, max_tokens=sent["max_tokens_to_sample"], sampling=sampling(sent))


def sampling(told: dict[str, Any]) -> Sampling:
    names = ("temperature", "top_p", "top_k", "seed")
    return Sampling(**{name: told[name] for name in names if name in told})


def of_interactions(sent: dict[str, Any]) -> Conversation:
    steps = sent["input"] if isinstance(sent["input"], list) else [user_input(sent["input"])]
    config = sent.get("generation_config") or {}
    return Conversation(
        model="m",
        messages=tuple(turn_of(step) for step in steps),
        system=(Text(sent["system_instruction"]),) if "system_instruction" in sent else (),
        tools=tuple(
            Tool(tool["name"], tool.get("description", ""), tool.get("parameters"))
            for tool in sent.get("tools") or ()
            if tool["type"] == "function"
        ),
        tool_choice=ToolChoice(MODES[config["tool_choice"]]) if "tool_choice" in config else None,
        max_tokens=config.get("max_output_tokens"),
        sampling=sampling(config),
        effort=Effort(config["thinking_level"]) if "thinking_level" in config else None,
        stream=sent.get("stream", False),
    )


MODES = {"auto": ToolMode.AUTO, "none": ToolMode.NONE, "any": ToolMode.REQUIRED}


def user_input(text: str) -> dict[str, Any]:
    return {"type": "user_input", "content": [{"type": "text", "text": text}]}


def turn_of(step: dict[str, Any]) -> Message:
    match step["type"]:
        case "user_input":
            return Message(Role.USER, texts_of(step["content"]))
        case "model_output":
            return Message(Role.ASSISTANT, texts_of(step["content"]))
        case "thought":
            summary = "".join(text.text for text in texts_of(step.get("summary") or ()))
            return Message(Role.ASSISTANT, (Reasoning(summary, step["signature"], issuer=GOOGLE),))
        case "function_call":
            return Message(Role.ASSISTANT, (ToolUse(step["id"], step["name"], json.dumps(step["arguments"])),))
        case _:
            result = ToolResult(step["call_id"], texts_of(plain_result(step["result"])), step.get("name", ""))
            return Message(Role.USER, (result,))


def texts_of(content: Any) -> tuple[Text, ...]:
    return tuple(Text(piece["text"]) for piece in content)


def plain_result(result: Any) -> list[dict[str, Any]]:
    if isinstance(result, list):
        return result
    return [{"type": "text", "text": result if isinstance(result, str) else json.dumps(result)}]


def of_writer(sent: dict[str, Any]) -> Conversation:
    return openai_chat.read_conversation(openai_chat.read_request(json.dumps(sent).encode()))


CONVERSATIONS: Mapping[str, Callable[[dict[str, Any]], Conversation]] = {
    "anthropic.complete": of_anthropic,
    "gemini.interactions": of_interactions,
    "hf.text_generation": of_parameters,
    "replicate.predictions": lambda sent: spoken(sent, sent["input"]["prompt"]),
    "sagemaker.invocations": of_parameters,
    "watsonx.text": of_parameters,
    "writer.chat": of_writer,
}


def asked(wire: str, body: dict[str, Any]) -> dict[str, Any]:
    """What of a body is the caller's, and not how a provider is to be called."""
    fields = {name: body[name] for name in body.keys() - NOT_ASKED if body[name] is not False}
    match wire:
        case "anthropic.complete":
            fields["prompt"] = body["prompt"].replace("Human: ", "Human:")
        case "gemini.interactions":
            fields["tools"] = [tool for tool in body.get("tools") or () if tool["type"] == "function"]
            steps = body["input"] if isinstance(body["input"], list) else [user_input(body["input"])]
            fields["input"] = [
                {**step, "result": plain_result(step["result"])} if "result" in step else step for step in steps
            ]
        case "hf.text_generation" | "sagemaker.invocations" | "watsonx.text":
            told = body.get("parameters") or {}
            fields["parameters"] = {name: told[name] for name in told.keys() & PARAMETERS}
        case "replicate.predictions":
            fields = {"prompt": body["input"]["prompt"]}  # what else there is, is each model's own
        case "writer.chat":
            fields["stop"] = [body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop")
            fields["messages"] = [plain_message(message) for message in body["messages"]]
    return fields


NOT_ASKED = {"model", "model_id", "project_id", "store", "stream_options", "previous_interaction_id"}
PARAMETERS = {"temperature", "top_p", "top_k", "max_new_tokens", "stop", "stop_sequences", "seed"}


def plain_message(message: dict[str, Any]) -> dict[str, Any]:
    """Calls and results without an id are given one."""
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    return {"role": message["role"], "content": message.get("content") or "", "calls": calls}
