"""Between equal dialects the bytes go on as they are; between others everything is read and written anew."""

import json
from dataclasses import replace

import msgspec
import pytest

from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Text
from llmgw.chat.crossing import Forwarding, Translating, between
from llmgw.chat.dialect import Dialect, ProviderDialect
from llmgw.chat.events import Finish
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.translating import TranslatingRelay
from llmgw.chat.unsupported import Policy
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.cohere_chat.dialect import cohere_generate_v1
from llmgw.dialects.gemini_generate.dialect import gemini_generate
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.dialects.openai_responses.dialect import openai_responses
from llmgw.errors import FailureClass, InvalidRequestError, UpstreamProtocolError
from tests.partners.bodies import chat_answer, encode

ASKED = ChatRequest("m", {})

EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
BODY = encode({"model": "m", "messages": [{"role": "user", "content": "hi"}], "seed": 1, "vendor": {"a": 1}})


def test_who_speaks_the_same_is_forwarded() -> None:
    crossing = between(openai_chat, openai_chat, 7)
    answer = encode({**chat_answer(), "vendor": 1})
    body, dropped = crossing.request(openai_chat.read_request(BODY), EDITS)

    assert isinstance(crossing, Forwarding)
    assert (json.loads(body), dropped) == ({**json.loads(BODY), "model": "up"}, ())
    assert crossing.answer(answer, ASKED)[1] is answer
    assert isinstance(crossing.relay(openai_chat.read_request(BODY), EDITS), ForwardingRelay)


def test_who_speaks_otherwise_is_translated_and_told_what_could_not_cross() -> None:
    crossing = between(openai_chat, anthropic_messages, 7)
    body, dropped = crossing.request(openai_chat.read_request(BODY), EDITS)

    assert isinstance(crossing, Translating)
    assert (json.loads(body)["model"], set(dropped)) == ("up", {"seed", "vendor"})
    assert isinstance(crossing.relay(openai_chat.read_request(BODY), EDITS), TranslatingRelay)


def test_an_answer_crosses_with_its_meaning() -> None:
    sign, body = between(anthropic_messages, openai_chat, 7).answer(encode(chat_answer("Hello")), ASKED)

    assert sign.usage is not None
    assert json.loads(body)["content"][0]["text"] == "Hello"


@pytest.mark.parametrize(
    ("message", "finish", "expected"),
    [
        ({"content": ""}, "content_filter", "content_filter"),
        ({"content": None, "refusal": "No."}, "stop", "refusal"),
        ({"content": "Hi"}, "stop", "stop"),
    ],
)
def test_filtered_is_what_was_filtered_and_a_refusal_in_words_is_an_answer(
    message: dict[str, str], finish: str, expected: str
) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    sign, _ = between(anthropic_messages, openai_chat, 7).answer(msgspec.json.encode({"choices": [choice]}), ASKED)

    assert expected == sign.finish


@pytest.mark.parametrize(
    ("word", "is_unknown"), [("moonrise", True), ("stop", False), ("length", False), (None, False)]
)
def test_that_the_end_was_told_in_an_unknown_word_is_known_though_its_translation_says_stop(
    word: str | None, is_unknown: bool
) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": word}
    sign, body = between(anthropic_messages, openai_chat, 7).answer(msgspec.json.encode({"choices": [choice]}), ASKED)

    assert is_unknown == sign.ended_unknown
    assert json.loads(body)["stop_reason"] == ("max_tokens" if word == "length" else "end_turn")


def test_an_error_that_is_a_200_has_its_class() -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        between(anthropic_messages, openai_chat, 7).answer(b'{"error":{"message":"slow down","code":429}}', ASKED)

    assert caught.value.failure is FailureClass.RATE_LIMITED


def test_when_it_was_made_is_told_where_the_dialect_tells_it() -> None:
    message = anthropic_messages.write_answer(Answer(parts=(Text("Hi"),), finish=Finish.STOP), ChatRequest("m", {}))
    _, body = between(openai_chat, anthropic_messages, 7).answer(message, ASKED)

    assert json.loads(body)["created"] == 7


def test_headers_of_one_vendor_go_to_nobody_else() -> None:
    given = {"anthropic-beta": "a", "openai-organization": "o", "traceparent": "t"}

    assert between(openai_chat, openai_chat, 7).headers(given) == given
    assert set(between(openai_chat, anthropic_messages, 7).headers(given)) == {"anthropic-beta", "traceparent"}
    assert set(between(anthropic_messages, openai_chat, 7).headers(given)) == {"openai-organization", "traceparent"}


@pytest.mark.parametrize(
    ("thinking", "efforts", "expected"),
    [
        ({"type": "enabled", "budget_tokens": 2048}, (), (None, ("thinking",))),
        ({"type": "enabled", "budget_tokens": 2048}, ("up*",), ("medium", ())),
        ({"type": "disabled"}, (), (None, ("thinking",))),
        (None, (), (None, ())),
    ],
)
def test_who_cannot_think_is_not_told_how_much(
    thinking: object, efforts: tuple[str, ...], expected: tuple[str | None, tuple[str, ...]]
) -> None:
    asked = {"model": "m", "max_tokens": 9000, "messages": [{"role": "user", "content": "hi"}]}
    request = anthropic_messages.read_request(encode({**asked, **({"thinking": thinking} if thinking else {})}))
    body, dropped = between(anthropic_messages, openai_chat, 7).request(request, replace(EDITS, efforts=efforts))

    assert (json.loads(body).get("reasoning_effort"), dropped) == expected


