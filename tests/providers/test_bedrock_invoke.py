"""InvokeModel is asked in Claude's words; whoever answers is understood."""

import json
from typing import Any

import pytest

from llmgw.chat.answer import fold
from llmgw.chat.conversation import Conversation, Message, Role, Text
from llmgw.chat.crossing import between
from llmgw.chat.events import Finish
from llmgw.chat.request import Edits
from llmgw.chat.translating import TranslatingRelay
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass, InvalidRequestError, UpstreamProtocolError
from llmgw.providers.bedrock_invoke import bedrock_invoke
from llmgw.providers.catalog import dialect
from tests.partners.bodies import encode
from tests.partners.event_stream import chunk, exception

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ASKED: dict[str, Any] = {
    "model": "m",
    "stream": True,
    "max_tokens": 5,
    "messages": [{"role": "user", "content": "Hi"}],
    "vendor": {"a": 1},
}


def edits(model: str = CLAUDE) -> Edits:
    return Edits(model, {}, {}, frozenset(), ask_usage=True)


def relayed(*frames: bytes) -> TranslatingRelay:
    relay = TranslatingRelay(bedrock_invoke, openai_chat.encoder(openai_chat.read_request(encode({**ASKED}))))
    for frame in frames:
        relay.feed(frame)
    return relay


def test_claudes_callers_are_forwarded_with_their_betas_in_the_body() -> None:
    crossing = between(anthropic_messages, bedrock_invoke, 0)
    request = anthropic_messages.read_request(encode(ASKED))
    body, _ = crossing.request(request, edits(), {"anthropic-beta": "a-1,b-2"})
    kept = {name: ASKED[name] for name in ("max_tokens", "messages", "vendor")}

    assert json.loads(body) == {**kept, "anthropic_version": "bedrock-2023-05-31", "anthropic_beta": ["a-1", "b-2"]}
    assert crossing.headers({"anthropic-beta": "a-1", "anthropic-version": "x"}) == {}


def test_others_are_translated() -> None:
    hello = Conversation(model="m", messages=(Message(Role.USER, (Text("Hi"),)),), max_tokens=5, stream=True)
    body, unsaid = bedrock_invoke.write_conversation(hello, edits())

    assert json.loads(body) == {
        "max_tokens": 5,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "anthropic_version": "bedrock-2023-05-31",
    }
    assert unsaid == ()


@pytest.mark.parametrize(
    "model",
    ["amazon.titan-text-lite-v1", "us.meta.llama3-1-70b-instruct-v1:0", "arn:aws:bedrock:x::foundation-model/cohere.c"],
)
def test_the_model_of_another_vendor_is_called_in_another_way(model: str) -> None:
    with pytest.raises(InvalidRequestError, match="called as bedrock/"):
        bedrock_invoke.enclose(encode(ASKED), edits(model))


@pytest.mark.parametrize(
    "frames",
    [
        [
            chunk(type="message_start", message={"usage": {"input_tokens": 3, "output_tokens": 1}}),
            chunk(type="content_block_start", index=0, content_block={"type": "text", "text": ""}),
            chunk(type="content_block_delta", index=0, delta={"type": "text_delta", "text": "Hi"}),
            chunk(type="content_block_stop", index=0),
            chunk(type="message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
            chunk(type="message_stop"),
        ],
        [
            chunk(messageStart={"role": "assistant"}),
            chunk(contentBlockDelta={"delta": {"text": "Hi"}, "contentBlockIndex": 0}),
            chunk(messageStop={"stopReason": "end_turn"}, **{"amazon-bedrock-guardrailAction": "INTERVENED"}),
            chunk(metadata={"usage": {"inputTokens": 3, "outputTokens": 2}}),
        ],
        [
            chunk(generation="Hi", prompt_token_count=3, generation_token_count=2, stop_reason=None),
            chunk(generation="", stop_reason="stop"),
        ],
    ],
    ids=["claude", "nova", "llama"],
)
def test_the_first_event_tells_whose_stream_it_is(frames: list[bytes]) -> None:
    relay = relayed(*frames)
    relay.finish()

    assert (relay.committed, relay.finished, relay.usage) == (True, True, Usage(3, 2))


def test_an_exception_is_a_failure_of_its_class() -> None:
    with pytest.raises(UpstreamProtocolError) as failed:
        relayed(exception("throttlingException", "slow"))

    assert failed.value.failure is FailureClass.RATE_LIMITED


@pytest.mark.parametrize(
    "first",
    [chunk(messageStart={"role": "assistant"}), chunk(generation="", stop_reason=None), chunk(type="message_start")],
    ids=["nova", "llama", "claude"],
)
def test_an_exception_amid_anybodys_stream_is_a_failure_of_its_class(first: bytes) -> None:
    with pytest.raises(UpstreamProtocolError) as failed:
        relayed(first, exception("serviceQuotaExceededException", "used up"))

    assert failed.value.failure is FailureClass.QUOTA_EXHAUSTED


@pytest.mark.parametrize(
    "body",
    [
        {"content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn"},
        {"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn"},
        {"results": [{"outputText": "Hi", "completionReason": "FINISH"}]},
    ],
    ids=["claude", "nova", "titan"],
)
def test_an_answer_tells_whose_it_is(body: dict[str, Any]) -> None:
    answer = fold(bedrock_invoke.read_events(encode(body)))

    assert (answer.parts, answer.finish) == ((Text("Hi"),), Finish.STOP)


@pytest.mark.parametrize("body", [b"no", b"{}", b'{"x":1}'])
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        bedrock_invoke.read_events(body)


def test_errors_are_those_of_aws() -> None:
    told = bedrock_invoke.read_error(400, b'{"message":"The provided model identifier is invalid."}')

    assert (told.failure, told.plain) == (FailureClass.NOT_FOUND, False)


def test_the_catalogue_knows_it() -> None:
    assert dialect("bedrock_invoke") is bedrock_invoke
