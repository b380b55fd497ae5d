"""Events, written as the stream of an answer."""

import json
from typing import Any

import pytest

from llmgw.chat.answer import fold
from llmgw.chat.events import (
    Cited,
    Event,
    Failed,
    Finish,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
    UsageTold,
)
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_generate.decoding import GeminiDecoder
from llmgw.dialects.gemini_generate.encoding import WAITING_BYTES_MAX, GeminiEncoder
from llmgw.dialects.gemini_generate.proofs import write_proof
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse
from tests.dialects.gemini_generate.wire import USAGE, answer, call, text, thought

UNSIGNED = write_proof("", "")


def stream(*told: Event) -> list[Any]:
    """Each event written on its own, and the end."""
    encoder = GeminiEncoder("asked")
    out = b"".join(encoder.write([event]) for event in told) + encoder.end()
    return [json.loads(sse.parse(event).data or b"") for event in sse.split(out)]


def parts(chunks: list[Any]) -> list[Any]:
    return [chunk["candidates"][0]["content"]["parts"] for chunk in chunks]


def test_a_text() -> None:
    usage = UsageTold(Usage(10, 7, 0, 3))
    chunks = stream(Started("r", "gemini"), TextDelta("Hel"), TextDelta("lo"), usage, Finished(Finish.STOP))

    assert chunks == [
        answer(text("Hel"), finish=None),
        answer(text("lo"), finish=None),
        answer(text(""), finish="STOP", usageMetadata=USAGE),
    ]


def test_events_that_come_together_are_one_chunk() -> None:
    out = GeminiEncoder("m").write([Started(), ReasoningDelta("Hm"), TextDelta("Hi"), TextDelta("")])

    assert parts([json.loads(sse.parse(out).data or b"")]) == [[thought("Hm"), text("Hi")]]


def test_who_is_not_named_is_called_as_he_was_asked_for() -> None:
    (chunk,) = stream(Started())

    assert (chunk["modelVersion"], chunk["responseId"]) == ("asked", "llmgw")


def test_calls_go_out_whole_and_in_their_order() -> None:
    chunks = stream(
        ToolStarted(0, "a", "f"),
        ToolDelta(0, '{"x":'),
        ToolStarted(1, "b", "g", "sig", GOOGLE),
        ToolDelta(1, "{}"),
        ToolDelta(0, "1}"),
        ToolDelta(7, "lost"),
        Finished(Finish.TOOL_USE),
    )

    assert parts(chunks) == [[call("f", {"x": 1}, UNSIGNED, id="a"), call("g", {}, "sig", id="b")]]
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"


def test_what_is_said_after_a_call_comes_after_it() -> None:
    chunks = stream(ToolStarted(0, "a", "f"), TextDelta("So"), ToolStarted(1, "b", "f"))

    assert parts(chunks) == [[call("f", {}, UNSIGNED, id="a"), text("So")], [call("f", {}, id="b")]]


def test_thoughts_of_others_are_sealed() -> None:
    chunks = stream(ReasoningDelta("Hm"), ReasoningDelta(signature="s", issuer=ANTHROPIC), TextDelta("So"))

    assert parts(chunks)[:2] == [[thought("Hm")], [{**thought(""), "thoughtSignature": write_proof(ANTHROPIC, "s")}]]


def test_citations_are_told_at_the_end() -> None:
    (_, last) = stream(TextDelta("a"), Cited({"url": "http://a", "title": "A"}), Finished(Finish.LENGTH))
    (candidate,) = last["candidates"]

    assert candidate["groundingMetadata"] == {"groundingChunks": [{"web": {"uri": "http://a", "title": "A"}}]}
    assert candidate["finishReason"] == "MAX_TOKENS"


def test_a_refusal_ends_for_safety() -> None:
    chunks = stream(RefusalDelta("No"), Finished(Finish.STOP))

    assert (parts(chunks)[0], chunks[-1]["candidates"][0]["finishReason"]) == ([text("No")], "SAFETY")


def test_a_failure_is_for_others_to_tell() -> None:
    assert GeminiEncoder("m").write([Failed(ProviderError(None, "Oh"))]) == b""


@pytest.mark.parametrize("together", [False, True])
def test_what_is_written_says_what_was_told(*, together: bool) -> None:
    told: list[Event] = [
        Started("r", "gemini"),
        ReasoningDelta("Hm"),
        ReasoningDelta(signature="s", issuer=GOOGLE),
        TextDelta("Hello"),
        ToolStarted(0, "a", "f", "t", GOOGLE),
        ToolDelta(0, '{"x":1}'),
        UsageTold(Usage(10, 7, 2, 3)),
        Finished(Finish.TOOL_USE),
    ]
    encoder, decoder = GeminiEncoder("m"), GeminiDecoder()
    out = encoder.write(told) if together else b"".join(encoder.write([event]) for event in told)

    assert fold(told) == fold([one for event in sse.split(out + encoder.end()) for one in decoder.read(event)])


def test_calls_that_do_not_end_are_not_kept_for_ever() -> None:
    encoder, piece = GeminiEncoder("asked"), "x" * 1024 * 1024
    encoder.write([ToolStarted(0, "a", "f")])

    with pytest.raises(UpstreamProtocolError, match="not whole"):
        encoder.write(ToolDelta(0, piece) for _ in range(WAITING_BYTES_MAX // len(piece)))


def test_what_was_told_is_no_longer_counted() -> None:
    encoder, piece = GeminiEncoder("asked"), "x" * (WAITING_BYTES_MAX // 2)
    for index in range(4):
        encoder.write([ToolStarted(index, "a", "f"), ToolDelta(index, piece), TextDelta("so")])

    assert encoder.end()
