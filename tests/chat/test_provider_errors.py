"""Every shape of error gets the right class, and nothing that a provider sends is too odd."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.provider_errors import MESSAGE_CHARS_MAX, read_error
from llmgw.errors import FailureClass
from llmgw.routing.outcome import class_of_status
from tests.partners.bodies import encode
from tests.partners.provider_errors import ProviderError, provider_errors

STATUSES = st.sampled_from([200, 301, 400, 401, 402, 403, 404, 413, 422, 429, 498, 500, 501, 503, 529])
NAMES = st.sampled_from(["error", "message", "detail", "details", "code", "type", "metadata", "raw", "retryDelay"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)


def classed(status: int, body: bytes) -> FailureClass:
    """As an attempt does it: the provider's own words first, then the status."""
    return read_error(status, body).failure or class_of_status(status)


@pytest.mark.parametrize("error", provider_errors(), ids=lambda error: error.name)
def test_every_row_of_the_table_gets_its_class(error: ProviderError) -> None:
    assert error.failure == classed(error.status, error.body)


def openai(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        # Too long, each in its own words.
        (400, openai("This model's maximum context length is 8192 tokens"), "context_length"),
        (400, openai("prompt is too long: 200001 tokens > 200000 maximum"), "context_length"),
        (400, {"id": "x", "message": "too long", "error_type": "e", "code": "TOO_MANY_TOKENS"}, "context_length"),
        (400, openai("The total length is too long", type="too_many_prompt_tokens", code=400), "context_length"),
        (400, {"message": "Number of input tokens exceeds maximum length"}, "context_length"),
        (400, [openai("The input token count (9) exceeds the maximum", code=400)], "context_length"),
        (400, openai("prompt too long; exceeded max context length by 9 tokens"), "context_length"),
        (400, openai("exceeds the available context size (512 tokens)", code=400), "context_length"),
        (400, {"object": "error", "message": "longer than the maximum model length of 9"}, "context_length"),
        (413, openai("Please reduce the length", code="context_length_exceeded"), "context_length"),
        (400, openai("Too long", param="messages[1].content", code="string_above_max_length"), "context_length"),
        # No such model, on any status.
        (400, openai("The requested model 'x' does not exist.", code=400), "not_found"),
        (400, openai("Provider returned error", metadata={"raw": "Model x is not supported"}), "not_found"),
        (404, openai("The model `x` does not exist", code="model_not_found"), "not_found"),
        (400, openai("Model Not Exist", code="invalid_request_error"), "not_found"),
        (400, openai("The model 'x' does not exist.", param="model", code="invalid_value"), "not_found"),
        (400, openai("Model no-such/model does not exist", code=400), "not_found"),
        (400, {"detail": "Model nonexistent is not supported. Supported models are: a"}, "not_found"),
        (400, {"message": "The provided model identifier is invalid."}, "not_found"),
        (400, openai("It has been decommissioned", code="model_decommissioned"), "not_found"),
        (403, openai("Project has no access to model", code="model_not_found"), "not_found"),
        (404, {"error": "Specified model not found: x. Did you mean: y?"}, "not_found"),
        (404, openai("Resource not found", code="404"), "not_found"),
        (404, "404 page not found", "not_found"),
        (501, openai("This server does not support it", code=501, type="not_supported_error"), "not_found"),
        # A wrong key.
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided: xa***"}, "unauthorized"),
        (400, [openai("Bad", code=400, details=[{"reason": "API_KEY_INVALID"}])], "unauthorized"),
        (401, {"detail": "Invalid API Key"}, "unauthorized"),
        (401, openai("Fails", code="invalid_request_error", type="authentication_error"), "unauthorized"),
        (401, {"error": "Invalid username or password."}, "unauthorized"),
        (403, {"message": "You cannot consume this service"}, "unauthorized"),
        # Nothing left, or too fast.
        (402, openai("Insufficient credits", code=402), "quota_exhausted"),
        (402, openai("Insufficient Balance", type="unknown_error", code="invalid_request_error"), "quota_exhausted"),
        (403, openai("Your account is not active", code="billing_not_active"), "quota_exhausted"),
        (400, openai("Your credit balance is too low", type="invalid_request_error"), "quota_exhausted"),
        (429, openai("You exceeded your current quota, please check your plan and billing."), "quota_exhausted"),
        (429, {"code": "c", "error": "Your team has either used all available credits or"}, "quota_exhausted"),
        (429, openai("Slow", code="RateLimitReached", details="calls"), "rate_limited"),
        (429, {"message": "Too many tokens, please wait"}, "rate_limited"),
        (429, {"message": "Requests rate limit exceeded"}, "rate_limited"),
        (413, openai("Too large: tokens per minute", type="tokens", code="rate_limit_exceeded"), "rate_limited"),
        (
            429,
            openai("You exceeded your current quota, please check your plan", status="RESOURCE_EXHAUSTED", code=429),
            "rate_limited",
        ),
        (429, openai("Too many tokens for the context window of your tier; slow down"), "rate_limited"),
        (429, openai("context window? your credit balance is too low"), "quota_exhausted"),
        (429, openai("Invalid model tier: maximum context length per minute"), "rate_limited"),
        # Filtered.
        (400, openai("x", innererror={"code": "ResponsibleAIPolicyViolation"}), "content_filter"),
        (400, openai("triggering Azure OpenAI's content management policy"), "content_filter"),
        (400, openai("Content Exists Risk", code="invalid_request_error"), "content_filter"),
        (403, openai("Your model requires moderation and your input was flagged", code=403), "content_filter"),
        (403, {"code": "c", "error": "Content violates usage guidelines."}, "content_filter"),
        # Their fault.
        (503, openai("The engine is overloaded", type="server_error"), "overloaded"),
        (503, {"object": "error", "message": "Service tier capacity", "type": "invalid_request_error"}, "overloaded"),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "overloaded"),
        (500, openai("error: cannot make GET request", code=500, type="server_error"), "server_error"),
        (500, openai("maximum context length", type="server_error"), "server_error"),
        (400, openai("Tool choice is required", code="tool_use_failed"), "server_error"),
        (302, "", "protocol"),
        # The caller's.
        (400, openai("Invalid 'user': too long", param="user", code="string_above_max_length"), "invalid_request"),
        (400, openai("String too long", code="string_above_max_length"), "invalid_request"),
        (400, openai("Tool choice for model gpt-4o is not supported"), "invalid_request"),
        (400, openai("Streaming with model gpt-4o is not supported"), "invalid_request"),
        (400, openai("Unsupported parameter", param="max_tokens", code="unsupported_parameter"), "invalid_request"),
        (400, openai("image_url, expected `text`", code="invalid_request_error"), "invalid_request"),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "Field required", "type": "missing"}]}, "invalid_request"),
        (400, {"code": "3051", "message": "Logprobs are not enabled", "object": "error"}, "invalid_request"),
        (422, "Failed to deserialize the JSON body", "invalid_request"),
        (400, None, "invalid_request"),
    ],
)  # fmt: skip
def test_each_shape_gets_its_class(status: int, body: Any, failure: str) -> None:
    sent = body.encode() if isinstance(body, str) else encode(body)

    assert failure == classed(status, sent)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (429, FailureClass.RATE_LIMITED), ("429", FailureClass.RATE_LIMITED), (401, FailureClass.UNAUTHORIZED),
        (402, FailureClass.QUOTA_EXHAUSTED), (404, FailureClass.NOT_FOUND), (502, FailureClass.SERVER_ERROR),
        (503, FailureClass.OVERLOADED), ("server_error", FailureClass.SERVER_ERROR), (400, None), (None, None),
    ],
)  # fmt: skip
def test_inside_a_200_a_status_in_the_body_counts(code: Any, failure: FailureClass | None) -> None:
    body = encode(openai("Provider returned error", code=code))

    assert failure == read_error(200, body).failure
    assert read_error(418, body).failure is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (openai(" Bad key "), "Bad key"),
        ({"error": "text"}, "text"),
        ({"code": "c", "error": "text"}, "text"),
        ({"message": "text", "request_id": "r"}, "text"),
        ({"object": "error", "message": "text"}, "text"),
        ({"detail": "text"}, "text"),
        ({"detail": [{"loc": ["n"], "msg": "one"}, {"msg": "two"}]}, "n: one; two"),
        ({"title": "Input validation failed", "status": 422}, "Input validation failed"),
        ({"error": {"message": ""}, "message": "outside"}, "outside"),
        (openai("Provider error", metadata={"raw": "rate-limited"}), "Provider error: rate-limited"),
        (openai("Provider returned error", metadata={"raw": 5}), "Provider returned error"),
        ([openai("in a list")], "in a list"),
        ("a JSON string", "a JSON string"),
        ({}, "status 400 without a message"),
        (None, "status 400 without a message"),
        (17, "status 400 without a message"),
    ],
)  # fmt: skip
def test_the_message_is_found_wherever_it_stands(body: Any, message: str) -> None:
    assert message == read_error(400, encode(body)).message


