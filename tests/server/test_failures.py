"""Every way in which a provider fails: its class in the log, what is tried next, and what the caller is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from llmgw.errors import FailureClass
from llmgw.routing.outcome import MOVES, PASSED_ON, Move, class_of_status
from tests.partners.behaviours import (
    CLOSED_BEFORE_HEADERS,
    RESET_BEFORE_HEADERS,
    STALL_BEFORE_HEADERS,
    bad_chunk_size,
    body_answer,
    chunk,
    closed_after,
    comments_only,
    endless_headers,
    ends_without_end_mark,
    error_in_stream,
    event_stream,
    garbage_in_stream,
    garbage_json,
    gigantic_body,
    gigantic_event,
    groq_error_event,
    gzip_answer,
    head,
    html_answer,
    json_answer,
    not_http,
    openrouter_error_event,
    redirect,
    reset_after,
    stall_after,
    stall_before_first_token,
    with_informational,
)
from tests.partners.bodies import chat_answer, chat_events, sse_event
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import (
    RATE_LIMITED,
    ProviderError,
    openai_error,
    openai_error_answer,
    provider_errors,
)
from tests.partners.raw_client import RawAnswer, raw_client
from tests.partners.steps import CLOSE, HOLD, Behaviour, close_at, reset_at, slow_loris, stall_at
from tests.served import Served, served
from tests.server.calls import CHAT, chat, chat_body, get
from tests.server.routes import chain

HELLO = chat_events("Hello there")
PREAMBLE = HELLO[:1]
SHORT = "{connect: 200ms, first_token: 200ms, idle: 200ms, total: 400ms}"
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def good(stream: bool, text: str = "Hello there") -> Behaviour:
    return event_stream(chat_events(text)) if stream else json_answer(chat_answer(text))


def told(answer: RawAnswer) -> dict[str, Any]:
    """The error that the caller is told."""
    error: dict[str, Any] = answer.json["error"]
    return error


def classes(gateway: Served) -> list[str]:
    """The class of each attempt of the only call, by the log."""
    (line,) = gateway.log.requests
    return [attempt["class"] for attempt in line["attempts"]]


def first_message(gateway: Served) -> str:
    message: str = gateway.log.requests[-1]["attempts"][0]["message"]
    return message


def tries(failure: FailureClass) -> int:
    """How often a target is called that always fails like this, with another one behind it."""
    return 2 if MOVES[failure] is Move.RETRY else 1


# What providers say.


@STREAMED
@pytest.mark.parametrize("error", provider_errors(), ids=lambda error: error.name)
async def test_an_error_of_a_provider_has_its_class_and_what_follows_from_it(
    upstream: FaultUpstream, second_upstream: FaultUpstream, error: ProviderError, stream: bool
) -> None:
    failure = FailureClass(error.failure)
    upstream.script(error.behaviour)
    second_upstream.script(good(stream))
    async with served(chain(upstream.url, second_upstream.url)) as gateway:
        answer = await chat(gateway.url, stream=stream)

    reaches_the_second = MOVES[failure] not in (Move.GIVE_UP, Move.NAMED)
    assert ["ok"] * reaches_the_second == [name for name in classes(gateway) if name != error.failure]
    assert tries(failure) == len(upstream.requests)
    assert int(reaches_the_second) == len(second_upstream.requests)
    assert (200 if reaches_the_second else error.status) == answer.status
    assert ("two" if reaches_the_second else "one") == answer.headers["x-llmgw-target"]


@STREAMED
@pytest.mark.parametrize(
    "error", [error for error in provider_errors() if error.failure in PASSED_ON], ids=lambda error: error.name
)
async def test_what_the_caller_can_mend_passes_through_as_the_provider_said_it(
    upstream: FaultUpstream, error: ProviderError, stream: bool
) -> None:
    upstream.script(error.behaviour)
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url, stream=stream)

    assert error.status == answer.status
    if isinstance(error.json, dict) and error.json.get("error"):
        assert error.body == answer.body
    else:  # no error that an SDK would understand: the same words in the caller's dialect
        assert (error.failure, True) == (told(answer)["code"], words_of(error) in told(answer)["message"])
    assert error.behaviour[0].split(b"\r\n")[0].split(b" ")[1] == str(answer.status).encode()  # type: ignore[union-attr]
    assert (answer.headers["x-should-retry"], answer.headers["x-llmgw-attempts"]) == ("false", "1")
    assert error.failure == gateway.log.requests[0]["outcome"]
    assert gateway.log.requests[0]["level"] == "info"


def words_of(error: ProviderError) -> str:
    """The longest text in it."""
    return max(texts_in(error.text if error.json is msgspec.UNSET else error.json), key=len)


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts_in(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts_in(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422, 425, 429, 451])
async def test_a_status_of_the_callers_kind_without_words_has_a_class(upstream: FaultUpstream, status: int) -> None:
    await expect_by_status(upstream, status)


@pytest.mark.parametrize("status", [498, 500, 501, 502, 503, 504, 505, 507, 520, 521, 522, 524, 529, 599])
async def test_a_status_of_the_providers_kind_without_words_has_a_class(upstream: FaultUpstream, status: int) -> None:
    await expect_by_status(upstream, status)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 600, 999])
async def test_a_status_that_is_no_answer_is_a_broken_protocol(upstream: FaultUpstream, status: int) -> None:
    await expect_by_status(upstream, status)


async def expect_by_status(upstream: FaultUpstream, status: int) -> None:
    failure = class_of_status(status)
    upstream.script(openai_error_answer(status))
    async with served(chain(upstream.url, retry="{attempts: 1}")) as gateway:
        answer = await chat(gateway.url)

    assert [failure.value] == classes(gateway)
    expected = {"rate_limited": 429, "overloaded": 503, "invalid_request": status}.get(failure.value, 502)
    assert expected == answer.status


# What goes wrong on the wire.


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a provider does instead of answering. `limit` is which time runs out, if one does."""

    name: str
    behaviour: Behaviour
    failure: str
    limit: str | None = None
    message: str = ""


