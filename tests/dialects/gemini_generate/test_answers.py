"""An answer at once."""

import json
from typing import Any

import pytest

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.events import Finish
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_generate.answers import read_answer, read_chunk, write_answer
from llmgw.dialects.gemini_generate.decoding import read_events
from llmgw.dialects.gemini_generate.proofs import write_proof
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.gemini_generate.wire import ERROR, USAGE, answer, call, text, thought

UNSIGNED = write_proof("", "")


def encoded(told: Any) -> bytes:
    return json.dumps(told).encode()


def written(*parts: Any, **fields: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(write_answer(Answer(model="m", parts=parts, **fields)))
    return told


def parts_of(told: dict[str, Any]) -> Any:
    return told["candidates"][0]["content"]["parts"]


@pytest.mark.parametrize(
    ("finish", "sign"),
    [
        ("STOP", "STOP"),
        ("MAX_TOKENS", "MAX_TOKENS"),
        ("SAFETY", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
        (1, "STOP"),
        (2, "MAX_TOKENS"),
        (3, "content_filter"),
        (99, "OTHER"),
        ("FINISH_REASON_UNSPECIFIED", None),
        (None, None),
    ],
)
def test_why_it_ended_in_words_and_in_numbers(finish: Any, sign: str | None) -> None:
    assert sign == read_answer(encoded(answer(text("a"), finish=finish))).finish


def test_usage_of_an_answer() -> None:
    assert read_answer(encoded(answer(usageMetadata=USAGE))).usage == Usage(10, 7, 0, 3)
    assert read_answer(encoded(answer(usageMetadata={"trafficType": 1}))).usage is None


def test_a_prompt_that_was_blocked_is_a_filtered_answer() -> None:
    told = encoded({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}})

    assert (read_answer(told).finish, read_answer(told).usage) == ("content_filter", Usage(4))


@pytest.mark.parametrize("told", [b"", b"[]", b"{", b"5", b"{}", b'{"candidates":[]}', b'{"candidates":[5]}', b"\xff"])
def test_what_is_no_answer(told: bytes) -> None:
    for read in (read_answer, read_events):
        with pytest.raises(UpstreamProtocolError) as caught:
            read(told)

        assert caught.value.failure is FailureClass.PROTOCOL


def test_an_error_instead_of_an_answer_has_its_class() -> None:
    with pytest.raises(UpstreamProtocolError, match=r"The model is overloaded\.") as caught:
        read_answer(encoded(ERROR))

    assert caught.value.failure is FailureClass.OVERLOADED


@pytest.mark.parametrize("content", [{}, {"role": "model"}, {"parts": None}, {"parts": []}, None])
def test_there_may_be_nothing_in_it(content: Any) -> None:
    told = encoded({"candidates": [{"content": content, "finishReason": "MAX_TOKENS"}]})

    assert fold(read_events(told)) == Answer(finish=Finish.LENGTH)


def test_half_a_character_is_read_as_a_sign_for_one() -> None:
    assert read_chunk(b'{"responseId":"\\ud83d"}').response_id == "\ufffd"


def test_an_answer_for_a_client() -> None:
    told = written(Text("Hi"), id="i", finish=Finish.STOP, usage=Usage(10, 7, 0, 3))

    assert told == {
        "candidates": [
            {"content": {"parts": [text("Hi")], "role": "model"}, "finishReason": "STOP", "index": 0},
        ],
        "usageMetadata": USAGE,
        "modelVersion": "m",
        "responseId": "i",
    }


def test_an_answer_of_nothing_has_an_empty_part() -> None:
    told = written()

    assert parts_of(told) == [text("")]
    assert (told["responseId"], "usageMetadata" in told) == ("llmgw", False)


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (Finish.STOP, "STOP"),
        (Finish.TOOL_USE, "STOP"),
        (Finish.STOP_SEQUENCE, "STOP"),
        (Finish.PAUSE, "STOP"),
        (None, "STOP"),
        (Finish.LENGTH, "MAX_TOKENS"),
        (Finish.CONTENT_FILTER, "SAFETY"),
        (Finish.REFUSAL, "SAFETY"),
    ],
)
def test_why_it_ended_in_googles_words(finish: Finish | None, word: str) -> None:
    assert word == written(Text("a"), finish=finish)["candidates"][0]["finishReason"]


def test_a_refusal_is_a_text_that_ended_for_safety() -> None:
    told = written(Refusal("No"), finish=Finish.STOP)

    assert (parts_of(told), told["candidates"][0]["finishReason"]) == ([text("No")], "SAFETY")


def test_calls_and_the_first_of_them_tells_that_nobody_has_signed() -> None:
    told = written(ToolUse("a", "f", '{"x":1}'), ToolUse("b", "g", '{"x'))

    assert parts_of(told) == [call("f", {"x": 1}, UNSIGNED, id="a"), call("g", {}, id="b")]


@pytest.mark.parametrize(
    ("thought_part", "parts"),
    [
        (Reasoning("Hm"), [thought("Hm")]),
        (Reasoning("Hm", "s", issuer=GOOGLE), [thought("Hm"), text("", thoughtSignature="s")]),
        (Reasoning("", "s", issuer=GOOGLE), [text("", thoughtSignature="s")]),
        (
            Reasoning("Hm", "s", issuer=ANTHROPIC),
            [{**thought("Hm"), "thoughtSignature": write_proof(ANTHROPIC, "s")}],
        ),
        (
            Reasoning(redacted="d", issuer=ANTHROPIC),
            [{**thought(""), "thoughtSignature": write_proof("redacted-anthropic", "d")}],
        ),
    ],
)
def test_thoughts_and_their_proofs(thought_part: Reasoning, parts: list[Any]) -> None:
    assert [*parts, text("So")] == parts_of(written(thought_part, Text("So")))


def test_citations_with_an_address_ground_the_answer() -> None:
    citations = (
        {"url": "http://a", "title": "A"},
        {"type": "url_citation", "url_citation": {"url": "http://b"}},
        {"type": "char_location"},
        5,
    )
    (candidate,) = written(Text("Hi", citations=citations))["candidates"]

    assert candidate["groundingMetadata"] == {
        "groundingChunks": [{"web": {"uri": "http://a", "title": "A"}}, {"web": {"uri": "http://b", "title": ""}}]
    }
