"""Events as the stream of a message: what is written is read as the same, in the order that Anthropic keeps."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.answer import Answer, AnswerPart, fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
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
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI, seal
from llmgw.chat.usage import Usage
from llmgw.dialects.anthropic_messages import encoding
from llmgw.dialects.anthropic_messages.decoding import AnthropicDecoder
from llmgw.dialects.anthropic_messages.encoding import AnthropicEncoder
from llmgw.errors import UpstreamProtocolError
from llmgw.wire import sse
from tests.work import is_linear

CITATION = {"type": "char_location", "cited_text": "x"}
HEAD = Started("msg_1", "claude")
DONE: list[Event] = [UsageTold(Usage(17, 7, 5, 3, 2)), Finished(Finish.STOP)]


def written(told: Sequence[Event]) -> bytes:
    encoder = AnthropicEncoder("asked")
    return b"".join(encoder.write([one]) for one in told) + encoder.end()


def shapes(stream: bytes) -> list[Any]:
    """Each event in short: its type, its block and what is in it."""
    said = [json.loads(sse.parse(event).data or b"{}") for event in sse.split(stream)]
    return [(one["type"], one.get("index")) if "index" in one else one["type"] for one in said]


def read(stream: bytes) -> list[Event]:
    decoder = AnthropicDecoder()
    return [told for part in sse.split(stream) for told in decoder.read(part)]


def last(stream: bytes) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(sse.parse(sse.split(stream)[-2]).data or b"")
    return said


def test_the_order_of_a_stream() -> None:
    stream = written([HEAD, ReasoningDelta("Hm"), TextDelta("a"), TextDelta("b"), ToolStarted(0, "t", "f"), *DONE])

    assert shapes(stream) == [
        "message_start",
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_delta", 0),  # the signature: one of ours, where the provider gave none
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_delta", 2),  # no arguments are an empty object
        ("content_block_stop", 2),
        "message_delta",
        "message_stop",
    ]


def test_each_event_bears_its_name() -> None:
    stream = written([HEAD, TextDelta("a"), *DONE])

    assert all(json.loads(data or b"{}")["type"].encode() == name for name, data in map(sse.parse, sse.split(stream)))


TOLD = st.lists(
    st.builds(TextDelta, st.text(min_size=1))
    | st.builds(ReasoningDelta, st.text(min_size=1))
    | st.builds(
        lambda text, issuer: [ReasoningDelta(text), ReasoningDelta(signature="s", issuer=issuer)],
        st.text(min_size=1),
        st.sampled_from([ANTHROPIC, GOOGLE, OPENAI]),
    )
    | st.builds(lambda data: ReasoningDelta(redacted=data, issuer=ANTHROPIC), st.text(min_size=1))
    | st.builds(lambda text: [TextDelta(text), Cited(CITATION)], st.text(min_size=1))
    | st.just("call"),
    max_size=8,
)


@given(TOLD, st.sampled_from(list(Finish)))
def test_what_is_written_is_read_as_the_same(told: list[Any], finish: Finish) -> None:
    news: list[Event] = [HEAD, UsageTold(Usage(17, 1, 5, 0, 2))]
    for call, one in enumerate(told):
        if one == "call":
            news += [ToolStarted(call, f"toolu_{call}", "f"), ToolDelta(call, '{"a":'), ToolDelta(call, "1}")]
        else:
            news += one if isinstance(one, list) else [one]
    again = fold(read(written([*news, *DONE[:1], Finished(finish)])))
    expected = fold([*news, *DONE[:1], Finished(finish)])

    assert expected.parts == again.parts
    assert expected.usage == again.usage


def test_what_was_known_at_the_start_is_told_at_the_start() -> None:
    stream = written([HEAD, UsageTold(Usage(17, 1, 5, 0, 2)), TextDelta("a"), *DONE])
    message = json.loads(sse.parse(sse.split(stream)[0]).data or b"")["message"]

    assert (message["id"], message["model"], message["role"]) == ("msg_1", "claude", "assistant")
    assert (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (10, 1)


def test_a_provider_that_names_nothing() -> None:
    stream = written([Started(), TextDelta("a"), Finished(Finish.STOP)])
    message = json.loads(sse.parse(sse.split(stream)[0]).data or b"")["message"]

    assert (message["id"], message["model"]) == ("msg_llmgw", "asked")


def test_an_empty_answer_is_a_whole_stream() -> None:
    stream = written([])

    assert shapes(stream) == ["message_start", "message_delta", "message_stop"]
    assert last(stream)["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}


@pytest.mark.parametrize(
    ("told", "reason", "sequence"),
    [
        ([Finished(Finish.STOP)], "end_turn", None),
        ([Finished(Finish.LENGTH)], "max_tokens", None),
        ([Finished(Finish.STOP_SEQUENCE, "END")], "stop_sequence", "END"),
        ([Finished(Finish.CONTENT_FILTER)], "refusal", None),
        ([Finished(Finish.REFUSAL)], "refusal", None),
        ([Finished(Finish.PAUSE)], "pause_turn", None),
        ([ToolStarted(0, "t", "f"), Finished(Finish.STOP)], "tool_use", None),
        ([ToolStarted(0, "t", "f")], "tool_use", None),
        ([ToolStarted(0, "t", "f"), Finished(Finish.LENGTH)], "max_tokens", None),
        ([RefusalDelta("No"), Finished(Finish.STOP)], "refusal", None),
    ],
)
def test_every_end(told: list[Event], reason: str, sequence: str | None) -> None:
    assert last(written(told))["delta"] == {"stop_reason": reason, "stop_sequence": sequence}


def test_usage_after_the_finish_is_told() -> None:
    stream = written([TextDelta("a"), Finished(Finish.STOP), UsageTold(Usage(9, 3))])

    assert (last(stream)["usage"]["input_tokens"], last(stream)["usage"]["output_tokens"]) == (9, 3)


BETWEEN: dict[str, Event] = {"text": TextDelta("a"), "thought": ReasoningDelta("b"), "citation": Cited(CITATION)}
PIECES = st.sampled_from(["text", "thought", "citation", 0, 1, 2, 3])


@given(st.lists(PIECES, max_size=40), st.randoms(use_true_random=False))
def test_whatever_comes_between_the_pieces_of_calls_nothing_is_lost_or_misplaced(said: list[Any], dice: Any) -> None:
    """Pieces of up to four calls by turns, with text, thoughts and citations amid them."""
    rest = {call: list(f'{{"{call}": [{{}}, "}}{{"]}}') for call in range(4)}
    told: list[Event] = []
    begun: set[int] = set()
    for one in said:
        if isinstance(one, int):
            told += [] if one in begun else [ToolStarted(one, f"t{one}", "f")]
            begun.add(one)
            size = dice.randint(0, 5)
            told.append(ToolDelta(one, "".join(rest[one][:size])))
            del rest[one][:size]
        else:
            told.append(BETWEEN[one])
    told += [ToolDelta(call, "".join(rest[call])) for call in sorted(begun)]
    stream = written(told)
    expected, again = fold(told), fold(read(stream))

    assert calls_of(expected) == calls_of(again)
    assert text_of(expected) == text_of(again)
    assert blocks_follow_each_other(stream)


def calls_of(answer: Answer) -> list[AnswerPart]:
    return [part for part in answer.parts if isinstance(part, ToolUse)]


def text_of(answer: Answer) -> tuple[str, str]:
    texts = "".join(part.text for part in answer.parts if isinstance(part, Text))
    return texts, "".join(part.text for part in answer.parts if isinstance(part, Reasoning))


def blocks_follow_each_other(stream: bytes) -> bool:
    """Each begins, goes on and ends before the next one begins; they are numbered from 0."""
    open_block, count = -1, 0
    for one in shapes(stream):
        match one:
            case ("content_block_start", index):
                if open_block != -1 or index != count:
                    return False
                open_block, count = index, count + 1
            case (kind, index) if kind.startswith("content_block"):
                if index != open_block:
                    return False
                open_block = -1 if kind == "content_block_stop" else open_block
    return open_block == -1


def test_a_call_begun_amid_another_waits_for_its_end() -> None:
    told: list[Event] = [
        ToolStarted(0, "t0", "f"),
        ToolDelta(0, '{"a":'),
        TextDelta("so"),
        ToolStarted(1, "t1", "g"),
        ToolDelta(1, "{}"),
        ToolDelta(0, "1}"),
        TextDelta("done"),
    ]
    parts = fold(read(written(told))).parts

    assert parts == (ToolUse("t0", "f", '{"a":1}'), Text("so"), ToolUse("t1", "g", "{}"), Text("done"))


@pytest.mark.parametrize("waits", [TextDelta("x" * 50), ToolStarted(1, "x" * 50, "g"), ToolDelta(1, "x" * 50)])
def test_what_waits_for_the_end_of_a_call_is_bounded(monkeypatch: pytest.MonkeyPatch, waits: Event) -> None:
    monkeypatch.setattr(encoding, "WAITING_BYTES_MAX", 1000)
    encoder = AnthropicEncoder("asked")
    encoder.write([ToolStarted(0, "t0", "f"), ToolDelta(0, '{"a":'), ToolStarted(1, "t1", "g")])

    with pytest.raises(UpstreamProtocolError, match="over 1000 bytes were told amid a call"):
        encoder.write([waits] * 20)


def test_the_bound_is_for_what_waits_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "WAITING_BYTES_MAX", 100)
    told: list[Event] = []
    for index in range(20):
        told += [ToolStarted(index, "t", "f"), ToolDelta(index, "{"), TextDelta("x" * 30), ToolDelta(index, "}")]

    assert written(told).count(b"text_delta") == 20


def test_a_call_that_is_cut_short_ends_with_the_stream() -> None:
    told: list[Event] = [ToolStarted(0, "t0", "f"), ToolDelta(0, '{"a":'), TextDelta("so"), ToolStarted(1, "t1", "g")]
    stream = written([*told, Finished(Finish.LENGTH)])

    assert fold(read(stream)).parts == (ToolUse("t0", "f", '{"a":'), Text("so"), ToolUse("t1", "g", "{}"))
    assert blocks_follow_each_other(stream)


@pytest.mark.parametrize("pieces", [[], [""], ["null"], ["nu", "ll"]])
def test_no_arguments_are_an_empty_object(pieces: list[str]) -> None:
    told: list[Event] = [ToolStarted(0, "t", "f"), *(ToolDelta(0, piece) for piece in pieces)]

    assert read(written(told))[2:4] == [ToolStarted(0, "t", "f"), ToolDelta(0, "{}")]


def test_what_comes_after_the_end_of_a_call_belongs_nowhere() -> None:
    told: list[Event] = [ToolStarted(0, "t", "f"), ToolDelta(0, "{}"), ToolDelta(0, "{}")]

    assert fold(read(written(told))).parts == (ToolUse("t", "f", "{}"),)


def test_signatures_of_others_are_sealed() -> None:
    told: list[Event] = [
        ReasoningDelta("Hm"),
        ReasoningDelta(signature="s", issuer=GOOGLE),
        ToolStarted(0, "t", "f", "c", GOOGLE),
    ]
    stream = written(told)

    assert stream.count(seal(GOOGLE, "s", ANTHROPIC).encode()) == 1
    assert fold(read(stream)).parts == (
        Reasoning("Hm", "s", issuer=GOOGLE),
        Reasoning("", "c", issuer=GOOGLE),  # before the call, which has no place for it
        ToolUse("t", "f", "{}"),
    )


def test_a_thought_that_nobody_signed_bears_a_seal_that_we_know_again() -> None:
    assert seal("", "", ANTHROPIC).encode() in written([ReasoningDelta("Hm"), TextDelta("a")])
    assert seal("", "", ANTHROPIC).encode() not in written(
        [ReasoningDelta("Hm"), ReasoningDelta(signature="s", issuer=ANTHROPIC)]
    )


def test_calls_one_after_the_other_do_not_overlap() -> None:
    told: list[Event] = [ToolStarted(0, "t0", "f"), ToolDelta(0, "{}"), ToolStarted(1, "t1", "g"), ToolDelta(1, "{}")]

    assert shapes(written(told))[1:7] == [
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
    ]


def test_what_says_nothing_writes_nothing() -> None:
    error = ProviderError(None, "no")
    nothing: list[Event] = [TextDelta(""), RefusalDelta(""), ReasoningDelta(), ToolDelta(4, "{}"), Failed(error), HEAD]
    foreign = Cited({"type": "url_citation", "url_citation": {}})

    assert AnthropicEncoder("m").write([*nothing, foreign]) == b""


def test_a_citation_without_text_has_a_block_of_its_own() -> None:
    assert read(written([Cited(CITATION)]))[2:3] == [Cited(CITATION)]


def test_of_many_calls_by_turns_each_piece_is_looked_at_once() -> None:
    def work(size: int) -> None:
        calls = [ToolStarted(call, f"t{call}", "f") for call in range(size)]
        begun = [ToolDelta(call, '{"a": "') for call in range(size)]
        amid = [one for call in range(size) for one in (ToolDelta(call, "x"), TextDelta("so"))]
        written([*calls, *begun, *amid, *(ToolDelta(call, '"}') for call in reversed(range(size)))])

    assert is_linear(work)


def test_of_a_long_call_each_character_is_looked_at_once() -> None:
    def work(size: int) -> None:
        written([ToolStarted(0, "t", "f"), ToolDelta(0, '{"a": ["'), *[ToolDelta(0, '", "{')] * size, TextDelta("so")])

    assert is_linear(work)