def test_the_text_of_the_provider_behind_tells_the_class_too() -> None:
    raw = json.dumps({"error": {"message": "prompt is too long: 9 tokens > 8"}})
    body = encode(openai("Provider returned error", code=400, metadata={"raw": raw, "provider_name": "x"}))

    assert read_error(400, body).failure is FailureClass.CONTEXT_LENGTH


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>502</html>", "<html>502</html>"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
        (b"", "status 502 without a message"),
        (b" \n", "status 502 without a message"),
    ],
)
def test_what_is_no_json_is_its_own_message(body: bytes, message: str) -> None:
    assert message == read_error(502, body).message


def test_a_message_is_bounded() -> None:
    assert len(read_error(500, b"x" * 100_000).message) == MESSAGE_CHARS_MAX


@pytest.mark.parametrize(
    ("details", "wait_s"),
    [
        ([{"@type": "QuotaFailure"}, {"@type": "RetryInfo", "retryDelay": "34.07s"}], 34.07),
        (["text", {"retryDelay": 5}, {"retryDelay": "2s"}], 2),
        ([{"retryDelay": "soon"}], None),
        ("text", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("in_list", [False, True])
def test_google_says_in_the_body_how_long_to_wait(details: Any, wait_s: float | None, in_list: bool) -> None:
    told = openai("Quota", code=429, status="RESOURCE_EXHAUSTED", details=details)

    assert wait_s == read_error(429, encode([told] if in_list else told)).retry_after_s


@given(STATUSES, st.binary())
def test_no_bytes_are_too_odd(status: int, body: bytes) -> None:
    assert read_error(status, body).message


@given(STATUSES, JSON)
def test_no_json_is_too_odd(status: int, told: Any) -> None:
    told = read_error(status, json.dumps(told).encode())

    assert told.message
    assert 0 < len(told.message) <= MESSAGE_CHARS_MAX


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":' * 100_000,
        b'{"error":' * 400 + b"1" + b"}" * 400,
        b"[" * 400 + b"]" * 400,
        b'{"code":' + b"9" * 4300 + b"}",
        b'{"code":' + b"9" * 6000 + b"}",
        b'{"code":1e999}',
        b'{"message":"\\ud800"}',
        b'{"message":"\xff"}',
    ],
)
def test_absurd_bodies_are_read_all_the_same(body: bytes) -> None:
    assert read_error(200, body).message
