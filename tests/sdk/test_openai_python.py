"""The OpenAI SDK for Python, unchanged, against the running gateway: what its users see."""

import asyncio
import json
import socket

import openai
import pytest
from pydantic import BaseModel

from llmgw.server.running import Patience
from tests.partners.aimock import AimockControls
from tests.partners.behaviours import STALL_BEFORE_HEADERS, event_stream, json_answer, stall_after
from tests.partners.bodies import ToolCall, Usage, chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error, openai_error_answer, rate_limited_seconds
from tests.partners.steps import RESET, Behaviour, Gate, Pause
from tests.sdk.configs import one_try
from tests.sdk.python_sdk import API_KEY, BOTH, WEATHER, SdkKind, says, text_of
from tests.served import served

PARIS = {"city": "Paris", "unit": "celsius"}

both = pytest.mark.parametrize("sdk_kind", BOTH, ids=lambda kind: kind.name)


class Event(BaseModel):
    name: str
    day: str
    participants: list[str]


# Answers.


@both
async def test_a_chat_is_answered_with_its_usage(sdk_kind: SdkKind, aimock: AimockControls) -> None:
    async with served(one_try(aimock.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        answer = await sdk.chat()

    assert answer.choices[0].message.content == "Hello! How can I help you today?"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (12, 9, 21)


@both
async def test_headers_say_who_answered_and_how_it_was_reached(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer(), headers={"x-ratelimit-remaining-requests": "59"}))
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        raw = await sdk.raw()

    assert raw.status == 200
    assert raw.headers["x-llmgw-request-id"] == gateway.log.requests[0]["request_id"]
    assert raw.headers["x-llmgw-target"] == "m0"
    assert raw.headers["x-llmgw-route"] == "chat/fallback[0]=m0"
    assert raw.headers["x-llmgw-attempts"] == "1"
    assert raw.headers["x-llmgw-cache"] == "off"
    assert raw.headers["x-llmgw-upstream-ratelimit-remaining-requests"] == "59"
    assert float(raw.headers["x-llmgw-overhead-ms"]) >= 0
    assert raw.answer.choices[0].message.content == "Hello there"


@both
async def test_a_stream_gives_the_whole_text(sdk_kind: SdkKind, aimock: AimockControls) -> None:
    async with served(one_try(aimock.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        chunks = await sdk.stream(messages=says("Tell a story"))

    assert "王さま 👑" in text_of(chunks)
    assert text_of(chunks).endswith("und sie lebten glücklich bis an ihr Ende.")
    assert chunks[-1].choices[0].finish_reason == "stop"


@both
@pytest.mark.parametrize("asked", [True, False], ids=["asked for", "not asked for"])
async def test_usage_ends_a_stream_if_it_was_asked_for(
    sdk_kind: SdkKind, upstream: FaultUpstream, *, asked: bool
) -> None:
    upstream.script(event_stream(chat_events(include_usage=True, usage=Usage(7, 5))))
    options = {"stream_options": {"include_usage": True}} if asked else {}
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        chunks = await sdk.stream(**options)

    told = [(chunk.usage.prompt_tokens, chunk.usage.completion_tokens) for chunk in chunks if chunk.usage is not None]
    assert ([(7, 5)] if asked else []) == told
    assert asked == (not chunks[-1].choices)
    assert upstream.requests[0].json["stream_options"] == {"include_usage": True}
    assert gateway.log.requests[0]["usage"]["output_tokens"] == 5


@both
async def test_a_tool_is_called_and_its_result_is_used(sdk_kind: SdkKind, aimock: AimockControls) -> None:
    question = says("What is the weather in Paris?")
    async with served(one_try(aimock.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        asked = (await sdk.chat(messages=question, tools=[WEATHER])).choices[0]
        call = (asked.message.tool_calls or [])[0]
        result = {"role": "tool", "tool_call_id": call.id, "content": '{"sky":"clear"}'}
        answered = await sdk.chat(messages=[*question, asked.message.model_dump(), result], tools=[WEATHER])

    assert asked.finish_reason == "tool_calls"
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", PARIS)
    assert answered.choices[0].message.content == "It is sunny in Paris, 21 degrees."


@both
async def test_tool_calls_of_a_stream_are_put_together_by_the_sdk(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    calls = [ToolCall("get_weather", json.dumps(PARIS), f"call_{number}") for number in range(2)]
    upstream.script(event_stream(chat_events(tool_calls=calls)))
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        choice = (await sdk.assembled(tools=[WEATHER])).choices[0]

    told = [call.function for call in choice.message.tool_calls or [] if call.type == "function"]
    assert [(call.name, json.loads(call.arguments)) for call in told] == [("get_weather", PARIS)] * 2
    assert choice.finish_reason == "tool_calls"


@both
async def test_a_schema_makes_an_object_of_the_answer(sdk_kind: SdkKind, aimock: AimockControls) -> None:
    async with served(one_try(aimock.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        answer = await sdk.parse(Event, messages=says("Extract the event"))

    expected = Event(name="Science fair", day="Friday", participants=["Alice", "Bob"])
    assert expected == answer.choices[0].message.parsed


@both
async def test_models_are_those_of_the_file(sdk_kind: SdkKind) -> None:
    config = 'providers: {sim: {like: simulator}}\nmodels: {a: sim/x, "team/*": sim/*}\nroutes: {chat: {fallback: [a]}}'
    async with served(config) as gateway, sdk_kind.client(gateway.url) as sdk:
        ids = [model.id for model in await sdk.models()]
        one = await sdk.model("chat")
        of_a_pattern = await sdk.model("team/large")
        with pytest.raises(openai.NotFoundError, match="Did you mean 'chat'"):
            await sdk.model("chta")

    assert ids == ["a", "chat"]
    assert (one.id, one.object) == ("chat", "model")
    assert of_a_pattern.id == "team/large"


@both
async def test_a_fallback_is_invisible_but_for_its_headers(
    sdk_kind: SdkKind, upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    upstream.script(openai_error_answer(503))
    second_upstream.script(json_answer(chat_answer("From the second")))
    config = one_try(upstream.url, second_upstream.url)
    async with served(config) as gateway, sdk_kind.client(gateway.url) as sdk:
        raw = await sdk.raw()

    assert raw.answer.choices[0].message.content == "From the second"
    assert (raw.headers["x-llmgw-target"], raw.headers["x-llmgw-attempts"]) == ("m1", "2")


# Azure's client.


@both
async def test_the_azure_client_finds_its_deployment(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer("Unstreamed")), event_stream(chat_events("Streamed whole")))
    async with (
        served(one_try(upstream.url)) as gateway,
        sdk_kind.azure_client(gateway.url, azure_deployment="chat") as sdk,
    ):
        answer = await sdk.chat(model="the path wins")
        chunks = await sdk.stream(model="the path wins")

    assert answer.choices[0].message.content == "Unstreamed"
    assert text_of(chunks) == "Streamed whole"
    assert [request.json["model"] for request in upstream.requests] == ["partner-0", "partner-0"]
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions"] * 2


@both
async def test_the_azure_client_takes_the_model_for_the_deployment(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(one_try(upstream.url)) as gateway, sdk_kind.azure_client(gateway.url) as sdk:
        raw = await sdk.raw(model="chat")
        with pytest.raises(openai.NotFoundError, match="no model 'other'"):
            await sdk.chat(model="other")

    assert raw.headers["x-llmgw-target"] == "m0"


@both
async def test_the_callers_key_never_reaches_a_provider(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(one_try(upstream.url)) as gateway:
        async with sdk_kind.client(gateway.url) as sdk:
            await sdk.chat()
        async with sdk_kind.azure_client(gateway.url) as sdk:
            await sdk.chat()

    assert len(upstream.requests) == 2
    assert API_KEY not in repr([request.headers for request in upstream.requests])
    assert API_KEY not in repr(gateway.log.lines)


# Errors, as the SDK's own classes.


@both
async def test_a_wrong_field_is_a_bad_request(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        with pytest.raises(openai.BadRequestError) as caught:
            await sdk.chat(model=3)

    assert (
        caught.value.param,
        caught.value.code,
        caught.value.type,
    ) == ("model", "invalid_request", "invalid_request_error")
    assert upstream.requests == []


@both
async def test_the_providers_bad_request_comes_as_it_said_it(sdk_kind: SdkKind, aimock: AimockControls) -> None:
    async with served(one_try(aimock.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        with pytest.raises(openai.BadRequestError, match="Unsupported parameter") as caught:
            await sdk.chat(messages=says("Fail with 400"))

    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "max_tokens")
    assert caught.value.response.headers["x-llmgw-target"] == "m0"


@both
async def test_a_page_of_another_site_is_denied(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    async with (
        served(one_try(upstream.url)) as gateway,
        sdk_kind.client(gateway.url, default_headers={"Origin": "https://evil.example"}) as sdk,
    ):
        with pytest.raises(openai.PermissionDeniedError, match=r"evil\.example.*server\.cors"):
            await sdk.chat()

    assert upstream.requests == []


@both
async def test_an_unknown_model_is_not_found_and_a_close_one_is_named(
    sdk_kind: SdkKind, upstream: FaultUpstream
) -> None:
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        with pytest.raises(openai.NotFoundError, match="Did you mean 'chat'") as caught:
            await sdk.chat(model="chta")

    assert (caught.value.param, caught.value.code) == ("model", "model_not_found")


@both
async def test_a_body_over_the_limit_is_413(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    config = one_try(upstream.url, more="server: {max_body: 64KiB}\n")
    async with served(config) as gateway, sdk_kind.client(gateway.url) as sdk:
        with pytest.raises(openai.APIStatusError, match=r"server\.max_body") as caught:
            await sdk.chat(messages=says("x" * 70_000))

    assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")


@both
async def test_all_rate_limited_is_a_rate_limit_with_its_wait(
    sdk_kind: SdkKind, upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    upstream.script(rate_limited_seconds(40))
    second_upstream.script(rate_limited_seconds(20))
    config = one_try(upstream.url, second_upstream.url)
    async with served(config) as gateway, sdk_kind.client(gateway.url) as sdk:
        with pytest.raises(openai.RateLimitError) as caught:
            await sdk.chat()

    assert caught.value.code == "rate_limited"
    assert caught.value.response.headers["retry-after"] == "20"


@both
@pytest.mark.parametrize(
    ("status", "expected"),
    [(500, (502, "route_exhausted")), (503, (503, "overloaded")), (401, (502, "route_exhausted"))],
    ids=["server error", "overloaded", "a provider's 401 is not the caller's"],
)
async def test_a_spent_plan_is_a_server_error(
    sdk_kind: SdkKind, upstream: FaultUpstream, status: int, expected: tuple[int, str]
) -> None:
    upstream.script(openai_error_answer(status))
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        with pytest.raises(openai.InternalServerError) as caught:
            await sdk.chat()

    assert expected == (caught.value.status_code, caught.value.code)
    assert isinstance(caught.value.body, dict)
    assert [attempt["status"] for attempt in caught.value.body["attempts"]] == [status]


@both
async def test_a_time_limit_of_the_gateway_is_a_server_error_that_names_it(
    sdk_kind: SdkKind, upstream: FaultUpstream
) -> None:
    upstream.script(STALL_BEFORE_HEADERS)
    async with (
        served(one_try(upstream.url)) as gateway,
        sdk_kind.client(gateway.url, default_headers={"x-llmgw-timeout": "200ms"}) as sdk,
    ):
        with pytest.raises(openai.InternalServerError, match=r"no answer within .* s \(x-llmgw-timeout\)") as caught:
            await sdk.chat()

    assert (caught.value.status_code, caught.value.code) == (504, "timeout")


@both
async def test_a_stream_that_breaks_raises_after_what_has_come(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(event_stream(chat_events("one two three")[:3], then=RESET))
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        with pytest.raises(openai.APIError, match="the stream broke"):
            await sdk.stream()

    assert gateway.log.requests[0]["outcome"] == "stream_cut"


@both
async def test_a_stream_that_breaks_before_its_content_raises_a_status(
    sdk_kind: SdkKind, upstream: FaultUpstream
) -> None:
    upstream.script(event_stream(chat_events()[:1], then=RESET))
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        with pytest.raises(openai.InternalServerError) as caught:
            await sdk.stream()

    assert caught.value.code == "route_exhausted"


@both
async def test_no_gateway_is_a_connection_error(sdk_kind: SdkKind) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        async with sdk_kind.client(f"http://127.0.0.1:{bound.getsockname()[1]}") as sdk:
            with pytest.raises(openai.APIConnectionError):
                await sdk.chat()


@both
async def test_the_sdks_own_timeout_cancels_the_upstream(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(STALL_BEFORE_HEADERS)
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url, timeout=0.3) as sdk:
        with pytest.raises(openai.APITimeoutError):
            await sdk.chat()
        await (await upstream.exchange(0)).wait_hung_up()

    assert gateway.log.requests[0]["outcome"] == "client_closed"


# Retries.


@both
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_the_sdk_does_not_repeat_a_spent_plan(
    sdk_kind: SdkKind, upstream: FaultUpstream, second_upstream: FaultUpstream, status: int
) -> None:
    for each in (upstream, second_upstream):
        each.script(json_answer(openai_error("no"), status))
    config = one_try(upstream.url, second_upstream.url)
    async with served(config) as gateway, sdk_kind.client(gateway.url, max_retries=2) as sdk:
        with pytest.raises(openai.APIStatusError) as caught:
            await sdk.chat()

    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(gateway.log.requests) == 1
    assert (len(upstream.requests), len(second_upstream.requests)) == (1, 1)


@both
async def test_the_sdk_does_repeat_when_there_was_no_room(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    gate = Gate()
    upstream.script(event_stream(chat_events(), gate=gate), json_answer(chat_answer("After the wait")))
    config = one_try(upstream.url, more="server: {max_in_flight: 1}\n")
    async with (
        served(config) as gateway,
        sdk_kind.client(gateway.url, max_retries=2) as sdk,
        asyncio.TaskGroup() as group,
    ):
        stream = group.create_task(sdk.stream())
        await upstream.exchange(0)
        refused_first = group.create_task(sdk.chat())
        await asyncio.sleep(0.2)  # it is refused by now and waits as it was told
        gate.open()

    assert text_of(stream.result()) == "Hello there"
    assert refused_first.result().choices[0].message.content == "After the wait"
    assert len(gateway.log.requests) == 2


# Signs of life.


@both
async def test_comments_while_a_provider_is_silent_are_passed_over(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(event_stream(chat_events("one two"), pause_s=0.12))
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        gateway.running.patience = Patience(ping_s=0.03)
        chunks = await sdk.stream()

    assert text_of(chunks) == "one two"


@both
async def test_a_stream_may_begin_before_anybody_answers(
    sdk_kind: SdkKind, upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    upstream.script(slow_refusal())
    second_upstream.script(event_stream(chat_events("From the second")))
    config = one_try(upstream.url, second_upstream.url, more="server: {early_keepalive: 50ms}\n")
    async with served(config) as gateway, sdk_kind.client(gateway.url) as sdk:
        chunks = await sdk.stream()

    assert text_of(chunks) == "From the second"


@both
async def test_a_failure_after_such_a_beginning_raises_all_the_same(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(slow_refusal())
    config = one_try(upstream.url, more="server: {early_keepalive: 50ms}\n")
    async with served(config) as gateway, sdk_kind.client(gateway.url, max_retries=2) as sdk:
        with pytest.raises(openai.APIError, match="no target answered"):
            await sdk.stream()

    assert len(upstream.requests) == 1


def slow_refusal() -> Behaviour:
    return (Pause(0.25), *openai_error_answer(503))


# Leaving early.


@both
async def test_closing_a_stream_early_cancels_the_upstream(sdk_kind: SdkKind, upstream: FaultUpstream) -> None:
    upstream.script(stall_after(chat_events("one two three")[:3]))
    async with served(one_try(upstream.url)) as gateway, sdk_kind.client(gateway.url) as sdk:
        chunks = await sdk.first_chunks(2)
        await (await upstream.exchange(0)).wait_hung_up()

    assert text_of(chunks) == "one "
    assert [(line["outcome"], line["status"]) for line in gateway.log.requests] == [("client_closed", 499)]
