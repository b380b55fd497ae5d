"""A stream and the whole answer say the same: fold and unfold are each other's way back."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import events
from llmgw.chat.answer import Answer, fold, unfold
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.events import Event, Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.usage import Usage

ISSUER = "somebody"
WORDS = st.text(min_size=1, max_size=8)
PARTS = (
    st.builds(Text, WORDS, citations=st.lists(st.dictionaries(WORDS, WORDS), max_size=2).map(tuple))
    | st.builds(Refusal, WORDS)
    | st.builds(Reasoning, WORDS, WORDS, issuer=st.just(ISSUER))
    | st.builds(Reasoning, redacted=WORDS, issuer=st.just(ISSUER))
    | st.builds(ToolUse, WORDS, WORDS, st.just('{"a": "é"}'), st.just("") | WORDS)
)
ANSWERS = st.builds(
    Answer,
    id=WORDS,
    model=WORDS,
    parts=st.lists(PARTS, max_size=6).map(tuple),
    finish=st.sampled_from(Finish),
    ended_unknown=st.booleans(),
    usage=st.builds(Usage, st.integers(0, 9), st.integers(0, 9)) | st.none(),
) | st.builds(Answer, id=WORDS, model=WORDS, parts=st.lists(PARTS, max_size=6).map(tuple))


def are_apart(answer: Answer) -> bool:
    """Neighbours of the same kind would be one part."""
    kinds = [type(part) for part in answer.parts]
    return all(one is not other or one in (ToolUse, Reasoning) for one, other in pairwise(kinds))


@given(ANSWERS.filter(are_apart))
def test_what_is_unfolded_folds_to_the_same(answer: Answer) -> None:
    assert answer == fold(unfold(answer))


@given(ANSWERS.filter(are_apart), st.data())
def test_in_how_many_pieces_makes_no_difference(answer: Answer, data: st.DataObject) -> None:
    pieces = [piece for event in unfold(answer) for piece in torn(event, data)]

    assert answer == fold(pieces)


def torn(event: Event, data: st.DataObject) -> list[Event]:
    match event:
        case events.TextDelta(text):
            place = data.draw(st.integers(0, len(text)))
            return [events.TextDelta(text[:place]), events.TextDelta(text[place:])]
        case events.ToolDelta(index, arguments):
            place = data.draw(st.integers(0, len(arguments)))
            return [events.ToolDelta(index, arguments[:place]), events.ToolDelta(index, arguments[place:])]
        case events.ReasoningDelta(text, signature, "", issuer) if text:
            return [events.ReasoningDelta(text), events.ReasoningDelta("", signature, issuer=issuer)]
        case _:
            return [event]


def test_calls_may_interleave() -> None:
    stream: list[Event] = [
        events.ToolStarted(0, "a", "f"),
        events.ToolStarted(1, "b", "g"),
        events.ToolDelta(0, "{"),
        events.ToolDelta(1, "[1]"),
        events.ToolDelta(0, "}"),
        events.ToolDelta(7, "of nobody"),
    ]

    assert fold(stream).parts == (ToolUse("a", "f", "{}"), ToolUse("b", "g", "[1]"))


@pytest.mark.parametrize("arguments", ["", "  "])
def test_a_call_without_arguments_is_a_call_with_none(arguments: str) -> None:
    stream: list[Event] = [events.ToolStarted(0, "a", "f"), events.ToolDelta(0, arguments)]

    assert fold(stream).parts == (ToolUse("a", "f", "{}"),)


def test_usage_is_replaced_and_not_added() -> None:
    assert fold([events.UsageTold(Usage(9, 1)), events.UsageTold(Usage(9, 5))]).usage == Usage(9, 5)


def test_an_error_is_part_of_the_answer() -> None:
    error = ProviderError(None, "gone")

    assert fold([events.TextDelta("a"), events.Failed(error)]) == Answer(parts=(Text("a"),), error=error)
    assert list(unfold(Answer(error=error))) == [events.Started(), events.Failed(error)]


def test_nothing_is_an_empty_answer() -> None:
    assert fold([]) == Answer()
    assert fold([events.TextDelta(""), events.ReasoningDelta(), events.RefusalDelta("")]).parts == ()
