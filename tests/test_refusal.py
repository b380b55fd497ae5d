"""What a provider says instead of an answer has its class, its words and its wait, however it ends."""

import pytest

from llmgw import refusal
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass, StreamCutError, UpstreamProtocolError, UpstreamStatusError
from llmgw.masking import Mask
from tests.fakes import FakeStream

KEY = "sk-fake-key-of-p"
Piece = bytes | float | Exception


async def refused(status: int, headers: dict[str, str], *pieces: Piece) -> UpstreamStatusError:
    return await refusal.of_status(FakeStream(status, headers, list(pieces)), openai_chat, Mask([KEY]), 0.0)


async def of_type(content_type: str, *pieces: Piece, stream: bool = True) -> UpstreamProtocolError:
    answer = FakeStream(200, {"content-type": content_type}, list(pieces))
    assert not refusal.is_expected(answer, openai_chat, stream=stream)
    return await refusal.of_type(answer, openai_chat, stream=stream)


async def test_a_body_without_end_is_read_as_far_as_it_matters() -> None:
    error = await refused(500, {}, b"x" * refusal.ERROR_BYTES_MAX, b"y", ZeroDivisionError("never read"))

    assert (error.failure, error.body) == (FailureClass.SERVER_ERROR, b"x" * refusal.ERROR_BYTES_MAX)


@pytest.mark.parametrize(
    "end", [StreamCutError("cut"), UpstreamProtocolError("badly compressed"), 60.0], ids=["cut", "garbage", "silence"]
)
async def test_a_body_that_breaks_is_what_came_of_it(end: Piece, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "ERROR_S_MAX", 0.03)
    error = await refused(401, {}, b"half", end)

    assert (error.failure, error.body) == (FailureClass.UNAUTHORIZED, b"half")


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        (b'{"error":{"message":"m"}}', "openai_chat"),
        (b'{"error":"m"}', "openai_chat"),
        (b'{"detail":[{"msg":"m"}]}', ""),
        (b'{"object":"error"}', ""),
        (b"<h1>no</h1>", ""),
        (b"[1]", ""),
        (b"", ""),
    ],
)
async def test_an_error_that_the_callers_sdk_would_understand_is_marked(body: bytes, dialect: str) -> None:
    error = await refused(400, {}, body)

    assert dialect == error.dialect


async def test_our_key_is_not_in_the_body_that_is_passed_on() -> None:
    error = await refused(400, {}, b'{"error":{"message":"bad key sk-fake-key-of-\\u0070"}}')

    assert error.body == b'{"error":{"message":"bad key ***"}}'


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"retry-after": "7"}, b"{}", 7.0),
        ({"retry-after-ms": "70"}, b"{}", 0.07),
        ({}, b'{"error":{"details":[{"retryDelay":"7s"}]}}', 7.0),
        ({"retry-after": "3"}, b'{"error":{"details":[{"retryDelay":"7s"}]}}', 3.0),
        ({}, b"{}", None),
    ],
)
async def test_how_long_to_wait(headers: dict[str, str], body: bytes, expected: float | None) -> None:
    error = await refused(429, headers, body)

    assert expected == error.retry_after_s


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_says_where_to_though_it_is_not_followed(status: int) -> None:
    error = await refused(status, {"location": "https://api.example/v1/chat/completions?token=planted"})

    assert FailureClass.PROTOCOL is error.failure
    assert error.message == "redirects are not followed; should base_url be https://api.example/v1/chat/completions ?"


async def test_a_redirect_to_nowhere_is_a_status() -> None:
    error = await refused(302, {})

    assert error.message == "status 302 without a message"


async def test_an_error_may_come_as_json_to_those_who_asked_for_a_stream() -> None:
    error = await of_type("application/json; charset=utf-8", b'{"error":{"message":"slow down","code":429}}')

    assert (error.failure, error.message) == (FailureClass.RATE_LIMITED, "slow down")


@pytest.mark.parametrize(
    ("content_type", "stream", "wanted"),
    [
        ("application/json", True, "text/event-stream"),
        ("application/x-ndjson", False, "JSON"),
        ("text/html", False, "JSON"),
        ("text/event-stream", False, "JSON"),
        ("text/event-streams", True, "text/event-stream"),
    ],
)
async def test_another_type_is_a_broken_protocol(content_type: str, stream: bool, wanted: str) -> None:
    error = await of_type(content_type, b'{"choices":[]}', stream=stream)

    assert (FailureClass.PROTOCOL, f"content type {content_type} instead of {wanted}") == (error.failure, error.message)


@pytest.mark.parametrize(
    ("content_type", "stream"),
    [("", True), ("", False), ("Text/Event-Stream;charset=UTF-8", True), ("application/vnd.api+json", False)],
)
def test_the_right_type_or_none_is_expected(content_type: str, stream: bool) -> None:
    assert refusal.is_expected(FakeStream(200, {"content-type": content_type}, []), openai_chat, stream=stream)


async def test_a_header_may_tell_the_class_that_neither_body_nor_status_tell() -> None:
    error = await refused(424, {"x-amzn-errortype": "ModelErrorException:http://internal"}, b'{"message":"failed"}')

    assert (error.failure, error.message) == (FailureClass.SERVER_ERROR, "failed")