ANY_FAULTS = [
    Fault("reset before headers", RESET_BEFORE_HEADERS, "connection", message="closed the connection before answering"),
    Fault("closed before headers", CLOSED_BEFORE_HEADERS, "connection"),
    Fault("reset inside the headers", reset_at(json_answer(chat_answer()), 20), "connection"),
    Fault("not HTTP", not_http(), "protocol", message="does not answer in HTTP"),
    Fault("endless headers", endless_headers(1024 * 1024), "protocol", message="Too many headers"),
    Fault("one endless header", (b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 200_000, *CLOSE), "protocol"),
    Fault("HTML", html_answer(), "protocol", message="content type text/html"),
    Fault("redirect", redirect("https://elsewhere.example/v1?key=hidden"), "protocol", message="base_url"),
    Fault("switching protocols", (head(101, {"upgrade": "other", "connection": "upgrade"}),), "protocol"),
    Fault("unreadable compression", (head(200, {"content-encoding": "br", "content-length": "1"}), b"x"), "protocol"),
]
WHOLE_FAULTS = [
    Fault("no content", (head(204, {}),), "protocol"),
    Fault("stall before headers", STALL_BEFORE_HEADERS, "timeout", "total"),
    Fault("stall in the body", stall_at(json_answer(chat_answer()), 200), "timeout", "total"),
    Fault("slow loris", slow_loris(json_answer(chat_answer()), 0.05), "timeout", "total"),
    Fault("reset in the body", reset_at(json_answer(chat_answer()), 200), "stream_cut"),
    Fault("closed in the body", close_at(json_answer(chat_answer()), 200), "stream_cut"),
    Fault("garbage JSON", garbage_json(), "protocol", message="not a chat completion"),
    Fault("no choices", json_answer({"id": "x", "choices": []}), "protocol", message="no choices"),
    Fault("not an object", json_answer([1, 2]), "protocol"),
    Fault("an error that is a 200", json_answer(openai_error("upstream went away", code=502)), "server_error"),
    Fault("a class inside a 200", json_answer(openai_error("x", code="insufficient_quota")), "quota_exhausted"),
    Fault("a stream nobody asked for", event_stream(HELLO), "protocol", message="content type text/event-stream"),
    Fault(
        "broken compression",
        body_answer(200, b"\x1f\x8bnot gzip", {"content-type": "application/json", "content-encoding": "gzip"}),
        "protocol",
        message="not compressed as its headers say",
    ),
]
STREAM_FAULTS = [
    Fault("no content", (head(204, {}),), "stream_cut"),
    Fault("stall before headers", STALL_BEFORE_HEADERS, "timeout", "first_token"),
    Fault("stall before the first token", stall_before_first_token(), "timeout", "first_token"),
    Fault("stall after the preamble", stall_after(PREAMBLE), "timeout", "first_token"),
    Fault("comments for ever", comments_only(100, 0.02), "timeout", "first_token"),
    Fault("an empty stream", event_stream([]), "stream_cut"),
    Fault("only the end mark", event_stream(HELLO[-1:]), "stream_cut", message="before any content"),
    Fault("a preamble and the end", event_stream(PREAMBLE), "stream_cut", message="without its end mark"),
    Fault("end without end mark", ends_without_end_mark(HELLO, 1), "stream_cut"),
    Fault("closed after the preamble", closed_after(HELLO, 1), "stream_cut"),
    Fault("reset after the preamble", reset_after(HELLO, 1), "stream_cut"),
    Fault("a bad chunk size", bad_chunk_size(PREAMBLE), "stream_cut"),
    Fault("a bad chunk size at once", bad_chunk_size([]), "protocol"),
    Fault("garbage in the first event", garbage_in_stream([]), "protocol"),
    Fault("an answer that is no stream", json_answer(chat_answer()), "protocol", message="application/json instead"),
    Fault("an error with [DONE]", error_in_stream([], openrouter_error_event(), done=True), "server_error"),
    Fault("an error without a class", error_in_stream(PREAMBLE, b'data: {"error":"x"}\n\n', done=False), "protocol"),
    Fault("a named error event", error_in_stream(PREAMBLE, groq_error_event(), done=False), "server_error"),
    Fault("comments without content", event_stream([b": filler " + b"a" * 9000 + b"\n\n"] * 140), "protocol"),
    Fault("a gigantic first event", gigantic_event(20 * 1024 * 1024), "protocol", message="an event of more than"),
]


