"""The OpenAI SDK for Node against the running gateway: what it sees directly, it sees through the gateway too."""

import re

import pytest

from tests.partners.aimock import AimockControls
from tests.partners.behaviours import STALL_BEFORE_HEADERS, event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.openai_node import Kind, NodeError, Outcome, Scenario, run_openai_node
from tests.partners.provider_errors import openai_error_answer, rate_limited_seconds
from tests.partners.steps import RESET
from tests.sdk.configs import one_try
from tests.served import Served, served

pytestmark = pytest.mark.usefixtures("node")

SCENARIOS = (
    Scenario("chat", "chat", model="chat"),
    Scenario("stream", "stream", "Tell a story", model="chat"),
    Scenario("tools", "tools", "What is the weather in Paris?", model="chat"),
    Scenario("tools in a stream", "toolsStream", "Compare the weather", model="chat"),
    Scenario("schema", "jsonSchema", "Extract the event", model="chat"),
)


async def outcome_of(
    gateway: Served, kind: Kind = "chat", *, model: str = "chat", max_retries: int = 0, timeout_s: float = 20.0
) -> Outcome:
    scenario = Scenario("only", kind, model=model)
    report = await run_openai_node(f"{gateway.url}/v1", [scenario], max_retries=max_retries, timeout_s=timeout_s)
    return report.results["only"]


async def error_of(
    gateway: Served, kind: Kind = "chat", *, model: str = "chat", max_retries: int = 0, timeout_s: float = 20.0
) -> NodeError:
    outcome = await outcome_of(gateway, kind, model=model, max_retries=max_retries, timeout_s=timeout_s)
    assert outcome.error is not None
    return outcome.error


def seen(outcome: Outcome) -> tuple[object, ...]:
    """What must not differ between the way through the gateway and the direct one: all but headers and times."""
    return (
        outcome.content,
        outcome.finish_reason,
        outcome.usage,
        outcome.chunks,
        outcome.ended,
        # The mock invents ids for calls in a stream.
        tuple((re.sub(r"\d+", "N", call.id), call.name, call.arguments) for call in outcome.calls),
        outcome.requests,
        outcome.error,
    )


async def test_every_kind_of_call_looks_as_it_does_without_us(aimock: AimockControls) -> None:
    direct = (await run_openai_node(f"{aimock.url}/v1", SCENARIOS)).results
    async with served(one_try(aimock.url)) as gateway:
        through_us = (await run_openai_node(f"{gateway.url}/v1", SCENARIOS)).results

    assert {name: seen(outcome) for name, outcome in direct.items()} == {
        name: seen(outcome) for name, outcome in through_us.items()
    }
    assert through_us["tools"].calls
    assert through_us["stream"].ended
    assert {"ok"} == {line["outcome"] for line in gateway.log.requests}


async def test_headers_say_who_answered(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(one_try(upstream.url)) as gateway:
        outcome = await outcome_of(gateway)

    assert outcome.headers["x-llmgw-request-id"] == gateway.log.requests[0]["request_id"]
    assert (outcome.headers["x-llmgw-target"], outcome.headers["x-llmgw-attempts"]) == ("m0", "1")


async def test_models_are_those_of_the_file(upstream: FaultUpstream) -> None:
    async with served(one_try(upstream.url)) as gateway:
        outcome = await outcome_of(gateway, "models")

    assert outcome.ids == ("chat", "m0")


async def test_an_unknown_model_is_not_found(upstream: FaultUpstream) -> None:
    async with served(one_try(upstream.url)) as gateway:
        error = await error_of(gateway, model="chta")

    assert (
        error.class_name,
        error.status,
        error.code,
        error.param,
    ) == ("NotFoundError", 404, "model_not_found", "model")
    assert "Did you mean 'chat'?" in error.message


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, ("BadRequestError", 400, None)),
        (401, ("InternalServerError", 502, "route_exhausted")),
        (429, ("RateLimitError", 429, "rate_limited")),
        (500, ("InternalServerError", 502, "route_exhausted")),
        (503, ("InternalServerError", 503, "overloaded")),
    ],
)
async def test_a_spent_plan_is_an_error_of_the_sdk_and_is_not_repeated(
    upstream: FaultUpstream, status: int, expected: tuple[str, int, str | None]
) -> None:
    upstream.script(openai_error_answer(status))
    async with served(one_try(upstream.url)) as gateway:
        outcome = await outcome_of(gateway, max_retries=2)

    assert outcome.error is not None
    assert expected == (outcome.error.class_name, outcome.error.status, outcome.error.code)
    assert outcome.error.is_api_error
    assert outcome.error.headers["x-should-retry"] == "false"
    assert (outcome.requests, len(gateway.log.requests), len(upstream.requests)) == (1, 1, 1)


async def test_the_wait_is_told_when_all_are_rate_limited(upstream: FaultUpstream) -> None:
    upstream.script(rate_limited_seconds(20))
    async with served(one_try(upstream.url)) as gateway:
        error = await error_of(gateway)

    assert (error.class_name, error.headers["retry-after"]) == ("RateLimitError", "20")


async def test_a_stream_that_breaks_raises_after_what_has_come(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(chat_events("one two three")[:3], then=RESET))
    async with served(one_try(upstream.url)) as gateway:
        outcome = await outcome_of(gateway, "stream")

    assert outcome.error is not None
    assert outcome.content == "one two "
    assert not outcome.ended
    assert "the stream broke" in outcome.error.message
    assert outcome.error.code == "stream_cut"


async def test_a_timeout_of_the_sdk_cancels_the_upstream(upstream: FaultUpstream) -> None:
    upstream.script(STALL_BEFORE_HEADERS)
    async with served(one_try(upstream.url)) as gateway:
        error = await error_of(gateway, timeout_s=0.4)
        await (await upstream.exchange(0)).wait_hung_up()

    assert error.class_name == "APIConnectionTimeoutError"
    assert gateway.log.requests[0]["outcome"] == "client_closed"
