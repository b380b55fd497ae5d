"""What is shown on a terminal: short, in colour, every text once, and nothing that a terminal would obey."""

import re
from typing import Any

import pytest

from llmgw.adapters.journal import LogJournal, make_logger
from llmgw.adapters.pretty_log import TEXT_CHARS_MAX, request_line, text
from llmgw.chat.usage import Usage
from llmgw.transcript import AttemptRecord, Transcript

ID = "01a207a83883258ad2d159f4c30e"
TWICE = "\N{MULTIPLICATION SIGN}2"
GREEN, YELLOW, RED = "\x1b[32m", "\x1b[33m", "\x1b[31m"
BUSY = AttemptRecord("flaky", "chain/fallback[0]=flaky", 0.0, "overloaded", 503, "busy", 0.05)
ANSWERED = AttemptRecord("fast", "chain/fallback[1]=fast", 0.0, "ok", 200, None, 0.2)


class Screen:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def transcript(**fields: Any) -> Transcript:
    told = Transcript(request_id=ID, endpoint="chat", model="chain", stream=False, started_s=10.0)
    for name, value in {"outcome": "ok", "status": 200, "total_s": 0.35, **fields}.items():
        setattr(told, name, value)
    return told


def shown(told: Transcript) -> str:
    """What the journal writes on a terminal, its colours too."""
    screen = Screen()
    LogJournal(make_logger(screen, pretty=True, level="info")).record(told)
    return screen.text


def plain(told: Transcript) -> str:
    """Without its colours and the time of day."""
    return re.sub(r"\x1b\[\d+m", "", shown(told)).partition(" ")[2]


def test_a_request_is_one_short_line() -> None:
    told = transcript(attempts=[BUSY, BUSY, ANSWERED], stream=True, first_token_s=0.12, usage=Usage(7, 20, 0, 0))

    assert plain(told) == (
        f"200 chain → fast  (flaky overloaded {TWICE})  350 ms, first token 120 ms  7+20 tokens  {ID}\n"
    )
    assert re.match(r"\d\d:\d\d:\d\d ", shown(told))


def test_a_model_that_answers_under_its_own_name_is_named_once() -> None:
    told = transcript(model="fast", attempts=[ANSWERED], cost_nanousd=42_000, dropped=("seed",), total_s=12.34)

    assert plain(told) == f"200 fast  12.3 s  $0.000042  without seed  {ID}\n"


def test_when_nobody_answers_the_words_of_each_are_there_once() -> None:
    late = AttemptRecord("slow", "p", 0.0, "timeout", None, "no first token within 60 s", 60.0)
    error = (
        "no target answered (no candidate left): flaky: overloaded (busy); slow: timeout (no first token within 60 s)"
    )
    told = transcript(attempts=[BUSY, BUSY, late], outcome="route_exhausted", status=502, error=error)

    assert plain(told) == (
        f"502 route_exhausted chain  (flaky overloaded {TWICE}: busy, slow timeout: no first token within 60 s)"
        f"  350 ms  {ID}\n"
    )


def test_what_failed_before_any_attempt_says_why() -> None:
    told = transcript(model="gtp", outcome="model_not_found", status=404, error="no model 'gtp'.")

    assert plain(told) == f"404 model_not_found gtp  no model 'gtp'.  350 ms  {ID}\n"


def test_a_caller_that_left_leaves_no_failure() -> None:
    told = transcript(attempts=[AttemptRecord("fast", "p", 0.0)], outcome="client_closed", status=499)

    assert plain(told) == f"499 client_closed chain → fast  350 ms  {ID}\n"


@pytest.mark.parametrize(
    ("fields", "colour"),
    [
        ({"attempts": [ANSWERED]}, GREEN),
        ({"attempts": [BUSY, ANSWERED]}, YELLOW),
        ({"outcome": "model_not_found", "status": 404}, YELLOW),
        ({"outcome": "client_closed", "status": 499}, YELLOW),
        ({"outcome": "stream_cut", "status": 200}, RED),
        ({"outcome": "route_exhausted", "status": 502}, RED),
    ],
)
def test_the_outcome_has_a_colour(fields: dict[str, Any], colour: str) -> None:
    assert f" {colour}{fields.get('status', 200)}" in shown(transcript(**fields))


def test_nothing_of_a_caller_or_a_provider_steers_the_terminal() -> None:
    bad = AttemptRecord("a", "p", 0.0, "server_error", 500, "one\ntwo\x1b[2J" + "x" * 1000, 0.1)
    lines = [
        plain(transcript(model="\x1b]0;mine\x07chat\r\n", attempts=[ANSWERED])),
        plain(transcript(attempts=[bad], outcome="route_exhausted", status=502, error="it failed")),
    ]

    assert [line.count("\n") for line in lines] == [1, 1]
    assert not any(char in line for line in lines for char in "\x1b\x07\r")
    assert all(len(line) < 2 * TEXT_CHARS_MAX for line in lines)


def test_other_events_are_printable_too() -> None:
    screen = Screen()
    make_logger(screen, pretty=True, level="info").info("refused", path="/\x1b[2J")

    assert "\x1b[2J" not in screen.text
    assert "refused" in screen.text


def test_bodies_follow_where_the_file_asks_for_them() -> None:
    told = transcript(attempts=[ANSWERED], request_body=b'{"a":\n1}', response_body=bytearray(b"{}"))

    assert plain(told).splitlines()[1:] == ['    request_body: {"a": 1}', "    response_body: {}"]


def test_text_keeps_what_people_write() -> None:
    assert text("Größe: 日本 🎉") == "Größe: 日本 🎉"


def test_the_seed_and_other_details_are_for_json() -> None:
    told = {"event": "request", "request_id": ID, "model": "m", "stream": False, "status": 200, "outcome": "ok"}

    assert "seed" not in request_line({**told, "attempts": [], "total_ms": 1.0, "seed": 7})


def test_what_others_said_is_harmless_in_a_traceback_too() -> None:
    screen = Screen()
    logger = make_logger(screen, pretty=True, level="info")
    try:
        raise ValueError("said \x1b]0;owned\x07")
    except ValueError:
        logger.exception("internal_error")

    assert "Traceback" in screen.text
    assert "\x1b]" not in screen.text
