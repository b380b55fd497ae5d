"""Requests and edits are plain values."""

import msgspec
import pytest

from llmgw.chat.request import NO_FIELDS, ChatRequest, Edits


def test_a_request_says_nothing_that_the_caller_did_not() -> None:
    request = ChatRequest(model="m", fields=NO_FIELDS)

    assert (request.user, request.max_tokens, request.metadata) == ("", 0, {})
    assert not any([request.stream, request.wants_usage, request.tools, request.json])


def test_requests_and_edits_do_not_change() -> None:
    edits = Edits("m", NO_FIELDS, NO_FIELDS, frozenset(), ask_usage=True)

    for value, field in ((ChatRequest("m", NO_FIELDS), "model"), (edits, "drop")):
        with pytest.raises(AttributeError):
            setattr(value, field, None)


@pytest.mark.parametrize(
    ("model", "globs", "expected"),
    [
        ("gpt-5-mini", ("o3*", "gpt-5*", "!*-chat*"), True),
        ("GPT-5.1-chat-latest", ("o3*", "gpt-5*", "!*-chat*"), False),
        ("gpt-4o", ("o3*", "gpt-5*"), False),
        ("any", ("*",), True),
        ("any", (), False),
    ],
)
def test_who_can_be_told_how_much_to_think(model: str, globs: tuple[str, ...], expected: bool) -> None:
    edits = Edits(model, NO_FIELDS, NO_FIELDS, frozenset(), ask_usage=True, efforts=globs)

    assert edits.takes_effort is expected


@pytest.mark.parametrize(
    ("came", "default", "drop", "expected"),
    [
        ({}, {}, (), 3),
        ({"best_of": b"5"}, {}, (), 5),
        ({"best_of": b"2"}, {}, (), 3),
        ({"best_of": b"5"}, {}, ("best_of",), 3),
        ({}, {"best_of": b"5"}, (), 5),
        ({"best_of": b"null"}, {}, (), 3),
    ],
)
def test_answers_that_are_not_given_back_are_made_all_the_same(
    came: dict[str, bytes], default: dict[str, bytes], drop: tuple[str, ...], expected: int
) -> None:
    fields = {"n": msgspec.Raw(b"3"), **{name: msgspec.Raw(raw) for name, raw in came.items()}}
    usual = {name: msgspec.Raw(raw) for name, raw in default.items()}
    edits = Edits("m", NO_FIELDS, usual, frozenset(drop), ask_usage=True)
    request = ChatRequest("m", fields, choices=3)

    assert (edits.answers(request), edits.choices(request)) == (expected, 3)
