"""The page of a dry run, line by line."""

import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.cli.render import plain
from llmgw.cli.route_json import error_json, route_json
from llmgw.cli.route_lines import attempt_lines, candidate_lines, end_line, tree_lines, tries
from llmgw.config import model as file
from llmgw.errors import FailureClass
from llmgw.graph.model import Resolved, Retry
from llmgw.routing import facts
from llmgw.routing.dice import Dice
from llmgw.routing.health import ALL_WELL
from llmgw.routing.rehearsal import Pretence, Rehearsal, rehearse
from llmgw.routing.walk import Itinerary, walk

CONFIG = """\
models:
  gpt: simulator/gpt
  small: {target: simulator/small, max_output: 10}
routes:
  chat: {fallback: [small, gpt]}
  named: {fallback: [gpt, {use: small, on_failure: [timeout]}], max_attempts: 1}
"""


def dry_run(model: str, pretence: Pretence, max_tokens: int = 0) -> tuple[Resolved, Itinerary, Rehearsal]:
    graph = build([Text("t", CONFIG)], {}, need_secrets=False).checked()
    resolved = graph.resolve(model)
    assert resolved is not None
    dice = Dice(0)
    known = facts.pretended(file.TestRequest(model=model, max_tokens=max_tokens))
    itinerary = walk(resolved, known, ALL_WELL, dice)
    return resolved, itinerary, rehearse(itinerary, pretence, dice)


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

    assert plain(end_line(rehearsal)) == "no target answers: the client gets 503 no_target, no candidate left"


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


def test_the_json_names_what_leads_to_a_candidate_and_how_it_ended() -> None:
    resolved, itinerary, rehearsal = dry_run("named", {"gpt": FailureClass.OVERLOADED})

    told = route_json("named", resolved, itinerary, rehearsal)

    assert [candidate["on_failure"] for candidate in told["candidates"]] == [[], [["timeout"]]]
    assert told["error"] == {
        "status": 503,
        "code": "overloaded",
        "message": "max_attempts reached",
        "passed_on": False,
    }


def test_both_kinds_of_json_have_the_same_fields() -> None:
    told = route_json("chat", *dry_run("chat", {}))

    assert set(error_json("chat", 404, "model_not_found", "no")) == set(told)
