"""Errors look as they do at their providers, and each form of a wait says the same time."""

import json
from email.utils import parsedate_to_datetime
from time import time

import pytest

from llmgw.errors import FailureClass
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import (
    RATE_LIMITED,
    ProviderError,
    go_duration,
    openai_error_answer,
    provider_errors,
    rate_limited_without_hint,
)
from tests.partners.raw_client import RawAnswer, raw_client
from tests.partners.steps import Behaviour


async def answer_to(upstream: FaultUpstream, behaviour: Behaviour) -> RawAnswer:
    upstream.script(behaviour)
    async with raw_client(upstream.url) as client:
        await client.post("/v1/chat/completions", {})
        return await client.read_answer()


@pytest.mark.parametrize("error", provider_errors(), ids=lambda error: error.name)
async def test_each_row_is_answered_as_it_stands_in_the_table(upstream: FaultUpstream, error: ProviderError) -> None:
    answer = await answer_to(upstream, error.behaviour)

    assert (error.status, error.body, True) == (answer.status, answer.body, answer.whole)
    assert error.failure in {failure.value for failure in FailureClass}


def test_names_are_unique_and_every_class_that_has_a_body_is_there() -> None:
    errors = provider_errors()
    by_status_or_body = {
        "rate_limited", "quota_exhausted", "overloaded", "server_error", "unauthorized", "not_found",
        "context_length", "content_filter", "invalid_request",
    }  # fmt: skip

    assert len(errors) == len({error.name for error in errors})
    assert by_status_or_body == {error.failure for error in errors}


@pytest.mark.parametrize("status", [400, 418, 429, 451, 498, 500, 529, 599])
async def test_any_status_can_be_sent(upstream: FaultUpstream, status: int) -> None:
    answer = await answer_to(upstream, openai_error_answer(status, code="c", kind="k"))

    assert status == answer.status
    assert {"message": f"The upstream says {status}", "type": "k", "param": None, "code": "c"} == answer.json["error"]


async def test_each_form_of_retry_after_says_how_long(upstream: FaultUpstream) -> None:
    answers = {form: await answer_to(upstream, make(2)) for form, make in RATE_LIMITED.items()}
    date = parsedate_to_datetime(answers["http_date"].headers["retry-after"])

    assert {429} == {answer.status for answer in answers.values()}
    assert answers["seconds"].headers["retry-after"] == "2"
    assert 1 < date.timestamp() - time() <= 3
    assert answers["milliseconds"].headers["retry-after-ms"] == "2000"
    assert answers["google_retry_info"].json["error"]["details"][1]["retryDelay"] == "2s"
    assert "retry-after" not in answers["google_retry_info"].headers
    assert answers["reset_duration"].headers["x-ratelimit-reset-requests"] == "2s"
    assert "retry-after" not in answers["reset_duration"].headers


async def test_a_rate_limit_may_come_without_any_hint(upstream: FaultUpstream) -> None:
    answer = await answer_to(upstream, rate_limited_without_hint())

    assert answer.status == 429
    assert not [name for name in answer.headers if "retry" in name or "reset" in name]
    assert json.loads(answer.body)["error"]["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("wait_s", "text"),
    [(0.12, "120ms"), (1.5, "1.5s"), (59, "59s"), (360, "6m0s"), (3600, "1h0m0s"), (3723.5, "1h2m3.5s")],
)
def test_durations_are_printed_as_go_does(wait_s: float, text: str) -> None:
    assert text == go_duration(wait_s)
