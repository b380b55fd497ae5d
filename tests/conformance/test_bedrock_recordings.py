"""Real traffic of AWS Bedrock, Converse and InvokeModel, crosses the hub unharmed."""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from llmgw.chat import aws_errors, events
from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import (
    Conversation,
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
from llmgw.chat.crossing import between
from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import Edits
from llmgw.chat.signatures import ANTHROPIC
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.bedrock_converse.dialect import bedrock_converse
from llmgw.errors import StreamCutError
from llmgw.providers.bedrock_invoke import bedrock_invoke
from llmgw.routing.outcome import class_of_status
from llmgw.wire import event_stream, sse
from tests.conformance.traffic import OPEN, REPORTED, Recording, recordings
from tests.conformance.translated import CLASSES_BY_TAG, Said, decoded, relayed, said, splits
from tests.partners.aws_frames import AwsFrame, read_frames

KNOWN = {
    *("text", "toolUse", "toolResult", "reasoningContent", "json", "guardContent", "cachePoint"),
    *("image", "document", "video"),
}
METRICS = "amazon-bedrock-invocationMetrics"
DIALECTS: dict[str, ProviderDialect] = {
    "bedrock.converse": bedrock_converse,
    "bedrock.converse-stream": bedrock_converse,
    "bedrock.invoke": bedrock_invoke,
    "bedrock.invoke-with-response-stream": bedrock_invoke,
}


def is_claudes(recording: Recording) -> bool:
    """In the words of Messages."""
    sent = recording.get("request_body")
    return isinstance(sent, dict) and "anthropic_version" in sent


RECORDINGS = [record for record in recordings(REPORTED) if record["wire"] in DIALECTS]
GOOD = [record for record in RECORDINGS if record["status"] == 200]
STREAMS = [record for record in GOOD if record["streaming"] and record.get("response_body_base64")]
ANSWERS = [record for record in GOOD if not record["streaming"]]
ERRORS = [record for record in RECORDINGS if record["status"] >= 400]
ASKED = [record for record in RECORDINGS if record.get("request_body_kind") == "json"]
REQUESTS = [record for record in ASKED if DIALECTS[record["wire"]] is bedrock_converse]
CLAUDES = [record for record in ASKED if DIALECTS[record["wire"]] is bedrock_invoke and is_claudes(record)]
CLAUDES_STREAMS = [record for record in STREAMS if record in CLAUDES]


def each(chosen: list[Recording]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recording", chosen, ids=lambda recording: recording["id"])


def test_the_recordings_are_there() -> None:
    if not OPEN.is_dir():
        pytest.skip(f"NO RECORDINGS at {OPEN}: conformance with real traffic is NOT tested (set LLMGW_TRAFFIC)")

    assert RECORDINGS


# What is sent.


@each(REQUESTS)
def test_every_request_can_be_said_in_converse(recording: Recording) -> None:
    sent, model = recording["request_body"], unquote(recording["model"])
    by_the_file = {name: raw(value) for name, value in beyond(sent).items()}
    body, dropped = bedrock_converse.write_conversation(
        conversation(sent, model), Edits(model, by_the_file, {}, frozenset(), ask_usage=True)
    )

    assert plain_request(sent) == plain_request(json.loads(body))
    assert dropped == ()


@each(CLAUDES)
def test_every_request_of_claudes_callers_is_put_into_the_envelope_as_it_is(recording: Recording) -> None:
    sent = recording["request_body"]
    caller = {name: value for name, value in sent.items() if name not in ("anthropic_version", "anthropic_beta")}
    asked = anthropic_messages.read_request(json.dumps({**caller, "model": "m", "stream": True}).encode())
    crossing = between(anthropic_messages, bedrock_invoke, 0)
    betas = {"anthropic-beta": ",".join(sent["anthropic_beta"])} if "anthropic_beta" in sent else {}
    body, dropped = crossing.request(asked, Edits(recording["model"], {}, {}, frozenset(), ask_usage=True), betas)

    assert (sent, ()) == (json.loads(body), dropped)


# What comes back.


@each(STREAMS)
def test_every_frame_is_cut_out_and_says_what_it_says(recording: Recording) -> None:
    stream = b64decode(recording["response_body_base64"])
    known = list(read_frames(stream))
    frames = event_stream.split(event_stream.Frames().feed(stream))
    told = [event_stream.parse(frame) for frame in frames]

    assert [frame.raw for frame in known] == frames
    assert [(dict(frame.headers), frame.payload) for frame in known] == [(one.headers, one.payload) for one in told]


@each(STREAMS)
def test_every_stream_says_the_same_however_it_was_cut(recording: Recording) -> None:
    dialect, stream = DIALECTS[recording["wire"]], b64decode(recording["response_body_base64"])
    _, expected = relayed(dialect, [stream])
    ends = [frame.raw for frame in read_frames(stream)]
    for pieces in [*splits(event_stream_of(dialect), stream), ends]:
        relay, out = relayed(dialect, pieces)

        assert expected == out
        assert (relay.committed, relay.is_over, relay.broken) == (True, True, None)
        assert relay.usage == counted(naively_joined(recording))


@each(STREAMS)
def test_every_stream_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    answer = streamed(recording)
    told = naively_joined(recording)

    assert naively_said(told) == without_spaces(said(answer))
    assert counted(told) == answer.usage
    assert ended(told) == (answer.finish is not None)


@each(STREAMS)
def test_every_stream_says_the_same_as_its_answer_at_once(recording: Recording) -> None:
    told = naively_joined(recording)
    at_once = fold(DIALECTS[recording["wire"]].read_events(json.dumps(told).encode()))
    answer = streamed(recording)

    assert without_spaces(said(answer)) == without_spaces(said(at_once))
    assert proofs(answer) == proofs(at_once)
    assert (answer.usage, answer.finish, answer.stop_sequence) == (at_once.usage, at_once.finish, at_once.stop_sequence)


@each(STREAMS)
def test_of_every_stream_nothing_is_sent_before_its_first_content(recording: Recording) -> None:
    told = events_of(recording)
    first = next(place for place, event in enumerate(told) if events.is_content(event))

    assert {type(event) for event in told[:first]} <= {events.Started, events.UsageTold}


@each(STREAMS)
def test_every_stream_that_is_cut_before_its_end_is_seen_to_be_cut(recording: Recording) -> None:
    dialect, stream = DIALECTS[recording["wire"]], b64decode(recording["response_body_base64"])
    end = next(frame.raw for frame in read_frames(stream) if ends(inside(frame)))
    place = stream.index(end)
    for cut in {0, 1, place // 2, place, place + 1, place + len(end) - 1}:
        with pytest.raises(StreamCutError):
            relayed(dialect, [stream[:cut]])


@each(CLAUDES_STREAMS)
def test_every_stream_of_claude_reaches_its_callers_event_by_event(recording: Recording) -> None:
    stream = b64decode(recording["response_body_base64"])
    inner = [inside(frame) for frame in read_frames(stream)]
    for pieces in splits(event_stream_of(bedrock_invoke), stream):
        relay = ForwardingRelay(anthropic_messages, keep_usage=True, framing=bedrock_invoke.framing)
        out = b"".join(map(relay.feed, pieces))

        assert inner == [json.loads(sse.parse(event).data or b"") for event in sse.split(out)]
        assert [event["type"].encode() for event in inner] == [sse.parse(event).name for event in sse.split(out)]
        assert (relay.committed, relay.whole, relay.broken) == (True, True, None)


@each(ANSWERS)
def test_every_answer_says_in_events_what_it_says_in_json(recording: Recording) -> None:
    told = json.loads(recording["response_body"])
    answer = fold(DIALECTS[recording["wire"]].read_events(recording["response_body"].encode()))

    assert naively_said(told) == without_spaces(said(answer))
    assert (counted(told), ended(told)) == (answer.usage, answer.finish is not None)


@each(GOOD)
def test_what_a_guardrail_has_masked_stays_masked(recording: Recording) -> None:
    if recording["streaming"] and not recording.get("response_body_base64"):
        return  # a frame in prose
    told = streamed(recording) if recording["streaming"] else at_once(recording)

    assert "modelOutput" not in repr(told)


@each(ERRORS)
def test_every_error_gets_its_class(recording: Recording) -> None:
    told = DIALECTS[recording["wire"]].read_error(recording["status"], (recording["response_body"] or "").encode())
    by_header = aws_errors.of_headers(recording["response_headers"])
    tagged = {CLASSES_BY_TAG[tag] for tag in recording.get("features", ()) if tag in CLASSES_BY_TAG}

    assert told.message
    if aws_errors.HEADER in recording["response_headers"]:
        assert by_header is not None
    if tagged:
        assert {told.failure or by_header or class_of_status(recording["status"])} == tagged


# The naive reading.


def event_stream_of(dialect: ProviderDialect) -> ProviderDialect:
    """Both are cut into the same frames, whatever is in them."""
    return bedrock_converse if dialect is bedrock_invoke else dialect


def inside(frame: AwsFrame) -> dict[str, Any]:
    """An event, under its name or with it, out of all that is around it."""
    told = frame.json
    if "bytes" in told:
        inner = json.loads(b64decode(told["bytes"]))
        return {name: value for name, value in inner.items() if name != "amazon-bedrock-trace"}
    return {frame.headers[":event-type"]: told}


def events_of(recording: Recording) -> list[events.Event]:
    dialect = DIALECTS[recording["wire"]]
    whole = dialect.framing.frames().feed(b64decode(recording["response_body_base64"]))
    return decoded(dialect, whole)


def streamed(recording: Recording) -> Answer:
    return fold(events_of(recording))


def at_once(recording: Recording) -> Answer:
    return fold(DIALECTS[recording["wire"]].read_events(recording["response_body"].encode()))


def ends(told: dict[str, Any]) -> bool:
    """The first word that all has been said."""
    last = told.get("delta") or (told.get("choices") or told.get("outputs") or [{}])[0]
    words = ("stop_reason", "completionReason", "finish_reason", "finishReason")
    return "messageStop" in told or any(
        isinstance(one, dict) and one.get(word) for one in (told, last) for word in words
    )


def naively_joined(recording: Recording) -> dict[str, Any]:
    """What an unstreamed call would have brought."""
    told = [inside(frame) for frame in read_frames(b64decode(recording["response_body_base64"]))]
    if any("messageStart" in one for one in told):
        return joined_converse(told)
    if "anthropic_version" in recording["request_body"]:
        return joined_claude(told)
    return joined_text(told)


def joined_converse(told: list[dict[str, Any]]) -> dict[str, Any]:
    blocks: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    for name, data in (item for one in told for item in one.items()):
        block = blocks.setdefault(data["contentBlockIndex"], {}) if "contentBlockIndex" in data else {}
        match name:
            case "contentBlockStart":
                block.update(json.loads(json.dumps(data["start"])))
            case "contentBlockDelta":
                grow(block, data["delta"])
            case "messageStop":
                whole |= data
            case "metadata":
                whole["usage"] = data.get("usage")
    content = [finished(blocks[index]) for index in sorted(blocks)]
    return {**whole, "output": {"message": {"role": "assistant", "content": content}}}


def grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    if "toolUse" in delta:
        block["toolUse"]["input"] = block["toolUse"].get("input", "") + delta["toolUse"]["input"]
    if "reasoningContent" in delta:
        thought = block.setdefault("reasoningContent", {})
        for name, value in delta["reasoningContent"].items():
            inner = thought if name == "redactedContent" else thought.setdefault("reasoningText", {})
            inner[name] = inner.get(name, "") + value
    if "citation" in delta:
        block.setdefault("citations", []).append(delta["citation"])


def finished(block: dict[str, Any]) -> dict[str, Any]:
    if isinstance((block.get("toolUse") or {}).get("input"), str):
        block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
    if "citations" in block:
        return {"citationsContent": {"content": [{"text": block["text"]}], "citations": block["citations"]}}
    return block


def joined_claude(told: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {}
    inputs: dict[int, str] = {}
    for data in told:
        match data["type"]:
            case "message_start":
                message = json.loads(json.dumps(data["message"]))
            case "content_block_start":
                message["content"].append(dict(data["content_block"]))
            case "content_block_delta":
                delta, block = data["delta"], message["content"][data["index"]]
                for name in ("text", "thinking", "signature"):
                    if name in delta:
                        block[name] = block.get(name, "") + delta[name]
                inputs[data["index"]] = inputs.get(data["index"], "") + delta.get("partial_json", "")
            case "message_delta":
                message |= {name: value for name, value in data["delta"].items() if value is not None}
                message["usage"] |= data["usage"]
    for index, text in inputs.items():
        if text:
            message["content"][index]["input"] = json.loads(text)
    return message


def joined_text(told: list[dict[str, Any]]) -> dict[str, Any]:
    """In the words of the vendor, as far as there is one piece after another."""
    last = {**told[-1]}
    word = next((name for name in ("completion", "outputText", "generation") if name in last), None)
    if word is not None:
        return {**last, word: "".join(one.get(word) or "" for one in told)}
    for name, inner in (("outputs", "text"), ("choices", "delta"), ("choices", "message")):
        firsts = [one[name][0] for one in told if one.get(name)]
        if firsts and all(inner in first for first in firsts):
            ending = next(one[name][0] for one in told if ends(one))
            pieces = [first[inner] for first in firsts]
            text = "".join(piece if isinstance(piece, str) else piece.get("content") or "" for piece in pieces)
            return {**last, name: [{**ending, inner: text if inner == "text" else {"content": text}}]}
    return {**last, "event_type": "", "text": "".join(one.get("text") or "" for one in told if not ends(one))}


def naively_said(told: dict[str, Any]) -> Said:
    if "output" in told:
        return said_in_converse(told["output"]["message"]["content"])
    if "content" in told:
        calls = [block for block in told["content"] if block["type"] == "tool_use"]
        return Said(
            "".join(block["text"] for block in told["content"] if block["type"] == "text"),
            "".join(block["thinking"] for block in told["content"] if block["type"] == "thinking"),
            [(call["name"], tight(call["input"])) for call in calls],
        )
    return Said(naive_text(told), "", [])


def said_in_converse(content: list[dict[str, Any]]) -> Said:
    calls = [block["toolUse"] for block in content if "toolUse" in block]
    cited = [piece for block in content for piece in block.get("citationsContent", {}).get("content", [])]
    thoughts = [block["reasoningContent"].get("reasoningText", {}) for block in content if "reasoningContent" in block]
    return Said(
        "".join(block.get("text", "") for block in [*content, *cited]),
        "".join(thought.get("text", "") for thought in thoughts),
        [(call["name"], tight(call["input"])) for call in calls if call.get("type") != "server_tool_use"],
    )


def naive_text(told: dict[str, Any]) -> str:
    for name in ("results", "outputs", "generations", "completions", "choices"):
        if name in told:
            first = told[name][0]
            inner = first.get("data") or first.get("message") or first.get("delta") or first
            return str(inner.get("text") or inner.get("outputText") or inner.get("content") or "")
    return str(told.get("completion") or told.get("outputText") or told.get("generation") or told.get("text") or "")


def counted(told: dict[str, Any]) -> Usage | None:
    usage = told.get("usage") or {}
    if "inputTokens" in usage:
        read = usage.get("cacheReadInputTokens") or usage.get("cacheReadInputTokenCount") or 0
        written = usage.get("cacheWriteInputTokens") or usage.get("cacheWriteInputTokenCount") or 0
        return Usage(usage["inputTokens"] + read + written, usage.get("outputTokens", 0), read, 0, written)
    if "input_tokens" in usage:
        read, written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
        return Usage(usage["input_tokens"] + read + written, usage["output_tokens"], read, 0, written)
    if METRICS in told:
        return Usage(told[METRICS]["inputTokenCount"], told[METRICS]["outputTokenCount"])
    if "prompt_token_count" in told:
        return Usage(told["prompt_token_count"], told["generation_token_count"])
    if "inputTextTokenCount" in told:
        return Usage(int(told["inputTextTokenCount"]), int(told["results"][0]["tokenCount"]))
    return Usage(usage["prompt_tokens"], usage["completion_tokens"]) if "prompt_tokens" in usage else None


def ended(told: dict[str, Any]) -> bool:
    """Whether it says why."""
    first: dict[str, Any] = next(
        (told[name][0] for name in ("results", "outputs", "generations", "choices", "completions") if name in told), {}
    )
    words = ("stopReason", "stop_reason", "completionReason", "finish_reason", "finishReason")
    return any(one.get(word) for one in (told, first) for word in words)


def proofs(answer: Answer) -> list[tuple[str, str]]:
    return [(part.signature, part.redacted) for part in answer.parts if isinstance(part, Reasoning)]


def tight(value: Any) -> str:
    return json.dumps(value)


def without_spaces(told: Said) -> Said:
    """Arguments are JSON: spaces in it say nothing."""
    return Said(told.text, told.reasoning, [(name, tight(json.loads(given))) for name, given in told.calls])


# Requests, as a caller of another dialect would have made them.


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def beyond(sent: dict[str, Any]) -> dict[str, Any]:
    """What is for the file to say."""
    known = {"messages", "system", "inferenceConfig", "toolConfig", "outputConfig", "requestMetadata"}
    return {name: value for name, value in sent.items() if name not in known}


def conversation(sent: dict[str, Any], model: str) -> Conversation:
    config, tools = sent.get("inferenceConfig") or {}, sent.get("toolConfig") or {}
    form = (sent.get("outputConfig") or {}).get("textFormat")
    return Conversation(
        model=model,
        system=tuple(part for part in parts_of(sent.get("system") or []) if isinstance(part, Text)),
        messages=tuple(Message(Role(one["role"]), parts_of(one["content"])) for one in sent["messages"]),
        tools=tuple(tools_of(tools.get("tools") or [])),
        tool_choice=choice_of(tools["toolChoice"]) if tools.get("toolChoice") else None,
        response_format=form_of(form["structure"]["jsonSchema"]) if form else None,
        max_tokens=config.get("maxTokens"),
        stop=tuple(config.get("stopSequences") or ()),
        sampling=Sampling(temperature=config.get("temperature"), top_p=config.get("topP")),
        metadata=sent.get("requestMetadata") or {},
    )


def form_of(schema: dict[str, Any]) -> ResponseFormat:
    return ResponseFormat(json.loads(schema["schema"]), schema.get("name", ""), schema.get("description", ""))


def choice_of(choice: dict[str, Any]) -> ToolChoice:
    if "tool" in choice:
        return ToolChoice(ToolMode.REQUIRED, choice["tool"]["name"])
    return ToolChoice(ToolMode.REQUIRED if "any" in choice else ToolMode.AUTO)


def tools_of(blocks: list[dict[str, Any]]) -> list[Tool]:
    tools: list[Tool] = []
    for block in blocks:
        if "toolSpec" in block:
            spec = block["toolSpec"]
            given = spec.get("description", ""), spec["inputSchema"]["json"]
            tools.append(Tool(spec["name"], *given, spec.get("strict")))
        elif "cachePoint" in block:
            tools[-1] = msgspec.structs.replace(tools[-1], cache=block["cachePoint"].get("ttl", "5m"))
    return tools


def parts_of(blocks: list[dict[str, Any]]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for block in blocks:
        ((kind, told),) = block.items()
        if kind == "cachePoint":
            last: Any = parts[-1]
            parts[-1] = msgspec.structs.replace(last, cache=told.get("ttl", "5m"))
        else:
            parts += [part for part in [part_of(kind, told)] if part is not None]
    return tuple(parts)


def part_of(kind: str, told: Any) -> Part | None:  # noqa: PLR0911 - one a kind
    match kind:
        case "text":
            return Text(told)
        case "guardContent":
            return Text(told["text"]["text"])
        case "toolUse":
            return ToolUse(told["toolUseId"], told["name"], json.dumps(told["input"]))
        case "toolResult":
            return ToolResult(told["toolUseId"], parts_of(told["content"]), is_error=told.get("status") == "error")
        case "reasoningContent":
            thought = told.get("reasoningText") or {}
            redacted = b64decode(told.get("redactedContent", "")).decode()
            return Reasoning(thought.get("text", ""), thought.get("signature", ""), redacted, ANTHROPIC)
        case "json":
            return Text(json.dumps(told))
        case "image":
            source = told["source"]
            return Image(
                f"image/{told['format']}", source.get("bytes", ""), (source.get("s3Location") or {}).get("uri", "")
            )
        case "document" | "video":
            name = "video" if kind == "video" else {"txt": "text/plain", "md": "text/markdown"}.get(told["format"], "")
            media_type = f"video/{told['format']}" if kind == "video" else name or f"application/{told['format']}"
            source = told["source"]
            data = plain_bytes(source["text"]) if "text" in source else source.get("bytes", "")
            return File(told.get("name", ""), media_type, data, (source.get("s3Location") or {}).get("uri", ""))
        case _:
            return None


def plain_bytes(text: str) -> str:
    return msgspec.json.decode(msgspec.json.encode(text.encode()))  # type: ignore[no-any-return]


# What is the same, said in another way.


def plain_request(body: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in body.items() if value not in ([], {}, None)}
    plain.pop("additionalModelResponseFieldPaths", None)
    plain["messages"] = plain_messages(body["messages"])
    tools = dict(body.get("toolConfig") or {})
    if tools:
        tools["tools"] = [plain_tool(tool) for tool in tools["tools"] if "systemTool" not in tool]
        plain["toolConfig"] = tools
    form = (body.get("outputConfig") or {}).get("textFormat")
    if form:
        plain["outputConfig"] = json.loads(form["structure"]["jsonSchema"]["schema"])
    return plain


def plain_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of one role are one message; one of which nothing can be said is none."""
    plain: list[dict[str, Any]] = []
    for message in messages:
        content = plain_blocks(message["content"])
        if content and plain and plain[-1]["role"] == message["role"]:
            plain[-1]["content"] += content
        elif content:
            plain.append({"role": message["role"], "content": content})
    return plain


def plain_blocks(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [plain for block in blocks for plain in [plain_block(block)] if plain]


def plain_block(block: dict[str, Any]) -> dict[str, Any]:
    """A text in a document is its bytes; guarded content and JSON are texts to the hub; other kinds have no word."""
    ((kind, told),) = block.items()
    if kind not in KNOWN or (kind == "reasoningContent" and not is_proved(told)):
        return {}
    if kind == "guardContent":
        return {"text": told["text"]["text"]}
    if kind == "json":
        return {"text": json.dumps(told)}
    if kind == "document":
        source = {"bytes": plain_bytes(told["source"]["text"])} if "text" in told["source"] else told["source"]
        return {"document": {"format": told["format"], "name": told["name"], "source": source}}
    if kind == "toolResult":
        status = {"status": "error"} if told.get("status") == "error" else {}
        content = plain_blocks(told["content"]) or [{"text": "(empty)"}]
        return {"toolResult": {"toolUseId": told["toolUseId"], "content": content, **status}}
    return {} if kind == "text" and not told.strip() else block


def is_proved(thought: dict[str, Any]) -> bool:
    """A thought that nobody has signed goes to nobody."""
    return "redactedContent" in thought or bool(thought["reasoningText"].get("signature"))


def plain_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """Every schema is that of an object."""
    if "toolSpec" not in tool:
        return tool
    spec = {name: value for name, value in tool["toolSpec"].items() if value not in (None, "", False)}
    given = spec["inputSchema"]["json"]
    schema = {"type": "object", **({} if given else {"properties": {}}), **given}
    return {"toolSpec": {**spec, "inputSchema": {"json": schema}}}