MESSAGE = encode({"model": "", "content": [{"type": "tool_use", "name": "f", "input": {}}], "stop_reason": "tool_use"})
CALLED = msgspec.structs.replace(ASKED, model="fast", id="7")


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (openai_chat, "chatcmpl-7"),
        (openai_completions, "cmpl-7"),
        (openai_responses, "resp_7"),
        (gemini_generate, "7"),
    ],
)
def test_what_the_provider_left_unnamed_is_named_after_the_request(client: Dialect, expected: str) -> None:
    told = json.loads(between(client, anthropic_messages, 7).answer(MESSAGE, CALLED)[1])

    assert (told.get("id") or told["responseId"], told.get("model") or told["modelVersion"]) == (expected, "fast")


def test_calls_are_named_so_too_and_streams_alike() -> None:
    crossing = between(anthropic_messages, gemini_generate, 7)
    part = {"functionCall": {"name": "f", "args": {}}}
    body = encode({"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]})
    message = json.loads(crossing.answer(body, CALLED)[1])
    relay = crossing.relay(msgspec.structs.replace(CALLED, stream=True), EDITS)
    streamed = (relay.feed(b"data: " + body + b"\n\n") + relay.finish()).decode()

    assert (message["id"], message["model"], message["content"][-1]["id"]) == ("msg_7", "fast", "call_7_0")
    assert all(f'"{name}"' in streamed for name in ("msg_7", "fast", "call_7_0"))


TURNS = [{"role": "user", "content": "hi"}]
FILE = {"type": "input_file", "file_id": "file-1"}
IN_CHAT = {"model": "m", "messages": TURNS}


@pytest.mark.parametrize(
    ("client", "provider", "body", "expected"),
    [
        (anthropic_messages, openai_responses, {**IN_CHAT, "max_tokens": 9, "stop_sequences": ["x"]}, "stop_sequences"),
        (openai_responses, cohere_generate_v1, {"model": "m", "input": "hi", "top_logprobs": 3}, "top_logprobs"),
        (
            openai_responses,
            cohere_generate_v1,
            {"model": "m", "input": "hi", "reasoning": {"effort": "bogus"}},
            "reasoning",
        ),
        (openai_chat, cohere_generate_v1, {**IN_CHAT, "reasoning_effort": "bogus"}, "reasoning_effort"),
        (openai_chat, cohere_generate_v1, {**IN_CHAT, "reasoning": {"effort": "bogus"}}, "reasoning"),
        (
            gemini_generate,
            anthropic_messages,
            {"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"presencePenalty": 1}},
            "generationConfig.presencePenalty",
        ),
        (openai_chat, cohere_generate_v1, {**IN_CHAT, "modalities": ["text"]}, None),
    ],
)
def test_what_was_left_out_is_told_in_the_callers_words(
    client: Dialect, provider: ProviderDialect, body: dict[str, object], expected: str | None
) -> None:
    edits = replace(EDITS, policy=Policy.DROP)
    _, dropped = between(client, provider, 7).request(client.read_request(encode(body), "m"), edits)

    assert dropped == (() if expected is None else (expected,))


@pytest.mark.parametrize(
    ("client", "body", "expected"),
    [
        (openai_chat, {**IN_CHAT, "web_search_options": {}}, "unsupported: web_search_options"),
        (
            openai_chat,
            {**IN_CHAT, "response_format": {"type": "json_object"}},
            "unsupported: response_format.json_object (a JSON schema would do)",
        ),
        (
            gemini_generate,
            {"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"responseMimeType": "application/json"}},
            "unsupported: generationConfig.responseMimeType (a JSON schema would do)",
        ),
        (
            openai_responses,
            {"model": "m", "input": [{"role": "user", "content": [FILE, {"type": "input_text", "text": "hi"}]}]},
            "unsupported: input.file",
        ),
        (
            openai_responses,
            {"model": "m", "input": [{"role": "user", "content": [FILE]}]},
            "input: nothing in them can be said to this model: input.file",
        ),
        (openai_chat, {"model": "m", "messages": []}, "messages: there is nothing in them to answer"),
    ],
)
def test_what_changes_the_meaning_is_refused_in_the_callers_words(
    client: Dialect, body: dict[str, object], expected: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        between(client, anthropic_messages, 7).request(client.read_request(encode(body), "m"), EDITS)

    assert caught.value.message == expected


@pytest.mark.parametrize("name", ["mcp_servers", "container"])
def test_what_anthropic_alone_can_do_is_asked_of_nobody_else(name: str) -> None:
    request = anthropic_messages.read_request(encode({**IN_CHAT, "max_tokens": 9, name: [{"url": "x"}]}))
    with pytest.raises(InvalidRequestError, match=f"unsupported: {name}"):
        between(anthropic_messages, gemini_generate, 7).request(request, EDITS)


@pytest.mark.parametrize("provider", [openai_chat, openai_responses])
def test_files_of_another_store_are_asked_of_nobody_else(provider: Dialect) -> None:
    file = {"type": "document", "source": {"type": "file", "file_id": "file_1"}}
    asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [file]}]}
    with pytest.raises(InvalidRequestError, match=r"messages.file"):
        between(anthropic_messages, provider, 7).request(anthropic_messages.read_request(encode(asked)), EDITS)


@pytest.mark.parametrize("provider", [openai_chat, openai_responses])
def test_openais_models_that_reason_are_not_told_what_they_refuse(provider: Dialect) -> None:
    asked = {**IN_CHAT, "max_tokens": 9, "temperature": 0.2, "top_p": 0.9}
    request = anthropic_messages.read_request(encode(asked))
    body, dropped = between(anthropic_messages, provider, 7).request(request, replace(EDITS, model="gpt-5"))

    assert set(dropped) == {"temperature", "top_p"}
    assert not {"temperature", "top_p"} & json.loads(body).keys()