@pytest.mark.parametrize("fault", [*ANY_FAULTS, *WHOLE_FAULTS], ids=lambda fault: fault.name)
async def test_a_fault_leads_an_unstreamed_call_to_the_next_target(
    upstream: FaultUpstream, second_upstream: FaultUpstream, fault: Fault
) -> None:
    await expect_the_second_answers(upstream, second_upstream, fault, stream=False)


@pytest.mark.parametrize("fault", [*ANY_FAULTS, *STREAM_FAULTS], ids=lambda fault: fault.name)
async def test_a_fault_before_the_commit_leads_a_stream_to_the_next_target(
    upstream: FaultUpstream, second_upstream: FaultUpstream, fault: Fault
) -> None:
    await expect_the_second_answers(upstream, second_upstream, fault, stream=True)


async def expect_the_second_answers(
    upstream: FaultUpstream, second_upstream: FaultUpstream, fault: Fault, *, stream: bool
) -> None:
    upstream.script(fault.behaviour)
    second_upstream.script(good(stream))
    # Time runs out only where that is the fault: a slow machine must not look like a slow provider.
    limits = {"one": f"timeout: {SHORT}"} if fault.limit else {}
    async with served(chain(upstream.url, second_upstream.url, **limits)) as gateway:
        answer = await chat(gateway.url, stream=stream)

    assert (answer.status, answer.whole, answer.headers["x-llmgw-target"]) == (200, True, "two")
    assert "Hello" in answer.body.decode()
    assert [fault.failure] * tries(FailureClass(fault.failure)) + ["ok"] == classes(gateway)
    assert fault.message in first_message(gateway)
    if fault.limit is not None:
        assert first_message(gateway).endswith(f"({fault.limit})")


