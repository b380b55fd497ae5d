"""The Node SDK works against the provider mock directly: what it finds at the gateway is then the gateway's doing."""

import pytest

from tests.partners.aimock import AimockControls, Chaos
from tests.partners.openai_node import Call, Scenario, run_openai_node

WEATHER = Call("call_weather_1", "get_weather", '{"city":"Paris","unit":"celsius"}')


async def test_every_kind_of_scenario_gives_what_the_fixtures_say(aimock: AimockControls) -> None:
    scenarios = [
        Scenario("chat", "chat"),
        Scenario("stream", "stream", "Tell a story"),
        Scenario("tools", "tools", "What is the weather in Paris?"),
        Scenario("tools in a stream", "toolsStream", "Compare the weather"),
        Scenario("schema", "jsonSchema", "Extract the event"),
        Scenario("cut", "stream", "Break off"),
        Scenario("models", "models"),
    ]
    results = (await run_openai_node(f"{aimock.url}/v1", scenarios)).results

    assert results["chat"].content == "Hello! How can I help you today?"
    assert results["chat"].usage == {"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}
    assert "王さま" in (results["stream"].content or "")
    assert (results["stream"].finish_reason, results["stream"].ended) == ("stop", True)
    assert (results["stream"].usage or {})["total_tokens"] == 47
    assert (results["tools"].finish_reason, results["tools"].calls) == ("tool_calls", (WEATHER,))
    assert results["tools"].content == "It is sunny in Paris, 21 degrees."
    assert len(results["tools in a stream"].calls) == 2
    assert '"Science fair"' in (results["schema"].content or "")
    assert not results["cut"].ended
    assert results["cut"].error is not None
    assert results["models"].ids


@pytest.mark.parametrize(
    ("status", "class_name", "code"),
    [
        (400, "BadRequestError", "unsupported_parameter"),
        (401, "AuthenticationError", "invalid_api_key"),
        (404, "NotFoundError", "model_not_found"),
        (429, "RateLimitError", "rate_limit_exceeded"),
        (500, "InternalServerError", None),
        (503, "InternalServerError", None),
    ],
)
async def test_errors_arrive_as_the_classes_of_the_sdk(
    aimock: AimockControls, status: int, class_name: str, code: str | None
) -> None:
    report = await run_openai_node(f"{aimock.url}/v1", [Scenario("error", "chat", f"Fail with {status}")])
    error = report.results["error"].error

    assert error is not None
    assert (status, class_name, code, True) == (error.status, error.class_name, error.code, error.is_api_error)


async def test_retries_of_the_sdk_are_counted(aimock: AimockControls) -> None:
    await aimock.set_chaos(Chaos(drop_rate=1))
    report = await run_openai_node(f"{aimock.url}/v1", [Scenario("error", "chat")], max_retries=1)

    assert report.results["error"].requests == 2
    assert len(await aimock.journal()) == 2
