"""What the events of a stream mean while they go on as they came."""

from typing import Any

import pytest

from llmgw.chat.dialect import NOTHING, Sign
from llmgw.chat.usage import Usage
from llmgw.dialects.gemini_generate.signs import Signs, may_matter
from llmgw.errors import FailureClass
from tests.dialects.gemini_generate.wire import ERROR, USAGE, answer, chunk, event, text


def test_content_usage_and_the_end() -> None:
    signs = Signs()

    assert signs(chunk(text("a"), usageMetadata={"promptTokenCount": 10})) == Sign(content=True, usage=Usage(10))
    assert signs(chunk(text("", thought=True))) == NOTHING
    assert signs(chunk(text(""), finish="STOP", usageMetadata=USAGE)) == Sign(
        finish="STOP", finished=(0,), usage=Usage(10, 7, 0, 3)
    )


def test_several_answers_end_one_by_one() -> None:
    told = answer(text("a"), finish=None)
    told["candidates"].append({"index": 1, "finishReason": "MAX_TOKENS"})

    assert Signs()(event(told)) == Sign(content=True, finish="MAX_TOKENS", finished=(1,))


def test_what_was_filtered() -> None:
    assert Signs()(chunk(finish="SAFETY")) == Sign(finish="content_filter", finished=(0,))
    assert Signs()(event({"promptFeedback": {"blockReason": 1}})) == Sign(finish="content_filter", finished=(0,))
    assert Signs()(event({"promptFeedback": {"safetyRatings": []}})) == NOTHING


@pytest.mark.parametrize("part", [{"inlineData": {"data": "AA=="}}, {"functionCall": {"name": "f"}}, {"text": "a"}])
def test_all_that_is_shown_is_content(part: Any) -> None:
    assert Signs()(chunk(part)).content


def test_an_error() -> None:
    told = Signs()(event(ERROR)).error

    assert told is not None
    assert (told.failure, told.plain) == (FailureClass.OVERLOADED, True)


@pytest.mark.parametrize("told", [b": comment\n\n", b"data: \n\n"])
def test_nothing(told: bytes) -> None:
    assert Signs()(told) == NOTHING


@pytest.mark.parametrize(
    ("told", "matters"),
    [
        (chunk(text("a")), False),
        (chunk(text("a"), usageMetadata=USAGE), True),
        (chunk(text("a"), finish="STOP"), True),
        (event(ERROR), True),
        (event({"promptFeedback": {"blockReason": "OTHER"}}), True),
        (b": comment\n\n", False),
    ],
)
def test_the_cheap_look(told: bytes, *, matters: bool) -> None:
    assert matters == may_matter(told)