@STREAMED
async def test_a_refused_connection_is_retried_and_then_left(
    refused: str, second_upstream: FaultUpstream, stream: bool
) -> None:
    second_upstream.script(good(stream))
    async with served(chain(refused, second_upstream.url)) as gateway:
        answer = await chat(gateway.url, stream=stream)

    assert classes(gateway) == ["connection", "connection", "ok"]
    assert "is it running?" in first_message(gateway)
    assert (answer.headers["x-llmgw-attempts"], answer.headers["x-llmgw-route"]) == ("3", "chat/fallback[1]=two")


@STREAMED
async def test_a_connection_that_does_not_come_about_names_its_limit(
    unanswering: str, second_upstream: FaultUpstream, stream: bool
) -> None:
    second_upstream.script(good(stream))
    async with served(chain(unanswering, second_upstream.url, timeout="{connect: 100ms}")) as gateway:
        answer = await chat(gateway.url, stream=stream)

    assert (answer.status, classes(gateway)) == (200, ["timeout", "ok"])
    assert first_message(gateway) == "no answer within 0.1 s (connect)"


async def test_a_host_that_does_not_exist_is_a_connection_that_failed(second_upstream: FaultUpstream) -> None:
    second_upstream.script(good(stream=False))
    async with served(chain("http://nobody.invalid:9", second_upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, classes(gateway)) == (200, ["connection", "connection", "ok"])
    assert "nobody.invalid:9: no such host" in first_message(gateway)


# What is no fault.


async def test_an_informational_answer_is_passed_over(upstream: FaultUpstream) -> None:
    upstream.script(with_informational(with_informational(json_answer(chat_answer()), 100)))
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, classes(gateway)) == (200, ["ok"])


async def test_an_answer_that_was_compressed_unasked_reaches_the_caller_plain(upstream: FaultUpstream) -> None:
    upstream.script(gzip_answer(chat_answer("squeezed")))
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (200, chat_answer("squeezed")) == (answer.status, answer.json)
    assert "content-encoding" not in answer.headers
    assert upstream.requests[0].header("accept-encoding") == "identity"


async def test_a_body_without_a_type_is_taken_for_what_was_asked(upstream: FaultUpstream) -> None:
    upstream.script((head(200, {"content-length": "2", "connection": "close"}) + b"{}",))
    async with served(chain(upstream.url, retry="{attempts: 1}")) as gateway:
        await chat(gateway.url)

    assert first_message(gateway) == "the answer has no choices"


# Sizes.


async def test_an_answer_that_is_too_large_is_given_up(upstream: FaultUpstream, second_upstream: FaultUpstream) -> None:
    upstream.script(gigantic_body(80 * 1024 * 1024))
    second_upstream.script(good(stream=False))
    async with served(chain(upstream.url, second_upstream.url, retry="{attempts: 1}")) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, classes(gateway)) == (200, ["protocol", "ok"])
    assert upstream.exchanges[0].bytes_sent < 70 * 1024 * 1024
    assert first_message(gateway) == "the answer is over 67108864 bytes"


@pytest.mark.parametrize(("status", "failure"), [(401, "unauthorized"), (500, "server_error"), (503, "overloaded")])
async def test_an_error_without_end_is_understood_by_its_status(
    upstream: FaultUpstream, status: int, failure: str
) -> None:
    upstream.script(gigantic_body(20 * 1024 * 1024, status))
    async with served(chain(upstream.url, retry="{attempts: 1}")) as gateway:
        await chat(gateway.url)

    assert [failure] == classes(gateway)
    assert upstream.exchanges[0].bytes_sent < 5 * 1024 * 1024


