from llmgw.routing.retry_budget import AT_LEAST, RetryBudget


def asked(budget: RetryBudget, requests: int, now_s: float) -> int:
    """So many requests, each of which would be tried again for ever: how often they are."""
    retries = 0
    for _ in range(requests):
        budget.asked(now_s, again=False)
        while budget.lets_retry(now_s):
            budget.asked(now_s, again=True)
            retries += 1
    return retries


def test_a_fifth_of_the_requests_may_be_tried_again() -> None:
    assert asked(RetryBudget(), 1000, 0.0) == 200


def test_however_few_requests_there_are_some_may() -> None:
    assert asked(RetryBudget(), 3, 0.0) == AT_LEAST


def test_what_has_left_the_window_counts_no_more() -> None:
    budget = RetryBudget()
    asked(budget, 1000, 0.0)

    assert budget.counts(9.9) == (1000, 200)
    assert (budget.counts(10.0), asked(budget, 1, 10.0)) == ((0, 0), AT_LEAST)


def test_it_is_taken_over_as_it_was_told() -> None:
    budget = RetryBudget()
    budget.recount(100, 19, 0.0)
    first = budget.lets_retry(0.0)
    budget.asked(0.0, again=True)

    assert (first, budget.lets_retry(0.0), budget.counts(0.0)) == (True, False, (100, 20))
