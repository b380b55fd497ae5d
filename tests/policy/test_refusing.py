"""What somebody is told whom a limit or a budget refuses."""

import pytest

from llmgw.errors import (
    BudgetExceededError,
    FailureClass,
    InvalidRequestError,
    RateLimitedError,
    RequestError,
    UnboundedCostError,
)
from llmgw.policy.claims import Refused, Scarce
from llmgw.policy.refusing import error_of, reason, stands_for
from tests.policy.rules import budget, limit

MONTH, RATE = budget(name="team-month"), limit("per-key")


@pytest.mark.parametrize(
    ("refused", "kind", "expected"),
    [
        (
            Refused(0, MONTH, ("search",), Scarce.BUDGET, needed_nanousd=2_500_000, left_nanousd=1_000),
            BudgetExceededError,
            (
                "the budget 'team-month' of search has $0.000001000 left, and this may cost $0.002500000 or more: "
                "ask for less (max_tokens), wait for its next window, or have it raised"
            ),
        ),
        (
            Refused(0, MONTH, (), Scarce.BUDGET, needed_nanousd=1, left_nanousd=-7),
            BudgetExceededError,
            (
                "the budget 'team-month' has $0.000000000 left, and this may cost $0.000000001 or more: "
                "ask for less (max_tokens), wait for its next window, or have it raised"
            ),
        ),
        (
            Refused(0, MONTH, ("search", ""), Scarce.UNBOUNDED, why="tools[0]: web_search"),
            UnboundedCostError,
            (
                "the budget 'team-month' of search, nobody has to know what this may cost at most, and nobody can say "
                "it (tools[0]: web_search): leave that out, or let the budget say `unbounded: allow`"
            ),
        ),
        (
            Refused(0, RATE, ("", "k"), Scarce.MISSING, why="metadata.user"),
            InvalidRequestError,
            "the limit 'per-key' of nobody, k wants a value of metadata.user, and the request has none",
        ),
        (
            Refused(0, RATE, ("k",), Scarce.CONCURRENT, retry_after_s=1.0),
            RateLimitedError,
            "the limit 'per-key' of k has as many requests under way as it allows: try again in 1 s",
        ),
        (
            Refused(0, RATE, ("k",), Scarce.BUCKETS, retry_after_s=1.0),
            RateLimitedError,
            "the limit 'per-key' of k has too many callers at once to tell them apart: try again in 1 s",
        ),
        (
            Refused(0, MONTH, ("k",), Scarce.BUCKETS, retry_after_s=1.0),
            RateLimitedError,
            "the budget 'team-month' of k has too many callers at once to tell them apart: try again in 1 s",
        ),
        (
            Refused(0, RATE, ("k",), Scarce.REQUESTS, retry_after_s=12.3456),
            RateLimitedError,
            "the limit 'per-key' of k has no requests left: try again in 12.3 s",
        ),
        (
            Refused(0, RATE, ("k",), Scarce.TOKENS),
            RateLimitedError,
            "the limit 'per-key' of k has no tokens left: this request alone is more than it allows",
        ),
    ],
    ids=lambda value: value.scarce.value if isinstance(value, Refused) else "",
)
def test_the_caller_hears_which_it_was_what_is_left_and_what_to_do(
    refused: Refused, kind: type[RequestError], expected: str
) -> None:
    error = error_of(refused)

    assert (kind, expected) == (type(error), error.message)
    assert expected.startswith(reason(refused))


def test_a_limit_says_when_to_come_again_and_a_missing_value_what_is_missing() -> None:
    limited = error_of(Refused(0, RATE, ("k",), Scarce.REQUESTS, retry_after_s=12.5))
    missing = error_of(Refused(0, RATE, ("",), Scarce.MISSING, why="metadata.user"))
    assert isinstance(limited, RateLimitedError)

    assert (limited.retry_after_s, missing.param) == (12.5, "metadata.user")


def test_it_stands_for_the_failure_of_a_target_that_has_no_more() -> None:
    assert stands_for(Refused(0, MONTH, (), Scarce.BUDGET)) is FailureClass.QUOTA_EXHAUSTED
    assert stands_for(Refused(0, RATE, (), Scarce.REQUESTS)) is FailureClass.RATE_LIMITED