async def test_an_error_that_is_cut_is_understood_by_its_status(upstream: FaultUpstream) -> None:
    upstream.script(close_at(openai_error_answer(401), 120))
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, classes(gateway)) == (502, ["unauthorized"])


# Waiting as asked.


@pytest.mark.parametrize("form", RATE_LIMITED)
async def test_the_last_target_is_tried_again_after_the_wait_it_asked_for(upstream: FaultUpstream, form: str) -> None:
    upstream.script(RATE_LIMITED[form](1 if form in ("seconds", "http_date") else 0.15), good(stream=False))
    async with served(chain(upstream.url, retry="{attempts: 2, backoff: 1ms, max_backoff: 3s}")) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, classes(gateway)) == (200, ["rate_limited", "ok"])
    waited_s = upstream.requests[1].at_s - upstream.requests[0].at_s
    assert (0.7 if form == "seconds" else 0.14) <= waited_s


@pytest.mark.parametrize("form", RATE_LIMITED)
async def test_with_another_target_left_nobody_waits(
    upstream: FaultUpstream, second_upstream: FaultUpstream, form: str
) -> None:
    upstream.script(RATE_LIMITED[form](3600))
    second_upstream.script(good(stream=False))
    async with served(chain(upstream.url, second_upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, classes(gateway)) == (200, ["rate_limited", "ok"])


@pytest.mark.parametrize("form", RATE_LIMITED)
async def test_a_wait_that_does_not_fit_is_handed_to_the_caller(upstream: FaultUpstream, form: str) -> None:
    upstream.script(RATE_LIMITED[form](90))
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, told(answer)["code"]) == (429, "rate_limited")
    assert answer.headers["retry-after"] in (("90", "91") if form == "http_date" else ("90",))
    assert answer.headers["x-should-retry"] == "false"


async def test_of_several_waits_the_caller_is_told_the_shortest(
    upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    upstream.script(RATE_LIMITED["seconds"](70))
    second_upstream.script(RATE_LIMITED["milliseconds"](20.001))
    async with served(chain(upstream.url, second_upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, answer.headers["retry-after"]) == (429, "21")


async def test_without_a_hint_there_is_none_for_the_caller(upstream: FaultUpstream) -> None:
    upstream.script(openai_error_answer(429))
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, "retry-after" in answer.headers, len(upstream.requests)) == (429, False, 2)


# After all have failed.


@dataclass(frozen=True, slots=True)
class End:
    """What two targets said, and what the caller is told."""

    answers: tuple[int, int]
    status: int
    code: str


ENDS = [
    End((429, 429), 429, "rate_limited"),
    End((503, 529), 503, "overloaded"),
    End((500, 500), 502, "route_exhausted"),
    End((401, 401), 502, "route_exhausted"),
    End((404, 404), 502, "route_exhausted"),
    End((402, 402), 502, "route_exhausted"),
    End((429, 503), 502, "route_exhausted"),
    End((503, 429), 502, "route_exhausted"),
    End((500, 401), 502, "route_exhausted"),
]


@STREAMED
@pytest.mark.parametrize("end", ENDS, ids=lambda end: f"{end.answers[0]} {end.answers[1]}")
async def test_the_caller_is_told_of_every_attempt(
    upstream: FaultUpstream, second_upstream: FaultUpstream, end: End, stream: bool
) -> None:
    upstream.script(openai_error_answer(end.answers[0]))
    second_upstream.script(openai_error_answer(end.answers[1]))
    async with served(chain(upstream.url, second_upstream.url, retry="{attempts: 1}")) as gateway:
        answer = await chat(gateway.url, stream=stream)

    error = told(answer)
    assert (end.status, end.code) == (answer.status, error["code"])
    assert [
        {"target": name, "class": class_of_status(status).value, "status": status}
        for name, status in zip(("one", "two"), end.answers, strict=True)
    ] == error["attempts"]
    assert all(f"The upstream says {status}" in error["message"] for status in end.answers)
    assert answer.headers["content-type"] == "application/json"
    assert expected_headers("2", "two", "chat/fallback[1]=two") == our_headers(answer.headers)
    (line,) = gateway.log.requests
    assert (end.code, end.status, "two") == (line["outcome"], line["status"], line["target"])


def expected_headers(attempts: str, target: str, route: str) -> dict[str, str]:
    decided = {"x-llmgw-attempts": attempts, "x-llmgw-target": target, "x-llmgw-route": route}
    return {**decided, "x-should-retry": "false", "x-llmgw-cache": "off"}


def our_headers(headers: Mapping[str, str]) -> dict[str, str]:
    ours = {name: value for name, value in headers.items() if name.startswith("x-")}
    assert len(ours.pop("x-llmgw-request-id")) == 28
    assert float(ours.pop("x-llmgw-overhead-ms")) >= 0
    return ours


async def test_timeouts_of_all_are_a_504(upstream: FaultUpstream, second_upstream: FaultUpstream) -> None:
    for each in (upstream, second_upstream):
        each.script(HOLD)
    async with served(chain(upstream.url, second_upstream.url, timeout="{total: 50ms}")) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, told(answer)["code"]) == (504, "timeout")


