"""The headers that the gateway reads, and those that it lets through."""

import pytest

from llmgw.errors import InvalidRequestError
from llmgw.server.headers import forwarded, metadata, query, request_id, timeout_s
from tests.partners.behaviours import body_answer, json_answer
from tests.partners.bodies import chat_answer, encode
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error
from tests.partners.raw_client import raw_client
from tests.served import served
from tests.server.calls import CHAT, chat, chat_body
from tests.server.routes import chain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", {}),
        ('{"tier": "free"}', {"tier": "free"}),
        ('{"n": 1, "x": 1.5, "yes": true, "no": false}', {"n": "1", "x": "1.5", "yes": "true", "no": "false"}),
        ('{"name": "gr\\u00fcn"}', {"name": "grün"}),
    ],
)
def test_metadata_is_text(text: str, expected: dict[str, str]) -> None:
    assert expected == metadata({"x-llmgw-metadata": text})


def test_of_the_query_only_what_the_dialects_own_sdk_sends_goes_on() -> None:
    assert query({"beta": "true", "key": "secret"}, "anthropic_messages") == "beta=true"
    assert query({"beta": "a&b=c"}, "anthropic_messages") == "beta=a%26b%3Dc"
    assert query({"beta": "true"}, "openai_chat") == ""


def test_without_the_header_there_is_none() -> None:
    assert (metadata({}), timeout_s({}), request_id({})) == ({}, None, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("tier=free", "not JSON"),
        ("[" * 4000, "not JSON"),
        ("[]", "not an object of plain values"),
        ('"free"', "not an object of plain values"),
        ('{"a": {"b": 1}}', "not an object of plain values"),
        ('{"a": [1]}', "not an object of plain values"),
        ('{"a": null}', "not an object of plain values"),
        ('{"\udcff": "x"}', "not JSON"),
        ("{" + ", ".join(f'"k{number}": 1' for number in range(17)) + "}", "over 16 entries"),
        ('{"a": "' + "x" * 4096 + '"}', "over 4096 bytes"),
    ],
)
def test_metadata_that_is_none(text: str, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words) as caught:
        metadata({"x-llmgw-metadata": text})

    assert caught.value.param == "x-llmgw-metadata"


@pytest.mark.parametrize(("text", "expected"), [("20s", 20.0), ("500ms", 0.5), ("1h", 3600.0)])
def test_a_timeout_is_a_duration(text: str, expected: float) -> None:
    assert expected == timeout_s({"x-llmgw-timeout": text})


@pytest.mark.parametrize("text", ["", "20", "-5s", "20 s", "soon", "1h30m", "x" * 9000, "\udcff"])
def test_a_timeout_that_is_none(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="not a duration") as caught:
        timeout_s({"x-llmgw-timeout": text})

    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ["0s", "0ms", "0.0h"])
def test_no_time_at_all_is_no_time_limit(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="header x-llmgw-timeout: no time at all") as caught:
        timeout_s({"x-llmgw-timeout": text})

    assert caught.value.param == "x-llmgw-timeout"


def test_only_a_few_headers_go_upstream() -> None:
    given = {
        "authorization": "Bearer caller",
        "x-api-key": "caller",
        "api-key": "caller",
        "x-goog-api-key": "caller",
        "x-llmgw-key": "caller",
        "cookie": "session=1",
        "x-forwarded-for": "203.0.113.7",
        "content-length": "5",
        "host": "localhost",
        "traceparent": "00-a-b-01",
        "tracestate": "a=b",
        "idempotency-key": "once",
        "openai-organization": "org",
        "anthropic-beta": "tools",
        "openai-api-key": "sk-callers",
        "openai-odd": "\udcff",
    }

    assert set(forwarded(given)) == {
        "traceparent",
        "tracestate",
        "idempotency-key",
        "openai-organization",
        "anthropic-beta",
    }


def test_the_callers_own_id_is_short_and_readable() -> None:
    assert request_id({"x-request-id": "abc"}) == "abc"
    assert request_id({"x-request-id": "a\udcffb"}) == "a?b"
    assert request_id({"x-request-id": "x" * 1000}) == "x" * 200


# Through the server.


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-llmgw-metadata", "tier=free"),
        ("x-llmgw-metadata", "{\xff}"),
        ("x-llmgw-timeout", "20"),
        ("x-llmgw-timeout", "0s"),
        ("x-llmgw-timeout", "\xff"),
    ],
)
async def test_a_header_that_is_wrong_is_named(upstream: FaultUpstream, header: str, value: str) -> None:
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url, headers={header: value})

    error = answer.json["error"]
    assert (400, "invalid_request", header) == (answer.status, error["code"], error["param"])
    assert [line["event"] for line in gateway.log.lines] == ["refused"]


async def test_the_callers_credentials_stay_here(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    given = {
        "authorization": "Bearer sk-of-the-caller",
        "cookie": "session=sk-of-the-caller",
        "openai-project": "mine",
        "user-agent": "curl",
        "x-request-id": "theirs-\xff\xfe",
    }
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url, headers=given)

    seen = dict(upstream.requests[0].headers)
    assert (answer.status, seen["openai-project"]) == (200, "mine")
    assert seen["user-agent"].startswith("llmgw/")
    assert "sk-of-the-caller" not in repr(seen) + repr(gateway.log.lines)
    assert "theirs-" in gateway.log.requests[0]["client_request_id"]


async def test_a_header_that_cannot_be_sent_on_is_left_out(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url, headers={"openai-odd": "\xff\xfe"})

    assert (answer.status, upstream.requests[0].header("openai-odd")) == (200, None)


ODD = (
    b"HTTP/1.1 %d Odd\r\ncontent-type: application/json; \xff\r\nx-ratelimit-a: \xff\xfe\r\ncontent-length: %d\r\n\r\n"
)


@pytest.mark.parametrize("status", [200, 400])
async def test_odd_headers_of_a_provider_come_back_harmless(upstream: FaultUpstream, status: int) -> None:
    body = encode(chat_answer() if status == 200 else openai_error("odd"))
    upstream.script((ODD % (status, len(body)) + body,))
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (status, body, True) == (answer.status, answer.body, answer.whole)
    assert answer.headers["content-type"].startswith("application/json; ")


async def test_the_providers_limits_come_back_under_another_name(upstream: FaultUpstream) -> None:
    limits = {
        "x-ratelimit-limit-requests": "60",
        "anthropic-ratelimit-tokens-reset": "1",
        "set-cookie": "a=b",
        "x-own": "1",
    }
    upstream.script(body_answer(200, encode(chat_answer()), {"content-type": "application/json", **limits}))
    price = "price: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}, drop: [user, seed]"
    async with served(chain(upstream.url, one=price)) as gateway, raw_client(gateway.url) as client:
        await client.post(CHAT, {**chat_body(), "seed": 1})
        answer = await client.read_answer()

    ours = {name: value for name, value in answer.headers.items() if name.startswith("x-") and "request-id" not in name}
    assert float(ours.pop("x-llmgw-overhead-ms")) >= 0
    assert ours == {
        "x-llmgw-upstream-ratelimit-limit-requests": "60",
        "x-llmgw-upstream-anthropic-ratelimit-tokens-reset": "1",
        "x-llmgw-target": "one",
        "x-llmgw-route": "chat/fallback[0]=one",
        "x-llmgw-attempts": "1",
        "x-llmgw-cache": "off",
        "x-llmgw-cost-usd": "0.000015000",
        "x-llmgw-dropped": "seed",
    }
    assert "set-cookie" not in answer.headers
