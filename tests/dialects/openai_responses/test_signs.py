"""What each event of a stream means while it goes on as it came."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.dialect import FINISH_CONTENT_FILTER, NOTHING, Sign
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.signs import may_matter, read_sign
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.openai_responses.test_decoding import FIELDS, KIND
from tests.dialects.openai_responses.wire import (
    USAGE,
    added,
    call,
    created,
    done,
    ended,
    event,
    message,
    output_text,
    piece,
    thought,
)

ERROR = event("error", error={"code": "rate_limit_exceeded", "message": "slow"})


@pytest.mark.parametrize(
    "told",
    [
        piece("output_text", "a"),
        piece("refusal", "a"),
        piece("reasoning_text", "a"),
        piece("function_call_arguments", "{"),
        event("response.output_text.done", text="a"),
        event("response.content_part.done", part=output_text("a")),
        added(call()),
        added({"type": "web_search_call", "id": "ws_1"}),
        done(message(output_text("a"))),
        done(message({"type": "refusal", "refusal": "No."})),
        done(thought("a")),
        done(thought(encrypted_content="gAAA")),
    ],
)
def test_content(told: bytes) -> None:
    assert read_sign(told) == Sign(content=True)


@pytest.mark.parametrize(
    "told",
    [
        created(usage=None),
        added(message()),
        added(thought()),
        done(thought(encrypted_content=None)),
        event("response.content_part.added", part=output_text("")),
        piece("output_text", ""),
        event("keepalive"),
        b": OPENROUTER PROCESSING\n\n",
        b"data: [DONE]\n\n",
    ],
)
def test_no_content(told: bytes) -> None:
    assert read_sign(told) in (NOTHING, Sign())


def test_the_end_has_the_usage() -> None:
    usage = Usage(17, 7, 5, 3, 2)

    assert read_sign(ended()) == Sign(finish="completed", finished=(0,), end=True, usage=usage)
    assert read_sign(ended(output=[call()])).content


def test_a_filtered_answer_is_told_apart() -> None:
    assert (
        read_sign(ended("incomplete", incomplete_details={"reason": "content_filter"})).finish == FINISH_CONTENT_FILTER
    )
    assert read_sign(ended("incomplete", incomplete_details={"reason": "max_output_tokens"})).finish == "incomplete"


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        (ERROR, None),
        (ended("failed", error={"code": "rate_limit_exceeded", "message": "slow"}), Usage(17, 7, 5, 3, 2)),
    ],
)
def test_errors(told: bytes, usage: Usage | None) -> None:
    sign = read_sign(told)

    assert sign.error is not None
    assert (sign.error.failure, sign.error.plain, sign.end) == (FailureClass.RATE_LIMITED, True, False)
    assert sign.usage == usage


@pytest.mark.parametrize("told", [ended(), ended("failed"), event("response.done", response=USAGE), ERROR])
def test_what_matters_is_looked_at(told: bytes) -> None:
    assert may_matter(piece("output_text", "a") + told)


def test_text_about_errors_does_not_matter() -> None:
    assert not may_matter(piece("output_text", 'an "error"'))


@given(st.fixed_dictionaries({"type": KIND}, optional=FIELDS))
def test_whatever_a_provider_means_by_its_fields_it_is_read_or_refused(told: dict[str, Any]) -> None:
    with suppress(UpstreamProtocolError):
        read_sign(b"data: " + json.dumps(told).encode() + b"\n\n")