async def test_the_ceiling_of_attempts_holds_and_is_named(
    upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    upstream.script(openai_error_answer(500))
    second_upstream.script(openai_error_answer(500))
    config = chain(upstream.url, second_upstream.url, retry="{attempts: 5, backoff: 1ms}")
    async with served(config.replace("defaults: {", "defaults: {max_attempts: 4, ")) as gateway:
        answer = await chat(gateway.url)

    assert (len(upstream.requests), len(second_upstream.requests)) == (3, 1)
    assert "max_attempts reached" in told(answer)["message"]


async def test_an_entry_that_names_a_class_takes_what_others_do_not(
    upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    upstream.script(json_answer(openai_error("too long", code="context_length_exceeded"), 400))
    second_upstream.script(good(stream=False))
    config = chain(upstream.url, second_upstream.url)
    config = config.replace("[one, two]", "[one, {use: two, on_failure: [context_length]}]")
    async with served(config) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, classes(gateway)) == (200, ["context_length", "ok"])


@STREAMED
async def test_an_answer_that_was_filtered_passes_through_as_it_came(upstream: FaultUpstream, stream: bool) -> None:
    whole = chat_answer("")
    whole["choices"][0]["finish_reason"] = "content_filter"
    events = [event.replace(b'"stop"', b'"content_filter"') for event in chat_events("")]
    upstream.script(event_stream(events) if stream else json_answer(whole))
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url, stream=stream)

    assert (answer.status, classes(gateway)) == (200, ["content_filter"])
    assert gateway.log.requests[0]["outcome"] == "content_filter"
    assert (b"".join(events) if stream else answer.body) == answer.body
    assert b'"content_filter"' in answer.body


# Several answers at once, as the target is asked for them.


ONE_OF_TWO = [
    sse_event({"choices": [{"index": 0, "delta": {"content": "all"}, "finish_reason": None}]}),
    sse_event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
]


@pytest.mark.parametrize(
    ("model", "asked", "outcome"),
    [("", 1, "ok"), ("", 2, "stream_cut"), ("set: {n: 2}", 1, "stream_cut"), ("drop: [n]", 2, "ok")],
)
async def test_a_stream_is_whole_when_as_many_choices_as_were_asked_for_have_ended(
    upstream: FaultUpstream, model: str, asked: int, outcome: str
) -> None:
    upstream.script(event_stream(ONE_OF_TWO))
    async with served(chain(upstream.url, one=model)) as gateway, raw_client(gateway.url) as client:
        await client.post(CHAT, {**chat_body(stream=True), "n": asked})
        await client.read_answer()

    assert outcome == gateway.log.requests[0]["outcome"]


