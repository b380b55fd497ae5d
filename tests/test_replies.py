"""What a client is told beside the answer itself."""

import pytest

from llmgw import replies
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import (
    BudgetExceededError,
    ConfigError,
    FailureClass,
    GatewayError,
    InvalidRequestError,
    LedgerUnavailableError,
    OverloadedError,
    RateLimitedError,
    StreamCutError,
    UnboundedCostError,
    UpstreamConnectError,
    UpstreamError,
    UpstreamStatusError,
)
from llmgw.graph.model import Graph
from llmgw.policy.claims import Room, Standing
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.routing.plan import Why
from llmgw.transcript import AttemptRecord, Transcript
from tests.fakes import fake_call, fake_transcript


def exhausted(*errors: UpstreamError) -> RouteExhaustedError:
    return RouteExhaustedError([("one", error) for error in errors], Why.NO_CANDIDATE)


REFUSED = UpstreamStatusError(FailureClass.INVALID_REQUEST, "no", status=422, headers={}, body=b"no")
CONNECT = UpstreamConnectError("refused")


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (InvalidRequestError("wrong", param="model"), 400, "invalid_request", "wrong"),
        (OverloadedError("full", code="too_many_in_flight", retry_after_s=1.0), 503, "too_many_in_flight", "full"),
        (LedgerUnavailableError("no room"), 503, "ledger_unavailable", "no room"),
        (BudgetExceededError("the budget 'b'"), 402, "budget_exceeded", "the budget 'b'"),
        (UnboundedCostError("tools[0]"), 402, "unbounded_cost", "tools[0]"),
        (RateLimitedError("the limit 'l'", retry_after_s=2.0), 429, "rate_limit_exceeded", "the limit 'l'"),
        (exhausted(CONNECT), 502, "route_exhausted", "one: connection (refused)"),
        (exhausted(REFUSED), 400, "invalid_request", "no"),
        (exhausted(), 503, "no_target", "test-route"),
        (StreamCutError("cut"), 502, "stream_cut", "the stream broke: cut"),
        (ConfigError([]), 500, "internal_error", "the log says why"),
        (GatewayError(), 500, "internal_error", "the log says why"),
    ],
)
def test_every_error_has_a_status_a_code_and_words(error: GatewayError, status: int, code: str, words: str) -> None:
    told = replies.report(error)

    assert (status, code) == (told.status, told.code)
    assert words in told.message


@pytest.mark.parametrize(
    ("error", "started", "expected"),
    [
        (exhausted(CONNECT), False, ("route_exhausted", 502)),
        (exhausted(REFUSED), False, ("invalid_request", 422)),
        (exhausted(REFUSED), True, ("invalid_request", 200)),
        (StreamCutError("cut"), True, ("stream_cut", 200)),
    ],
)
def test_the_end_of_a_failed_call_is_noted(error: GatewayError, started: bool, expected: tuple[str, int]) -> None:
    transcript = fake_transcript(fake_call())
    replies.note_failure(transcript, error, started=started)

    assert expected == (transcript.outcome, transcript.status)
    assert transcript.error


def transcript_of(target: str) -> Transcript:
    transcript = fake_transcript(fake_call())
    transcript.attempts.append(AttemptRecord(target, f"chat/{target}", 0.0))
    transcript.first_token_s, transcript.waited_s = 0.5, 0.25
    return transcript


def test_the_headers_of_an_answer() -> None:
    transcript = transcript_of("one")
    transcript.dropped = ("seed", "user")
    transcript.cost_nanousd = 1_500_000_000
    given = {
        "content-type": "application/json",
        "x-ratelimit-a": "1",
        "ratelimit-b": "2",
        "retry-after": "3",
        "x-c": "4",
    }

    assert replies.headers(transcript, given) == {
        "content-type": "application/json",
        "x-llmgw-attempts": "1",
        "x-llmgw-cache": "off",
        "x-llmgw-target": "one",
        "x-llmgw-route": "chat/one",
        "x-llmgw-overhead-ms": "250.00",
        "x-llmgw-dropped": "seed,user",
        "x-llmgw-cost-usd": "1.500000000",
        "x-llmgw-upstream-ratelimit-a": "1",
        "x-llmgw-upstream-ratelimit-b": "2",
        "x-llmgw-upstream-retry-after": "3",
    }


def test_a_stream_that_has_begun_does_not_know_its_cost() -> None:
    transcript = transcript_of("one")
    transcript.cost_nanousd, transcript.stream = 1, True
    failed = replies.decided(transcript)
    transcript.committed = True

    assert failed["x-llmgw-cost-usd"] == "0.000000001"
    assert "x-llmgw-cost-usd" not in replies.headers(transcript, {})


