"""How an answer ended, in every dialect: a word that we do not know is an end like any other, and told to be none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Text
from llmgw.chat.events import Finish
from llmgw.errors import UpstreamProtocolError
from llmgw.providers.catalog import DIALECTS, dialect
from tests.dialects.test_every_decoder import heard
from tests.partners.bodies import DONE, encode, sse_event
from tests.partners.event_stream import chunk, event

MOONRISE = "moonrise"  # nobody ends so
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ending:
    """`Hello`, and the word for why it ended: at once, and as a stream. `usual`: the word that is known."""

    dialect: str
    usual: str
    whole: Callable[[str | None], Json]
    stream: Callable[[str | None], bytes]

    def told(self, word: str | None, *, stream: bool) -> Answer:
        spoken = dialect(self.dialect)
        return fold(heard(spoken, self.stream(word)) if stream else spoken.read_events(encode(self.whole(word))))


def events(*datas: Json) -> bytes:
    return b"".join(sse_event(data, data.get("type")) for data in datas)


def lines(*datas: Json) -> bytes:
    return b"".join(encode(data) + b"\n" for data in datas)


def message(word: str | None) -> Json:
    return {"type": "message", "content": [{"type": "text", "text": "Hello"}], "stop_reason": word}


def message_events(word: str | None) -> list[Json]:
    return [
        {"type": "message_start", "message": {"id": "1", "model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": word}},
        {"type": "message_stop"},
    ]


def converse(word: str | None) -> Json:
    return {"output": {"message": {"content": [{"text": "Hello"}]}}, "stopReason": word}


def converse_events(word: str | None) -> bytes:
    said = event("contentBlockDelta", contentBlockIndex=0, delta={"text": "Hello"})
    return said + event("messageStop", stopReason=word) + event("metadata", usage={})


def cohere(word: str | None) -> Json:
    return {"message": {"content": [{"type": "text", "text": "Hello"}]}, "finish_reason": word}


def cohere_events(word: str | None) -> bytes:
    said = {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hello"}}}}
    return events(said, {"type": "message-end", "delta": {"finish_reason": word}})


def cohere_lines(word: str | None) -> bytes:
    said = {"event_type": "text-generation", "text": "Hello"}
    return lines(said, {"event_type": "stream-end", "is_finished": True, "finish_reason": word})


def gemini(word: str | None) -> Json:
    return {"candidates": [{"content": {"parts": [{"text": "Hello"}]}, "finishReason": word}]}


def hugging(word: str | None) -> Json:
    return {"generated_text": "Hello", "details": {"finish_reason": word}}


def ollama(word: str | None) -> Json:
    return {"model": "m", "message": {"content": "Hello"}, "done": True, "done_reason": word}


def ollama_older(word: str | None) -> Json:
    return {"model": "m", "response": "Hello", "done": True, "done_reason": word}


def chat(word: str | None) -> Json:
    return {"choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": word}]}


def chat_piece(word: str | None) -> Json:
    return {"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": word}]}


def completion(word: str | None) -> Json:
    return {"choices": [{"index": 0, "text": "Hello", "finish_reason": word}]}


def response(word: str | None) -> Json:
    said = {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}
    return {"id": "1", "output": [said], "status": word}


def response_end(word: str | None) -> Json:
    return {"type": "response.completed", "response": response(word)}


def watsonx(word: str | None) -> Json:
    return {"results": [{"generated_text": "Hello", "stop_reason": word}]}


def vendor(name: str, where: str) -> Callable[[str | None], Json]:
    return lambda word: {name: "Hello", where: word}


def invoked(dialect: str, usual: str, said: Callable[[str | None], Json]) -> Ending:
    return Ending(dialect, usual, said, lambda word: chunk(**said(word)))


ENDINGS = [
    Ending(
        "anthropic_complete",
        "stop_sequence",
        vendor("completion", "stop_reason"),
        lambda word: events(vendor("completion", "stop_reason")(word)),
    ),
    Ending("anthropic_messages", "end_turn", message, lambda word: events(*message_events(word))),
    Ending("anthropic_vertex", "end_turn", message, lambda word: events(*message_events(word))),
    Ending("bedrock_converse", "end_turn", converse, converse_events),
    Ending("bedrock_invoke", "end_turn", message, lambda word: b"".join(chunk(**one) for one in message_events(word))),
    invoked("bedrock_invoke", "FINISH", vendor("outputText", "completionReason")),
    invoked("bedrock_invoke", "stop", vendor("generation", "stop_reason")),
    invoked("bedrock_invoke", "COMPLETE", vendor("text", "finish_reason")),
    invoked(
        "bedrock_invoke",
        "endoftext",
        lambda word: {"completions": [{"data": {"text": "Hello"}, "finishReason": {"reason": word}}]},
    ),
    Ending("cohere_chat", "COMPLETE", cohere, cohere_events),
    Ending("cohere_chat_v1", "COMPLETE", vendor("text", "finish_reason"), cohere_lines),
    Ending("cohere_generate_v1", "COMPLETE", vendor("text", "finish_reason"), cohere_lines),
    Ending("gemini_generate", "STOP", gemini, lambda word: events(gemini(word))),
    Ending(
        "hf_text_generation", "eos_token", hugging, lambda word: events({"token": {"text": "Hello"}, **hugging(word)})
    ),
    Ending("ollama_chat", "stop", ollama, lambda word: lines(ollama(word))),
    Ending("ollama_generate", "stop", ollama_older, lambda word: lines(ollama_older(word))),
    Ending("openai_chat", "stop", chat, lambda word: events(chat_piece(word)) + DONE),
    Ending("openai_completions", "stop", completion, lambda word: events(completion(word)) + DONE),
    Ending("openai_responses", "completed", response, lambda word: events(response_end(word))),
    Ending("watsonx_text", "eos_token", watsonx, lambda word: events(watsonx(word))),
]
EACH = pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: f"{ending.dialect}, {ending.usual}")
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
WITHOUT = {"gemini_interactions", "replicate_predictions"}  # there a word that is not known is no end


def test_there_is_one_of_every_dialect() -> None:
    assert DIALECTS.keys() == {ending.dialect for ending in ENDINGS} | WITHOUT


@STREAMED
@EACH
def test_a_word_that_nobody_knows_is_the_usual_end_and_told_to_be_unknown(ending: Ending, stream: bool) -> None:
    answer = ending.told(MOONRISE, stream=stream)

    assert (answer.parts, answer.finish, answer.ended_unknown) == ((Text("Hello"),), Finish.STOP, True)


@STREAMED
@EACH
def test_the_usual_word_is_known(ending: Ending, stream: bool) -> None:
    answer = ending.told(ending.usual, stream=stream)

    assert (answer.parts, answer.ended_unknown) == ((Text("Hello"),), False)
    assert answer.finish in (Finish.STOP, Finish.STOP_SEQUENCE)


@STREAMED
@EACH
def test_to_say_nothing_is_no_unknown_word(ending: Ending, stream: bool) -> None:
    assert not ending.told(None, stream=stream).ended_unknown


@STREAMED
def test_after_a_call_it_is_the_end_of_a_call_and_unknown_all_the_same(stream: bool) -> None:
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    said = {"index": 0, "delta" if stream else "message": {"tool_calls": [call]}, "finish_reason": MOONRISE}
    spoken = dialect("openai_chat")
    answer = fold(
        heard(spoken, sse_event({"choices": [said]})) if stream else spoken.read_events(encode({"choices": [said]}))
    )

    assert (answer.finish, answer.ended_unknown) == (Finish.TOOL_USE, True)


@STREAMED
@pytest.mark.parametrize(
    ("reason", "finish", "is_unknown"),
    [
        ("max_output_tokens", Finish.LENGTH, False),
        ("content_filter", Finish.CONTENT_FILTER, False),
        (None, Finish.LENGTH, False),
        (MOONRISE, Finish.LENGTH, True),
    ],
)
def test_a_response_that_is_incomplete_has_words_of_its_own(
    reason: str | None, finish: Finish, is_unknown: bool, stream: bool
) -> None:
    told = {**response("incomplete"), "incomplete_details": reason and {"reason": reason}}
    spoken = dialect("openai_responses")
    ended = events({"type": "response.incomplete", "response": told})
    answer = fold(heard(spoken, ended) if stream else spoken.read_events(encode(told)))

    assert (answer.finish, answer.ended_unknown) == (finish, is_unknown)


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_where_the_word_is_a_state_an_unknown_one_is_no_end(name: str) -> None:
    with pytest.raises(UpstreamProtocolError, match="has not finished"):
        dialect(name).read_events(encode({"status": MOONRISE, "steps": [], "output": "Hello"}))