async def test_an_error_nested_absurdly_deep_leads_to_the_next_target(
    upstream: FaultUpstream, second_upstream: FaultUpstream
) -> None:
    nested = b'{"error":' * 900 + b'"deep"' + b"}" * 900
    upstream.script(body_answer(500, nested, {"content-type": "application/json"}))
    second_upstream.script(good(stream=False))
    async with served(chain(upstream.url, second_upstream.url)) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, answer.headers["x-llmgw-target"]) == (200, "two")


# Nobody can take it.


async def test_a_request_that_no_target_can_take_is_the_callers_fault(upstream: FaultUpstream) -> None:
    async with served(chain(upstream.url, one="max_output: 100")) as gateway, raw_client(gateway.url) as client:
        await client.post(CHAT, {**chat_body(), "max_tokens": 500})
        answer = await client.read_answer()

    assert (answer.status, told(answer)["code"]) == (400, "invalid_request")
    assert "one: " in told(answer)["message"]
    assert upstream.requests == []
    assert gateway.log.requests[0]["level"] == "info"


# Time.


@STREAMED
async def test_the_deadline_ends_a_call_and_names_itself(upstream: FaultUpstream, stream: bool) -> None:
    upstream.script(HOLD)
    config = chain(upstream.url).replace("defaults: {", "defaults: {deadline: 100ms, ")
    async with served(config) as gateway:
        answer = await chat(gateway.url, stream=stream)

    assert (answer.status, told(answer)["code"]) == (504, "timeout")
    assert "no answer within 0.1 s (deadline)" in told(answer)["message"]
    assert len(upstream.requests) == 1


async def test_a_caller_may_lower_the_deadline(upstream: FaultUpstream) -> None:
    upstream.script(HOLD)
    async with served(chain(upstream.url)) as gateway:
        answer = await chat(gateway.url, headers={"x-llmgw-timeout": "80ms"})

    assert (answer.status, first_message(gateway)) == (504, "no answer within 0.08 s (x-llmgw-timeout)")


async def test_a_caller_may_not_raise_the_deadline(upstream: FaultUpstream) -> None:
    upstream.script(HOLD)
    config = chain(upstream.url).replace("defaults: {", "defaults: {deadline: 80ms, ")
    async with served(config) as gateway:
        await chat(gateway.url, headers={"x-llmgw-timeout": "1h"})

    assert first_message(gateway) == "no answer within 0.08 s (deadline)"


async def test_the_deadline_is_shared_by_all_attempts(upstream: FaultUpstream, second_upstream: FaultUpstream) -> None:
    upstream.script(HOLD)
    second_upstream.script(HOLD)
    config = chain(upstream.url, second_upstream.url, timeout="{total: 150ms}")
    async with served(config.replace("defaults: {", "defaults: {deadline: 200ms, ")) as gateway:
        answer = await chat(gateway.url)

    assert (answer.status, classes(gateway)) == (504, ["timeout", "timeout"])
    (line,) = gateway.log.requests
    assert [attempt["message"].rpartition(" ")[2] for attempt in line["attempts"]] == ["(total)", "(deadline)"]
    assert line["total_ms"] >= 190


async def test_the_deadline_does_not_cut_a_stream_that_has_begun(upstream: FaultUpstream) -> None:
    upstream.script(event_stream(HELLO, pause_s=0.05))
    config = chain(upstream.url).replace("defaults: {", "defaults: {deadline: 150ms, ")
    async with served(config) as gateway:
        answer = await chat(gateway.url, stream=True)

    assert (answer.status, answer.body.endswith(HELLO[-1])) == (200, True)


