"""The page of a dry run, line by line."""

from dataclasses import replace

import pytest

from llmgw.cli.render import plain
from llmgw.cli.route_lines import attempt_lines, candidate_lines, end_line, tree_lines, tries
from llmgw.errors import FailureClass
from llmgw.graph.model import Retry
from llmgw.graph.route import OneOfKeys
from llmgw.routing.dice import Dice
from llmgw.routing.rehearsal import Pretence, rehearse
from tests.cli.dry_runs import dry_run
from tests.routing.itineraries import candidate, itinerary


def test_the_way_that_was_taken_is_marked_in_the_tree() -> None:
    resolved, _, rehearsal = dry_run("chat", {"small": FailureClass.NOT_FOUND})

    marks = [plain(line)[:2].strip() for line in tree_lines(resolved, rehearsal)]

    assert marks == [">", "x", ">"]


def test_dropped_candidates_are_not_numbered() -> None:
    _, itinerary, _ = dry_run("chat", {}, max_tokens=20)

    starts = [plain(line).split()[:2] for line in candidate_lines(itinerary)]

    assert starts == [["-", "small"], ["1", "gpt"], ["deadline", "10m,"]]


@pytest.mark.parametrize(
    ("pretence", "expected"),
    [
        ({}, ["   1  gpt  answers"]),
        (
            {"gpt": (FailureClass.TIMEOUT,)},
            ["   1  gpt  timeout  -> gives up: max_attempts reached"],
        ),
    ],
)
def test_each_attempt_says_what_followed(pretence: Pretence, expected: list[str]) -> None:
    _, _, rehearsal = dry_run("named", pretence)

    assert [plain(line) for line in attempt_lines(rehearsal)] == expected


def test_another_credential_of_the_same_provider_is_told() -> None:
    keys = tuple(OneOfKeys(f"o#{number}", {}) for number in (1, 2))
    of = candidate("gpt")
    pooled = itinerary([replace(of, target=replace(of.target, credentials=keys))])
    rehearsal = rehearse(pooled, {"gpt": [FailureClass.UNAUTHORIZED]}, Dice(1))

    assert [plain(line) for line in attempt_lines(rehearsal)] == [
        "   1  gpt  unauthorized  -> another credential at once",
        "   2  gpt  answers",
    ]


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (None, "small answers"),
        (FailureClass.TIMEOUT, "no target answers: the client gets 504 timeout"),
        (FailureClass.SERVER_ERROR, "no target answers: the client gets 502 route_exhausted"),
        (FailureClass.CONTENT_FILTER, "no target answers: the client gets the provider's own error (content_filter)"),
    ],
)
def test_the_end_is_what_the_client_gets(failure: FailureClass | None, expected: str) -> None:
    pretence = {"small": failure, "gpt": failure} if failure else {}

    assert plain(end_line(dry_run("chat", pretence)[2])) == expected


def test_without_any_candidate_the_end_says_why() -> None:
    _, _, rehearsal = dry_run("small", {}, max_tokens=20)

    assert [plain(line) for line in (*attempt_lines(rehearsal), end_line(rehearsal))] == [
        "  none",
        (
            "no target answers: the client gets 400 invalid_request: "
            "no target can take this request: small: max_tokens 20 is over max_output 10"
        ),
    ]


@pytest.mark.parametrize(
    ("retry", "expected"),
    [
        (Retry(1), "1 try"),
        (Retry(3, 0.5, 0.75), "3 tries, up to 500ms, 750ms apart"),
        (Retry(9, 1.0, 8.0), "9 tries, up to 1s, 2s, 4s, 8s, 8s, … apart"),
    ],
)
def test_tries_are_told_with_their_waits(retry: Retry, expected: str) -> None:
    assert tries(retry) == expected
