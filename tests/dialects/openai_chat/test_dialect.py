"""Chat Completions with every accent: what is read, what is written, and what survives untouched."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import fold
from llmgw.chat.dialect import NOTHING, AnswerSign, ErrorReport, Sign
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass, InvalidRequestError, UpstreamProtocolError
from llmgw.wire import sse
from tests.partners.bodies import DONE, ToolCall, chat_answer, chat_events, encode, is_content, sse_event

MESSAGES = [{"role": "user", "content": "Hello"}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=9,
)


def read(**fields: Any) -> ChatRequest:
    return openai_chat.read_request(encode({"model": "m", "messages": MESSAGES, **fields}))


def raws(**values: Any) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(encode(value)) for name, value in values.items()}


def edits(model: str = "up", *, drop: tuple[str, ...] = (), ask_usage: bool = False, **values: dict[str, Any]) -> Edits:
    return Edits(
        model,
        set=raws(**values.get("set", {})),
        default=raws(**values.get("default", {})),
        drop=frozenset(drop),
        ask_usage=ask_usage,
    )


def written(request: ChatRequest, changes: Edits) -> dict[str, Any]:
    body, _ = openai_chat.write_request(request, changes)
    told: dict[str, Any] = json.loads(body)
    return told


# Requests, as they come in.


def test_every_field_that_we_act_on_is_read() -> None:
    request = read(
        stream=True,
        stream_options={"include_usage": True, "include_obfuscation": False},
        max_completion_tokens=7,
        max_tokens=9,
        user="ada",
        tools=[{"type": "function", "function": {"name": "f"}}],
        response_format={"type": "json_schema", "json_schema": {}},
        metadata={"team": "a", "n": 5, "rate": 0.5, "yes": True, "nested": {"x": 1}, "list": [1], "none": None},
    )

    assert (
        request.model, request.stream, request.wants_usage, request.max_tokens, request.user, request.tools,
        request.json,
    ) == ("m", True, True, 7, "ada", True, True)  # fmt: skip
    assert request.metadata == {"team": "a", "n": "5", "rate": "0.5", "yes": "true"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {
            "stream": None, "stream_options": None, "max_tokens": None, "max_completion_tokens": None, "user": None,
            "tools": None, "response_format": None, "metadata": None,
        },
        {"stream": False, "stream_options": {}, "tools": [], "response_format": {"type": "text"}, "metadata": "text"},
        {"stream_options": {"include_usage": None}, "response_format": {}, "max_tokens": 0},
    ],
)  # fmt: skip
def test_what_is_absent_null_or_empty_says_nothing(fields: dict[str, Any]) -> None:
    assert ChatRequest("m", read(**fields).fields) == read(**fields)


def test_the_older_cap_counts_where_the_newer_is_absent() -> None:
    assert read(max_tokens=9).max_tokens == 9


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": 5}, "model"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [*MESSAGES, {"role": 5}]}, "messages[1].role"),
        ({"messages": [*MESSAGES, {"content": "Hello"}]}, "messages[1].role"),
        ({"stream": "true"}, "stream"),
        ({"stream_options": []}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"max_tokens": 9.5}, "max_tokens"),
        ({"max_completion_tokens": []}, "max_completion_tokens"),
        ({"user": 5}, "user"),
        ({"tools": {}}, "tools"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": None}}, "response_format.type"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read(**fields)
    assert param == raised.value.param
    assert str(raised.value).startswith(f"{param}: ")


@pytest.mark.parametrize("param", ["model", "messages"])
def test_what_is_missing_is_named(param: str) -> None:
    body = {"model": "m", "messages": MESSAGES}
    del body[param]

    with pytest.raises(InvalidRequestError, match=f"^{param}: missing$") as raised:
        openai_chat.read_request(encode(body))
    assert param == raised.value.param


def test_a_model_of_null_is_missing_too() -> None:
    with pytest.raises(InvalidRequestError, match="model: missing"):
        read(model=None)


def test_the_model_of_the_path_wins_and_the_body_needs_none() -> None:
    body = encode({"messages": MESSAGES})

    assert openai_chat.read_request(body, "deployment").model == "deployment"
    assert openai_chat.read_request(encode({"model": "m", "messages": MESSAGES}), "deployment").model == "deployment"
    assert b'"model":"up"' in openai_chat.write_request(openai_chat.read_request(body, "deployment"), edits())[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"\x00", "not JSON"),
        (b"Hello", "not JSON"),
        (b'{"model":"m"', "not JSON"),
        (b'{"model":"m","messages":[]} x', "not JSON"),
        (b"{'model':'m'}", "not JSON"),
        (b'\xef\xbb\xbf{"model":"m","messages":[]}', "not JSON"),
        (b'{"model":"\xff","messages":[]}', "not JSON"),
        (b'{"\xff":1,"model":"m","messages":[]}', "not JSON"),
        (b'{"model":"\\ud800","messages":[]}', "not JSON"),
        (b'{"model":"m","messages":[{"role":"user","content":"\\uD83D"}]}', "half a character"),
        (b"[]", "the body: Expected `object`, got `array`"),
        (b"null", "the body: Expected `object`, got `null`"),
        (b'{"model":"m","messages":[],"max_tokens":1e999}', "max_tokens: Number out of range"),
        (b'{"model":"m","messages":[],"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"model":"m","messages":[{"role":"user","content":' + b"[" * 5_000_000, "nested too deeply"),
        (b'{"model":"m","messages":[],"metadata":' + b'{"a":' * 100_000, "nested too deeply"),
    ],
    ids=range(17),
)
def test_what_is_no_request_is_the_callers_fault(body: bytes, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        openai_chat.read_request(body)


@given(st.binary(max_size=200))
def test_no_bytes_are_too_odd_for_a_request(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        openai_chat.read_request(body)


@given(st.dictionaries(st.sampled_from(["model", "messages", "stream", "user", "metadata", "tools"]), JSON))
def test_no_json_is_too_odd_for_a_request(body: dict[str, Any]) -> None:
    with suppress(InvalidRequestError):
        request = openai_chat.read_request(encode(body))
        assert body["model"] == request.model


# Requests, as they go out.


@given(st.dictionaries(st.text("xyz", min_size=1, max_size=3), JSON))
def test_nothing_of_the_caller_is_lost_but_the_model(extras: dict[str, Any]) -> None:
    body = {"model": "m", "messages": MESSAGES, **extras}

    assert {**body, "model": "up"} == written(openai_chat.read_request(encode(body)), edits())


@pytest.mark.parametrize(
    "value",
    [
        b"123456789012345678901234567890", b"1e999", b"-0.0", b"0.699999988079071", b"1.50", b"1E5", b'"\\u00e9\\/"',
        b'{ "b" : 1,  "a" : [ ] , "b" : 2 }', b'"\\u0000"', b"[" * 50 + b"]" * 50, b'"\xf0\x9f\x99\x82"',
    ],
)  # fmt: skip
def test_values_survive_byte_for_byte(value: bytes) -> None:
    request = openai_chat.read_request(b'{"model":"m","messages":[{"role":"user","x":%s}],"y": %s }' % (value, value))
    body, dropped = openai_chat.write_request(request, edits())

    assert b'{"model":"up","messages":[{"role":"user","x":%s}],"y":%s}' % (value, value) == body
    assert dropped == ()


def test_of_a_name_told_twice_the_last_counts_for_us_and_for_the_provider() -> None:
    request = openai_chat.read_request(
        b'{"model":"a","model":"b","messages":[],"stream":true,"stream":false,"x":1,"x":2}'
    )
    body, _ = openai_chat.write_request(request, edits())

    assert (request.model, request.stream) == ("b", False)
    assert body == b'{"model":"up","messages":[],"stream":false,"x":2}'


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (edits(), {"a": "caller"}),
        (edits(default={"a": "default"}), {"a": "caller"}),
        (edits(default={"b": "default"}), {"a": "caller", "b": "default"}),
        (edits(set={"a": "set"}), {"a": "set"}),
        (edits(set={"a": "set"}, default={"a": "default"}), {"a": "set"}),
        (edits(drop=("a",)), {}),
        (edits(drop=("a",), default={"a": "default"}), {}),
        (edits(drop=("a",), set={"a": "set"}), {"a": "set"}),
        (edits(drop=("b",)), {"a": "caller"}),
        (edits(set={"model": "other"}), {"a": "caller"}),
    ],
)
def test_set_wins_over_all_drop_over_the_caller_and_the_caller_over_default(
    changes: Edits, expected: dict[str, Any]
) -> None:
    assert {"model": "up", "messages": MESSAGES, **expected} == written(read(a="caller"), changes)


def test_what_was_dropped_of_the_caller_is_named() -> None:
    _, dropped = openai_chat.write_request(read(seed=1, logprobs=True), edits(drop=("logprobs", "seed", "n")))

    assert dropped == ("seed", "logprobs")


@pytest.mark.parametrize(
    ("given_options", "expected"),
    [
        ({}, {"include_usage": True}),
        ({"stream_options": None}, {"include_usage": True}),
        ({"stream_options": {}}, {"include_usage": True}),
        ({"stream_options": {"include_usage": False}}, {"include_usage": True}),
        ({"stream_options": {"include_obfuscation": False}}, {"include_obfuscation": False, "include_usage": True}),
    ],
)
def test_usage_is_asked_for_in_a_stream(given_options: dict[str, Any], expected: dict[str, Any]) -> None:
    body = written(read(stream=True, **given_options), edits(ask_usage=True))

    assert expected == body["stream_options"]


def test_usage_is_not_asked_for_without_a_stream() -> None:
    assert "stream_options" not in written(read(), edits(ask_usage=True))


def test_a_provider_that_does_not_take_stream_options_gets_none() -> None:
    request = read(stream=True, stream_options={"include_usage": True})
    body, dropped = openai_chat.write_request(request, edits())

    assert "stream_options" not in json.loads(body)
    assert dropped == ("stream_options",)
    assert "stream_options" not in written(read(stream=True), edits())


# Answers.


def test_an_answer_tells_usage_and_finish() -> None:
    assert AnswerSign(Usage(9, 3), "stop") == openai_chat.read_answer(encode(chat_answer()))
    assert AnswerSign(None, "tool_calls") == openai_chat.read_answer(
        encode(chat_answer(usage=None, tool_calls=[ToolCall("f")]))
    )


@pytest.mark.parametrize(
    ("choice", "finish"),
    [
        ({"finish_reason": "content_filter", "index": 0, "logprobs": None}, "content_filter"),  # Azure: no message
        ({"message": {"content": None, "refusal": "No"}, "finish_reason": "stop"}, "stop"),
        ({"message": {"content": [{"type": "text", "text": "x"}]}}, None),
        ({"text": "x", "finish_reason": "length"}, "length"),
        ({"message": {}, "finish_reason": 5}, "5"),
    ],
)
def test_answers_of_every_accent_are_read(choice: dict[str, Any], finish: str | None) -> None:
    assert AnswerSign(None, finish) == openai_chat.read_answer(encode({"choices": [choice]}))


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ({"error": {"message": "Provider returned error", "code": 429}}, FailureClass.RATE_LIMITED),
        ({"error": {"message": "x", "code": "context_length_exceeded"}, "choices": []}, FailureClass.CONTEXT_LENGTH),
        ({"error": "text", "choices": [{"message": {"content": ""}}]}, FailureClass.PROTOCOL),
        ({"object": "error", "message": "text"}, FailureClass.PROTOCOL),
        ({"choices": [{"message": {"content": "half"}, "finish_reason": "error"}]}, FailureClass.PROTOCOL),
        ({"choices": []}, FailureClass.PROTOCOL),
        ({"choices": None}, FailureClass.PROTOCOL),
        ({"detail": "text"}, FailureClass.PROTOCOL),
        ({"choices": "text"}, FailureClass.PROTOCOL),
        ([], FailureClass.PROTOCOL),
    ],
)
def test_what_is_no_answer_is_a_failed_attempt_with_its_class(body: Any, failure: FailureClass) -> None:
    with pytest.raises(UpstreamProtocolError) as raised:
        openai_chat.read_answer(encode(body))
    assert failure is raised.value.failure
    assert raised.value.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b'{"choices":[' * 100_000, b'{"usage":"\xff"}'])
def test_an_answer_that_is_no_json_is_a_broken_dialect(body: bytes) -> None:
    with pytest.raises(UpstreamProtocolError, match="not a chat completion"):
        openai_chat.read_answer(body)


def test_null_and_empty_errors_are_none() -> None:
    nothing: tuple[Any, ...] = (None, {}, "")
    for error in nothing:
        assert AnswerSign(Usage(9, 3), "stop") == openai_chat.read_answer(encode({**chat_answer(), "error": error}))


# Streams.


def test_the_signs_of_a_plain_stream() -> None:
    signs = [openai_chat.read_event(event) for event in chat_events("one two", include_usage=True)]

    assert [
        NOTHING,
        Sign(content=True),
        Sign(content=True),
        Sign(finish="stop", finished=(0,)),
        Sign(usage=Usage(9, 3), usage_only=True),
        Sign(end=True),
    ] == signs


def test_tool_calls_are_content() -> None:
    events = chat_events(tool_calls=[ToolCall("f", '{"a":1}')], n=2)

    assert [is_content(event) for event in events] == [openai_chat.read_event(event).content for event in events]


@pytest.mark.parametrize(
    ("chunk", "sign"),
    [
        # Azure, Copilot: the first chunk has filters only.
        ({"choices": [], "id": "", "object": "", "model": "", "created": 0, "prompt_filter_results": []}, NOTHING),
        # Mistral, DeepSeek, Cerebras: usage with the last choice; a tool call in one delta.
        (
            {
                "choices": [{"delta": {"tool_calls": [{"id": "a"}, {"id": "b"}]}, "finish_reason": "tool_calls"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3},
            },
            Sign(content=True, finish="tool_calls", finished=(0,), usage=Usage(9, 3)),
        ),
        # Groq: usage in x_groq, and again where usage is.
        (
            {
                "choices": [{"delta": {}, "finish_reason": "stop"}],
                "x_groq": {"id": "r", "usage": {"prompt_tokens": 9, "completion_tokens": 3}},
            },
            Sign(finish="stop", finished=(0,), usage=Usage(9, 3)),
        ),
        ({"choices": [{"delta": {"reasoning": "Hm", "channel": "analysis"}}], "x_groq": None}, Sign(content=True)),
        # OpenRouter: usage with an empty choice, finish_reason again.
        (
            {
                "choices": [{"delta": {"role": "assistant", "content": ""}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3, "cost": 0.1},
            },
            Sign(finish="stop", finished=(0,), usage=Usage(9, 3)),
        ),
        # Together: text beside delta, numbers beyond 2^53, its own finish reason.
        (
            {"choices": [{"text": "a", "delta": {"content": "a", "token_id": 2**60}, "seed": 2**80}]},
            Sign(content=True),
        ),
        (
            {"choices": [{"text": "a", "finish_reason": "eos_token"}]},
            Sign(content=True, finish="eos_token", finished=(0,)),
        ),
        # Perplexity: message beside delta.
        (
            {"choices": [{"message": {"content": "Hi"}, "delta": {"content": "Hi"}}], "citations": ["u"]},
            Sign(content=True),
        ),
        # Snowflake: empty objects everywhere.
        (
            {
                "choices": [
                    {"delta": {"content": "", "audio": {}, "function_call": {"name": "", "arguments": ""}}}
                ],
                "usage": {},
            },
            NOTHING,
        ),
        # llama.cpp: its own usage chunk with timings.
        (
            {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}, "timings": {"n": 1}},
            Sign(usage=Usage(9, 3), usage_only=True),
        ),
        # n > 1.
        ({"choices": [{"delta": {}}, {"delta": {}, "finish_reason": "length"}]}, Sign(finish="length", finished=(0,))),
        ({}, NOTHING),
    ],
)  # fmt: skip
def test_every_accent_is_understood(chunk: dict[str, Any], sign: Sign) -> None:
    assert sign == openai_chat.read_event(sse_event(chunk))


@pytest.mark.parametrize("event", [DONE, b"data:[DONE]\r\n\r\n", b"data:  [DONE] \n\n"])
def test_the_end_mark_is_known(event: bytes) -> None:
    assert Sign(end=True) == openai_chat.read_event(event)


@pytest.mark.parametrize(
    "event", [b": ping\n\n", b"data:\n\n", b"data: \n\n", b"event: ping\n\n", b"\n\n", b"id: 1\n\n"]
)
def test_what_says_nothing_is_no_sign(event: bytes) -> None:
    assert openai_chat.read_event(event) == NOTHING


def test_deeply_nested_content_counts_and_harms_nobody() -> None:
    parts = b"[" * 200 + b"]" * 200

    assert openai_chat.read_event(b'data: {"choices":[{"delta":{"content":%s}}]}\n\n' % parts).content
    with pytest.raises(UpstreamProtocolError):
        openai_chat.read_event(b'data: {"choices":[{"delta":{"content":%s}}]}\n\n' % (b"[" * 100_000))


@given(st.binary(max_size=100), st.sampled_from([None, b"error", b"message"]))
def test_no_event_is_too_odd(data: bytes, name: bytes | None) -> None:
    sign = NOTHING
    with suppress(UpstreamProtocolError):
        sign = openai_chat.read_event(sse.write(data, name))

    assert not sign.content


MATTERS = [
    sse_event({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
    sse_event({"choices": [], "usage": {"prompt_tokens": 9}}),
    sse_event({"choices": [{"delta": {}, "finish_reason": None}], "usage": None, "x_groq": {"usage": {}}}),
    sse_event({"error": {"message": "x"}}),
    sse_event({"object": "error", "message": "x"}),
    b'data: {"choices":[{"delta":{},"finish_reason" : "stop"}]}\n\n',
    b"event: error\ndata: text\n\n",
    b"data:[DONE]\n\n",
    DONE,
]
CANNOT_MATTER = [
    sse_event({"choices": [{"delta": {"content": "x"}, "finish_reason": None}], "usage": None}),
    sse_event({"choices": [{"delta": {"content": '"usage": "finish_reason": "error"'}, "finish_reason": None}]}),
    sse_event({"choices": [{"delta": {"content": "x"}}]}),
    b": ping\n\n",
    b"\n",
]


@pytest.mark.parametrize("event", MATTERS)
def test_usage_errors_and_ends_may_matter(event: bytes) -> None:
    assert openai_chat.may_matter(event)
    assert openai_chat.may_matter(b"".join([*CANNOT_MATTER, event, *CANNOT_MATTER]))


@pytest.mark.parametrize("event", CANNOT_MATTER)
def test_plain_content_cannot_matter_whatever_its_text(event: bytes) -> None:
    assert not openai_chat.may_matter(event)


@given(st.lists(st.sampled_from([*chat_events(include_usage=True), *MATTERS, *CANNOT_MATTER]), max_size=6))
def test_whatever_is_a_sign_but_content_may_matter(events: list[bytes]) -> None:
    signs = [openai_chat.read_event(event) for event in events]
    telling = any(sign.finish or sign.end or sign.usage or sign.error for sign in signs)

    assert openai_chat.may_matter(b"".join(events)) or not telling


# Errors.


def test_an_error_is_read_with_its_class() -> None:
    told = openai_chat.read_error(429, encode({"error": {"message": "x", "code": "insufficient_quota"}}))

    assert (told.failure, told.message) == (FailureClass.QUOTA_EXHAUSTED, "x")


def test_the_error_that_ends_a_stream_is_one_event_and_reads_back() -> None:
    event = openai_chat.write_stream_error(ErrorReport(502, "stream_cut", "the stream broke"))
    sign = openai_chat.read_event(event)

    assert [event] == sse.split(event)
    assert sign.error is not None
    assert (sign.error.message, sign.end) == ("the stream broke", False)


def test_what_is_no_text_at_all_is_refused_wherever_it_stands() -> None:
    with pytest.raises(InvalidRequestError, match="the body is not JSON: 'utf-8'"):
        openai_chat.read_request(b'{"model":"m","messages":[{"role":"user","content":"\xff"}]}')


# Between dialects.


def test_what_crosses_goes_through_the_hub_and_says_the_same() -> None:
    conversation = openai_chat.read_conversation(read(stream=True, stream_options={"include_usage": True}))
    body, dropped = openai_chat.write_conversation(conversation, edits(ask_usage=True))
    events, answer = chat_events("Hello there", include_usage=True), encode(chat_answer("Hello there"))
    decoder, encoder = openai_chat.decoder(), openai_chat.encoder(read(stream=True))
    streamed = [told for event in events for told in decoder.read(event)]

    assert (
        json.loads(body),
        dropped,
    ) == ({"model": "up", "messages": MESSAGES, "stream": True, "stream_options": {"include_usage": True}}, ())
    assert decoder.ended
    assert fold(streamed) == fold(openai_chat.read_events(answer))
    assert openai_chat.read_answer(openai_chat.write_answer(fold(streamed), ChatRequest("m", {}))) == AnswerSign(
        Usage(9, 3), "stop"
    )
    assert b"Hello " in encoder.write(streamed) + encoder.end()


@pytest.mark.parametrize(
    ("body", "plain"), [(b'{"error":{"message":"x"}}', True), (b'{"detail":"x"}', False), (b"x", False)]
)
def test_an_error_of_the_dialect_may_go_on_as_it_came(body: bytes, plain: bool) -> None:
    assert openai_chat.read_error(500, body).plain is plain
