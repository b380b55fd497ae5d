"""Flags and bodies become a request that nobody sent."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer

from llmgw.cli.pretended import Asked, moment, pairs, pretence, question, seed
from llmgw.errors import FailureClass, InvalidRequestError, RequestTooLargeError
from llmgw.graph.model import Graph
from llmgw.routing.dice import seed_of

BODY_BYTES_MAX = 10_000
GRAPH = Graph({}, (), {}, "")
BODY = {
    "model": "chat",
    "stream": True,
    "max_tokens": 7,
    "user": "u1",
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "metadata": {"tier": "free", "team": "a"},
    "messages": [{"role": "user", "content": "Hello"}],
}


def fact(asked: Asked, name: str) -> object:
    return question(asked, GRAPH, BODY_BYTES_MAX).facts.value(name)


@pytest.fixture
def body(tmp_path: Path) -> str:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(BODY))
    return str(file)


@pytest.mark.parametrize(
    ("asked", "name", "expected"),
    [
        (Asked(model="chat"), "model", "chat"),
        (Asked(model="chat"), "ip", "127.0.0.1"),
        (Asked(model="chat", user="u"), "request.user", "u"),
        (Asked(model="chat", input_tokens=120_000), "request.input_tokens", 120_000),
        (Asked(model="chat", max_tokens=9), "request.max_tokens", 9),
        (Asked(model="chat", stream=True), "request.stream", True),
        (Asked(model="chat", tools=True), "request.tools", True),
        (Asked(model="chat", images=True), "request.images", True),
        (Asked(model="chat", metadata=["tier=free", "empty="]), "metadata.tier", "free"),
        (Asked(model="chat", headers=["X-Team=a=b"]), "headers.x-team", "a=b"),
        (Asked(model="chat", headers=['x-llmgw-metadata={"tier": "paid"}']), "metadata.tier", "paid"),
        (Asked(model="chat", at="2026-11-23T14:30"), "time.hour", 14),
        (Asked(model="chat", at="2026-11-23T14:30"), "time.weekday", 1),
    ],
)
def test_a_flag_is_a_fact(asked: Asked, name: str, expected: object) -> None:
    assert fact(asked, name) == expected


def test_a_body_is_read_as_the_server_reads_it(body: str) -> None:
    asked = Asked(body=body, metadata=["team=b"], headers=["x-llmgw-timeout=5s"])
    given = question(asked, GRAPH, BODY_BYTES_MAX)
    names = ("model", "request.stream", "request.user", "request.tools", "metadata.tier", "metadata.team")

    values = [given.facts.value(name) for name in names]

    assert values == ["chat", True, "u1", True, "free", "b"]
    assert (given.model, given.stream, given.timeout_s) == ("chat", True, 5.0)


def test_the_flag_names_another_model_than_the_body(body: str) -> None:
    given = question(Asked(body=body, model="cheap"), GRAPH, BODY_BYTES_MAX)

    assert (given.model, given.facts.value("model")) == ("cheap", "cheap")


def test_what_the_server_would_refuse_is_refused(tmp_path: Path, body: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text("{")

    with pytest.raises(InvalidRequestError, match="not JSON"):
        question(Asked(body=str(file)), GRAPH, BODY_BYTES_MAX)
    with pytest.raises(RequestTooLargeError, match="over 10 bytes"):
        question(Asked(body=body), GRAPH, 10)
    with pytest.raises(InvalidRequestError, match="x-llmgw-timeout"):
        question(Asked(model="chat", headers=["x-llmgw-timeout=5"]), GRAPH, BODY_BYTES_MAX)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(), "--model NAME, or --request FILE"),
        (Asked(model="chat", metadata=["tier"]), "'tier' is not K=V"),
        (Asked(model="chat", at="noon"), "'noon' is not a time"),
        (Asked(body="no-such-file"), "cannot be read: No such file"),
    ],
)
def test_flags_that_make_no_sense_are_named(asked: Asked, expected: str) -> None:
    with pytest.raises(typer.BadParameter, match=expected):
        question(asked, GRAPH, BODY_BYTES_MAX)


def test_a_body_says_all_of_itself(body: str) -> None:
    with pytest.raises(typer.BadParameter, match="leave out --user"):
        question(Asked(body=body, stream=True), GRAPH, BODY_BYTES_MAX)


def test_a_time_is_of_the_files_timezone_unless_it_says_another() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert moment("2026-07-01T12:00", "Europe/Berlin") == datetime(2026, 7, 1, 12, tzinfo=berlin)
    assert moment("2026-07-01T12:00Z", "Europe/Berlin").hour == 14
    assert abs((moment(None, "Europe/Berlin") - datetime.now(berlin)).total_seconds()) < 60


def test_pairs_may_hold_further_equals_signs() -> None:
    assert pairs(["a=b=c", "d="], "--header") == {"a": "b=c", "d": ""}


def test_a_target_fails_always_or_attempt_by_attempt() -> None:
    given = ["gpt=rate_limited", "claude=timeout,overloaded", "local=timeout,"]

    assert pretence(given, ["gpt", "claude", "local"]) == {
        "gpt": FailureClass.RATE_LIMITED,
        "claude": (FailureClass.TIMEOUT, FailureClass.OVERLOADED),
        "local": (FailureClass.TIMEOUT,),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gtp=timeout", "'gtp' is not a target: did you mean 'gpt'?"),
        ("zzz=timeout", "'zzz' is not a target: targets: gpt, claude"),
        ("gpt=tiemout", "'tiemout' is not a failure class: connection, timeout, "),
        ("gpt=", "'gpt=' names no class: connection, "),
        ("gpt", "'gpt' is not K=V"),
    ],
)
def test_a_failure_with_a_typo_is_named(text: str, expected: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        pretence([text], ["gpt", "claude"])

    assert expected in caught.value.message


@pytest.mark.parametrize("target", ["gpt", "groq/llama"])
def test_what_has_left_the_graph_can_fail_nothing(target: str) -> None:
    absent = {"gpt": "KEY is not set", "groq/*": "KEY is not set"}

    with pytest.raises(typer.BadParameter, match=rf"'{target}' has left the graph \(KEY is not set\), so it can fail"):
        pretence([f"{target}=timeout"], ["gpt", "claude"], absent)


def test_a_target_with_a_name_of_its_own_is_there_though_a_pattern_of_that_shape_is_not() -> None:
    assert pretence(["gpt-4o=timeout"], ["gpt-4o"], {"gpt-*": "KEY is not set"})


def test_the_dice_are_a_number_or_those_of_a_request() -> None:
    assert [seed(None), seed("7"), seed("req_1")] == [0, 7, seed_of("req_1")]
