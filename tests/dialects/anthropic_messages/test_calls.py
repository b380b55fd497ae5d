"""Of a call, what can be told now, and when it is over."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.events import ToolStarted
from llmgw.dialects.anthropic_messages.calls import Call, Nesting

VALUES = st.recursive(
    st.none() | st.integers() | st.text('{}[]"\\\\a', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('{}"\\\\', max_size=3), inner, max_size=3),
)


def pieces(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(places)]


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), st.lists(st.integers(0, 200), max_size=5))
def test_an_object_is_over_at_its_end_however_it_was_cut(value: dict[str, Any], cuts: list[int]) -> None:
    text, nesting = json.dumps(value, ensure_ascii=False), Nesting()
    for piece in pieces(text[:-1], cuts):
        nesting.feed(piece)
        assert not nesting.closed
    nesting.feed(text[-1])

    assert nesting.closed


@pytest.mark.parametrize("told", [[], [""], [" ", "\n"], ["null"], ["nu", "ll "], [" n", "ull"]])
def test_no_arguments_are_an_empty_object(told: list[str]) -> None:
    call = Call(ToolStarted(0, "t", "f"))

    assert [call.take(piece) for piece in told] == [""] * len(told)
    assert call.rest() == "{}"


@pytest.mark.parametrize("told", [[' {"a"', ":1}"], ["n", "ope"], ["nul"], ["[", "]"], ["nu", "mber"]])
def test_all_else_is_told(told: list[str]) -> None:
    call = Call(ToolStarted(0, "t", "f"))
    out = "".join(call.take(piece) for piece in told)

    assert "".join(told).lstrip() == out + call.rest()


def test_a_call_is_over_when_its_arguments_are_whole() -> None:
    call = Call(ToolStarted(0, "t", "f"))
    seen = []
    for piece in ("{", '"a}', '"', ":", "1}"):
        call.take(piece)
        seen.append(call.is_over)

    assert seen == [False, False, False, False, True]