@pytest.mark.parametrize(
    ("limits", "behaviour", "told_limit"),
    [
        ("{idle: 80ms}", stall_after(HELLO[:2]), "no answer within 0.08 s (idle)"),
        ("{total: 150ms}", event_stream(HELLO * 20, pause_s=0.02), "no answer within 0.15 s (total)"),
        ("{total: 150ms}", event_stream([*HELLO[:2], *[b": alive\n\n"] * 99], pause_s=0.02), "0.15 s (total)"),
    ],
    ids=["idle", "total", "total of comments"],
)
async def test_a_limit_that_cuts_a_stream_names_itself_to_the_caller(
    upstream: FaultUpstream, limits: str, behaviour: Behaviour, told_limit: str
) -> None:
    behaviour = tuple(step for step in behaviour if not (isinstance(step, bytes) and b"[DONE]" in step))
    upstream.script(behaviour)
    async with served(chain(upstream.url, timeout=limits)) as gateway:
        answer = await chat(gateway.url, stream=True)

    last = answer.body.rstrip().rpartition(b"\n\n")[2]
    assert (answer.status, answer.whole) == (200, True)
    assert told_limit in last.decode()
    assert b'"code":"stream_cut"' in last
    assert gateway.log.requests[0]["outcome"] == "stream_cut"


# Secrets.

KEY = "sk-planted-0123456789abcdef"
PASSWORD = "planted-password"


def planted(url: str, second: str) -> str:
    """One target with a key, and one behind a proxy that has a password and refuses."""
    proxy = second.replace("//", f"//user:{PASSWORD}@")
    return f"""
providers:
  one: {{like: openai, base_url: "{url}/v1", api_key: "${{PLANTED}}", headers: {{x-more: "${{PLANTED}}"}}}}
  two: {{like: openai, base_url: "{url}/v1", api_key: "${{PLANTED}}", proxy: "{proxy}"}}
models: {{one: {{target: one/m, set: {{user: me}}}}, two: two/m}}
routes: {{chat: {{fallback: [one, two]}}}}
defaults: {{retry: {{attempts: 2, backoff: 1ms}}, timeout: {{first_token: 300ms, total: 300ms}}}}
"""


def leaking() -> Sequence[Behaviour]:
    """Providers that repeat the key wherever they can."""
    error = openai_error(f"Incorrect API key provided: {KEY}", code="invalid_api_key")
    event = b'data: {"error":{"message":"bad key ' + KEY.encode() + b'"}}\n\n'
    return (
        json_answer(error, 401),
        json_answer(openai_error(f"no such thing: {KEY}"), 400),
        json_answer(error),
        event_stream([event]),
        html_answer(),
        body_answer(500, KEY.encode(), {}),
        RESET_BEFORE_HEADERS,
        HOLD,
        (b"HTTP/1.1 " + KEY.encode() + b"\r\n\r\n", *CLOSE),
        (head(200, {"content-type": "application/json", "transfer-encoding": "chunked"}), chunk(b"{"), *CLOSE),
    )


@STREAMED
async def test_the_keys_of_providers_are_nowhere_to_be_seen(
    upstream: FaultUpstream, refused: str, stream: bool
) -> None:
    seen: list[object] = []
    async with served(planted(upstream.url, refused), {"PLANTED": KEY}) as gateway:
        for behaviour in leaking():
            upstream.script(behaviour)
            seen.append(await chat(gateway.url, stream=stream, headers={"authorization": f"Bearer {KEY}-of-caller"}))
        seen.append(await chat(gateway.url, "nobody"))
        seen.append(await get(gateway.url, "/readyz"))
        seen.append(gateway.running)
        seen.append(gateway.running.graph)
        seen.extend(gateway.log.lines)

    assert f"Bearer {KEY}" == upstream.requests[0].header("authorization")
    assert not [one for one in seen if KEY in repr(one) or PASSWORD in repr(one)]