def test_how_limits_and_budgets_stand_is_told_in_words_that_sdks_know() -> None:
    transcript = transcript_of("one")
    transcript.standing = Standing(Room(60, 59, 60.06), Room(200_000, 0, 1.5), 1_500_000_000)
    transcript.output_cap = 256
    told = replies.decided(transcript)

    assert {name: told[name] for name in told if "ratelimit" in name or "budget" in name or "cap" in name} == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "60.060s",
        "x-ratelimit-limit-tokens": "200000",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1.500s",
        "x-llmgw-budget-remaining-usd": "1.500000000",
        "x-llmgw-output-cap": "256",
    }


def test_of_an_overdrawn_budget_nothing_is_left() -> None:
    assert replies.standing(Standing(budget_left_nanousd=-5)) == {"x-llmgw-budget-remaining-usd": "0.000000000"}


def test_our_limits_are_told_apart_from_the_providers() -> None:
    transcript = transcript_of("one")
    transcript.standing = Standing(Room(60, 59, 1.0))
    told = replies.headers(transcript, {"x-ratelimit-remaining-requests": "7"})

    assert (told["x-ratelimit-remaining-requests"], told["x-llmgw-upstream-ratelimit-remaining-requests"]) == (
        "59",
        "7",
    )


def test_an_answer_of_ours_names_no_target() -> None:
    transcript = transcript_of("one")
    transcript.standing = Standing(Room(60, 59, 1.0))
    told = replies.of_ours(transcript)

    assert not {"x-llmgw-target", "x-llmgw-route"} & told.keys()
    assert told["x-ratelimit-remaining-requests"] == "59"


@pytest.mark.parametrize("odd", ["a\r\nb", "grün", "\udcff", "\x00", "\x7f"])
def test_whatever_comes_a_header_can_carry_it(odd: str) -> None:
    told = replies.headers(transcript_of(odd), {"content-type": odd, "x-ratelimit-a": odd})

    assert all(value.isascii() and value.isprintable() for value in told.values())


def test_before_any_attempt_nothing_was_decided() -> None:
    assert replies.decided(fake_transcript(fake_call())) == {
        "x-llmgw-attempts": "0",
        "x-llmgw-cache": "off",
        "x-llmgw-overhead-ms": "0.00",
    }


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (422, b'{"error":{"message":"m","odd":1}}', "application/problem+json"),
        (400, b'{"error":"m"}', "application/json"),
        (200, b'{"choices":[{"finish_reason":"content_filter"}]}', "application/json"),
    ],
)
def test_an_error_of_the_callers_dialect_passes_as_it_came(status: int, body: bytes, content_type: str) -> None:
    headers = {"content-type": content_type, "x-ratelimit-a": "1"}
    error = UpstreamStatusError(FailureClass.INVALID_REQUEST, "m", status=status, headers=headers, body=body)
    error.dialect = "openai_chat"
    expected = {"content-type": content_type, "x-llmgw-upstream-ratelimit-a": "1"}

    assert (expected, body) == replies.passed_on(error, openai_chat)


@pytest.mark.parametrize("dialect", ["", "anthropic_messages"])
def test_any_other_error_is_written_in_the_callers_dialect(dialect: str) -> None:
    headers = {"content-type": "text/html"}
    error = UpstreamStatusError(FailureClass.INVALID_REQUEST, "m", status=422, headers=headers, body=b"<p>")
    error.dialect = dialect
    expected = b'{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"invalid_request"}}'

    assert ({"content-type": "application/json"}, expected) == replies.passed_on(error, openai_chat)


GRAPH = fake_call().graph


@pytest.mark.parametrize(
    ("graph", "name", "expected"),
    [
        (
            GRAPH,
            "chta",
            "no model 'chta'. Did you mean 'chat'? Names: chat, one, two. Add others to the file under models.",
        ),
        (GRAPH, "gpt-4", "no model 'gpt-4'. Names: chat, one, two. Add others to the file under models."),
        (Graph({}, (), {}, "d", absent={"x": "no key"}), "x", "model 'x' is not served: no key"),
        (Graph({}, (), {}, "d"), "\r\n", "no model '??'. Names: . Add others to the file under models."),
    ],
)
def test_a_name_that_is_none_says_which_there_are(graph: Graph, name: str, expected: str) -> None:
    assert expected == replies.unknown_model(graph, name)


def test_long_lists_are_cut() -> None:
    routes = dict.fromkeys((f"m{number:03}" for number in range(100)), GRAPH.routes["chat"])
    told = replies.unknown_model(Graph(routes, (), {}, "d"), "x" * 5000)

    assert "m019, …. Add" in told
    assert len(told) < 500


def test_the_names_of_what_was_dropped_are_the_callers_own_words() -> None:
    transcript = transcript_of("one")
    transcript.dropped = ("a\r\nb", "\0", "ü")
    short = replies.decided(transcript)["x-llmgw-dropped"]
    transcript.dropped = tuple(f"field_{number}" for number in range(3000))
    long = replies.decided(transcript)["x-llmgw-dropped"]

    assert short == "a??b,?,?"
    assert (len(long) < 1100, long.endswith("... (3000 in all)")) == (True, True)
