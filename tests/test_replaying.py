"""What is kept, told again: the same bytes in the form that it has, the same words in the other one."""

import msgspec
import pytest

from llmgw import replaying
from llmgw.chat.answer import Answer
from llmgw.chat.dialect import Dialect
from llmgw.chat.request import ChatRequest
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.gemini_generate.dialect import gemini_generate
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.dialects.openai_responses.dialect import openai_responses
from llmgw.errors import StreamCutError, UpstreamProtocolError
from llmgw.policy.kept import Form, Kept
from tests.partners.bodies import DONE, Usage, chat_answer, chat_events, encode

HI = [{"role": "user", "content": "hi"}]
WHOLE = encode(chat_answer("Hello there", usage=Usage()))
STREAM = b"".join(chat_events("Hello there", include_usage=True))
BODIES = {
    openai_chat: {"model": "m", "messages": HI},
    openai_completions: {"model": "m", "prompt": "hi"},
    openai_responses: {"model": "m", "input": "hi"},
    anthropic_messages: {"model": "m", "max_tokens": 9, "messages": HI},
    gemini_generate: {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
}


def asked(dialect: Dialect = openai_chat, *, stream: bool = False, usage: bool = True) -> ChatRequest:
    request = dialect.read_request(encode(BODIES[dialect]), "m", stream=stream)
    return msgspec.structs.replace(request, wants_usage=usage)


def kept(form: Form, body: bytes) -> Kept:
    return Kept(form=form, body=body)


def told(form: Form, body: bytes, dialect: Dialect) -> Answer:
    answer = replaying.answer_of(form, body, dialect)
    assert answer is not None
    return answer


def in_one(kept: Kept, request: ChatRequest, dialect: Dialect) -> bytes:
    return b"".join(replaying.stream(kept, request, dialect))


def test_in_its_own_form_it_is_the_same_bytes() -> None:
    assert replaying.whole(kept(Form.WHOLE, WHOLE), asked(), openai_chat) == WHOLE
    assert in_one(kept(Form.STREAM, STREAM), asked(stream=True), openai_chat) == STREAM


def test_usage_is_told_only_to_those_who_asked_for_it() -> None:
    events = in_one(kept(Form.STREAM, STREAM), asked(stream=True, usage=False), openai_chat)

    assert (b'"usage":{' in STREAM, b'"usage":{' in events, events.endswith(DONE)) == (True, False, True)


@pytest.mark.parametrize("dialect", BODIES, ids=lambda dialect: dialect.name)
def test_the_other_form_says_the_same(dialect: Dialect) -> None:
    chat = told(Form.WHOLE, WHOLE, openai_chat)
    whole = dialect.write_answer(chat, asked(dialect), 1)
    events = in_one(kept(Form.WHOLE, whole), asked(dialect, stream=True), dialect)
    back = replaying.whole(kept(Form.STREAM, events), asked(dialect), dialect)

    assert told(Form.WHOLE, whole, dialect).parts == told(Form.STREAM, events, dialect).parts
    assert told(Form.WHOLE, whole, dialect) == told(Form.WHOLE, back, dialect)
    assert replaying.crosses(Form.WHOLE, whole, asked(dialect), dialect)
    assert replaying.crosses(Form.STREAM, events, asked(dialect), dialect)


def test_what_the_hub_has_no_words_for_does_not_cross() -> None:
    answer = chat_answer("Hello")
    answer["choices"][0]["message"]["audio"] = {"id": "audio_1"}

    assert not replaying.crosses(Form.WHOLE, encode(answer), asked(), openai_chat)
    assert not replaying.crosses(Form.WHOLE, WHOLE, msgspec.structs.replace(asked(), choices=2), openai_chat)
    assert not replaying.crosses(Form.WHOLE, b"no JSON", asked(), openai_chat)


@pytest.mark.parametrize("body", [b"", b"{", b'{"error": {"message": "no"}}', encode({"choices": []})])
def test_what_is_no_answer_says_nothing(body: bytes) -> None:
    assert replaying.answer_of(Form.WHOLE, body, openai_chat) is None


@pytest.mark.parametrize("events", [STREAM[:200], b"", b'data: {"error": {"message": "no"}}\n\n'])
def test_half_a_stream_is_no_answer(events: bytes) -> None:
    assert replaying.answer_of(Form.STREAM, events, openai_chat) is None


def test_an_error_that_was_kept_is_told_as_one() -> None:
    events = b'data: {"error": {"message": "no"}}\n\n'
    with pytest.raises(UpstreamProtocolError):
        replaying.whole(kept(Form.STREAM, events), asked(), openai_chat)


def test_what_is_cut_is_cut_for_all() -> None:
    reader = replaying.AsAsked(asked(stream=True, usage=False), openai_chat)
    reader.feed(STREAM[: STREAM.index(b"there")])
    with pytest.raises(StreamCutError):
        reader.finish()


def test_the_form_is_what_the_caller_asks_for() -> None:
    assert tuple(replaying.form_of(asked(stream=stream)) for stream in (True, False)) == (Form.STREAM, Form.WHOLE)


@pytest.mark.parametrize("odd", [{"choices": None}, {"candidates": None}, {"stop_reason": 7}, {"delta": []}])
def test_an_answer_of_an_odd_shape_is_not_whole_and_no_error(odd: dict[str, object]) -> None:
    body = encode({**chat_answer("Hello there"), **odd})
    told, crosses = replaying.understood(Form.WHOLE, body, asked(), openai_chat, 200, "chat")

    assert (told.whole, told.finishes, crosses) == (False, (), False)


@pytest.mark.parametrize("form", [Form.WHOLE, Form.STREAM])
@pytest.mark.parametrize("choices", [1, 2])
def test_how_an_answer_ended_is_told_with_whether_it_may_be_told_otherwise(form: Form, choices: int) -> None:
    request = msgspec.structs.replace(asked(), choices=choices)
    body = WHOLE if form is Form.WHOLE else STREAM
    told, crosses = replaying.understood(form, body, request, openai_chat, 200, "chat")

    assert (told.whole, set(told.finishes)) == (True, {"stop"})
    assert crosses is replaying.crosses(form, body, request, openai_chat) is (choices == 1)


@pytest.mark.parametrize(("status", "is_unknown"), [("completed", False), ("queued", True), ("moonrise", True)])
def test_what_only_the_hub_looks_at_is_told_to_be_unknown(status: str, is_unknown: bool) -> None:
    body = encode({"id": "r1", "model": "m", "output": [], "status": status})
    told, _ = replaying.understood(Form.WHOLE, body, asked(openai_responses), openai_responses, 200, "chat")

    assert (told.whole, told.ended_unknown) == (True, is_unknown)
