"""However a tool call comes, its events are the same: announced once with id and name, then its arguments."""

from typing import Any

import pytest

from llmgw.chat.events import Event, ToolDelta, ToolStarted
from llmgw.dialects.openai_chat.calls import (
    CALLS_MAX,
    WAITING_CHARS_MAX,
    Calls,
    arguments_of,
    google_signature,
    proof_of,
)
from llmgw.errors import UpstreamProtocolError


def piece(arguments: Any = None, *, name: str | None = None, **fields: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {**fields, "function": {key: value for key, value in function.items() if value is not None}}


def read(*deltas: Any, legacy: Any = None) -> list[Event]:
    calls = Calls()
    told = [event for delta in deltas for event in calls.read(delta, legacy, "answer")]
    return [*told, *calls.rest("answer")]


ONE = [ToolStarted(0, "a", "f"), ToolDelta(0, '{"x":'), ToolDelta(0, "1}")]
TWO = [ToolStarted(0, "a", "f"), ToolDelta(0, "{}"), ToolStarted(1, "b", "g"), ToolDelta(1, "[]")]


@pytest.mark.parametrize(
    "deltas",
    [
        ([piece("", index=0, id="a", name="f")], [piece('{"x":', index=0)], [piece("1}", index=0)]),
        ([piece('{"x":', id="a", name="f")], [piece("1}", id="a")]),  # no index
        ([piece('{"x":', id="a", name="f")], [piece("1}")]),  # neither
        ([piece('{"x":', index=0, id="a", name="f")], [piece("1}", index=0, id="a", name="f")]),  # all, always
        ([piece(index=0, id="a")], [piece('{"x":', index=0, name="f")], [piece("1}", index=0)]),  # the name later
        ([piece(name="f", index=0, id="a")], [piece('{"x":', index=0, id="")], [piece("1}", index=0, id="b")]),
    ],
)
def test_one_call_in_pieces(deltas: tuple[Any, ...]) -> None:
    assert read(*deltas) == ONE


@pytest.mark.parametrize(
    "deltas",
    [
        ([piece("{}", index=0, id="a", name="f"), piece("[]", index=1, id="b", name="g")],),
        ([piece("{}", index=0, id="a", name="f")], [piece("[]", index=1, id="b", name="g")]),
        ([piece("{}", id="a", name="f"), piece("[]", id="b", name="g")],),
        ([piece("{}", index=0, id="a", name="f")], [piece("[]", index=0, id="b", name="g")]),  # all of them 0
        ([piece("{}", index=5, id="a", name="f")], [piece("[]", index=9, id="b", name="g")]),
    ],
)
def test_two_calls(deltas: tuple[Any, ...]) -> None:
    assert read(*deltas) == TWO


def test_calls_of_the_same_index_go_on_by_their_ids() -> None:
    told = read(
        [piece("1", index=0, id="a", name="f")],
        [piece("2", index=0, id="b", name="g")],
        [piece("3", index=0, id="a", name="f")],
    )

    assert told[-1] == ToolDelta(0, "3")


def test_calls_without_ids_get_one_that_says_whose_answer_they_are_of() -> None:
    assert read([piece("{}", name="f"), piece("[]", name="f")]) == [
        ToolStarted(0, "call_answer_0", "f"),
        ToolDelta(0, "{}"),
        ToolStarted(1, "call_answer_1", "f"),
        ToolDelta(1, "[]"),
    ]


def test_the_older_way_is_a_call_too() -> None:
    calls = Calls()
    told = [*calls.read(None, {"name": "f", "arguments": ""}, ""), *calls.read(None, {"arguments": "{}"}, "")]

    assert told == [ToolStarted(0, "", "f"), ToolDelta(0, "{}")]


def test_arguments_before_the_name_wait_and_a_name_may_never_come() -> None:
    assert read([piece("{", index=0, id="a")], [piece("}", index=0)]) == [ToolStarted(0, "a", ""), ToolDelta(0, "{}")]
    assert read([piece("{", index=0, id="a")], [piece("}", index=0, name="f")]) == [
        ToolStarted(0, "a", "f"),
        ToolDelta(0, "{"),
        ToolDelta(0, "}"),
    ]


@pytest.mark.parametrize(
    "pieces",
    [None, {}, [], [{}], [None, 5, "x"], [piece("", name="", index=0, id="")], [{"function": None}], [{"index": {}}]],
)
def test_what_says_nothing_is_no_call(pieces: Any) -> None:
    assert read(pieces) == []
    assert read(None, legacy={"name": "", "arguments": ""}) == []


def test_arguments_are_text() -> None:
    assert arguments_of({"arguments": {"city": "Köln"}}) == '{"city": "Köln"}'
    assert arguments_of({"arguments": "{}"}) == "{}"
    assert arguments_of({}) == ""


def test_googles_signature_is_found_in_its_corner() -> None:
    call = {"extra_content": {"google": {"thought_signature": "sig"}}, **piece("{}", id="a", name="f")}

    assert read([call])[0] == ToolStarted(0, "a", "f", "sig", "google")
    nothing: list[Any] = [None, 5, {"google": []}, {"google": {}}]
    assert [google_signature(extra) for extra in nothing] == ["", "", "", ""]


def test_others_signatures_are_found_by_the_id_of_the_call() -> None:
    proofs = {"a": ("sig", "anthropic")}
    told = list(Calls().read([piece("{}", id="a", name="f"), piece("{}", id="b", name="g")], None, "", proofs))

    assert [call for call in told if isinstance(call, ToolStarted)] == [
        ToolStarted(0, "a", "f", "sig", "anthropic"),
        ToolStarted(1, "b", "g"),
    ]
    assert proof_of({"id": 5}, proofs) == ("", "")


def test_of_many_small_pieces_each_is_looked_at_once() -> None:
    calls = Calls()
    told = [event for _ in range(20_000) for event in calls.read([piece("x", index=0)], None, "")]

    assert told == []
    assert list(calls.rest("")) == [ToolStarted(0, "", ""), ToolDelta(0, "x" * 20_000)]


def test_more_calls_than_can_be_held_are_refused() -> None:
    calls = Calls()
    list(calls.read([piece("{}", id=f"c{n}", name="f") for n in range(CALLS_MAX)], None, "answer"))

    with pytest.raises(UpstreamProtocolError, match="over 1024 calls"):
        list(calls.read([piece("{}", id="more", name="f")], None, "answer"))


def test_arguments_that_wait_for_a_name_are_bounded() -> None:
    calls = Calls()
    list(calls.read([piece("x" * WAITING_CHARS_MAX, index=0)], None, "answer"))

    with pytest.raises(UpstreamProtocolError, match="before a call's name"):
        list(calls.read([piece("x", index=1)], None, "answer"))


def test_ids_that_change_with_every_piece_do_not_fill_memory() -> None:
    calls = Calls()
    told = [event for n in range(3000) for event in calls.read([piece("x", index=0, id=f"c{n}")], None, "answer")]

    assert told == []
    assert len(calls._by_id) == CALLS_MAX
