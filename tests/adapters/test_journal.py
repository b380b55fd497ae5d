"""The canonical line: the glossary's words, no more than applies, at the level it deserves."""

import json

import pytest

from llmgw.adapters.journal import LogJournal, line, make_logger
from llmgw.chat.usage import Usage
from llmgw.config.secrets import Secret
from llmgw.routing.dice import seed_of
from llmgw.transcript import AttemptRecord, Transcript
from tests.served import LogLines

ID = "01a207a83883258ad2d159f4c30e"


def transcript() -> Transcript:
    return Transcript(request_id=ID, endpoint="chat", model="chat", stream=True, started_s=10.0)


def full() -> Transcript:
    told = transcript()
    told.client_request_id, told.dialect = "theirs", "openai_chat"
    told.key, told.team, told.user = "search-prod", "search", "svc"
    told.attempts = [
        AttemptRecord("a", "chat/fallback[0]=a", 0.0, "overloaded", 503, "busy", 0.25),
        AttemptRecord("b", "chat/fallback[1]=b", 0.1, "ok", 200, None, 1.5, "bedrock_converse", "b#2"),
    ]
    told.outcome, told.status = "ok", 200
    told.usage = Usage(9, 3, 4, 1, 2)
    told.cost_nanousd = 42
    told.first_token_s, told.total_s, told.waited_s = 0.9, 2.0, 0.89
    told.dropped = ("seed",)
    told.request_body, told.response_body = b"{}", bytearray(b"\xff" + b"x" * 20_000)
    return told


def test_everything_that_happened_is_in_it() -> None:
    told = line(full())

    assert told.pop("response_body") == "\N{REPLACEMENT CHARACTER}" + "x" * (16 * 1024 - 1)
    assert told == {
        "request_id": ID,
        "client_request_id": "theirs",
        "endpoint": "chat",
        "dialect": "openai_chat",
        "key": "search-prod",
        "team": "search",
        "user": "svc",
        "model": "chat",
        "route": "chat/fallback[1]=b",
        "target": "b",
        "stream": True,
        "status": 200,
        "outcome": "ok",
        "attempts": [
            {"target": "a", "class": "overloaded", "status": 503, "ms": 250.0, "message": "busy"},
            {
                "target": "b",
                "dialect": "bedrock_converse",
                "credential": "b#2",
                "class": "ok",
                "status": 200,
                "ms": 1500.0,
                "delay_ms": 100.0,
            },
        ],
        "first_token_ms": 900.0,
        "total_ms": 2000.0,
        "overhead_ms": 10.0,
        "dropped": ["seed"],
        "cost_nanousd": 42,
        "seed": seed_of(ID),
        "request_body": "{}",
        "usage": {
            "input_tokens": 9,
            "cached_input_tokens": 4,
            "cache_write_input_tokens": 2,
            "output_tokens": 3,
            "reasoning_tokens": 1,
        },
    }


def test_what_does_not_apply_is_left_out() -> None:
    assert line(transcript()) == {
        "request_id": ID,
        "endpoint": "chat",
        "model": "chat",
        "stream": True,
        "status": 500,
        "outcome": "internal_error",
        "attempts": [],
        "total_ms": 0.0,
        "overhead_ms": 0.0,
        "seed": seed_of(ID),
    }


@pytest.mark.parametrize(
    ("outcome", "status", "level"),
    [
        ("ok", 200, "info"),
        ("client_closed", 499, "info"),
        ("invalid_request", 400, "info"),
        ("rate_limited", 429, "info"),
        ("stream_cut", 200, "warning"),
        ("route_exhausted", 502, "warning"),
        ("internal_error", 500, "warning"),
    ],
)
def test_its_level_says_whether_somebody_should_look(outcome: str, status: int, level: str) -> None:
    lines = LogLines()
    told = transcript()
    told.outcome, told.status = outcome, status
    LogJournal(make_logger(lines, pretty=False, level="debug")).record(told)

    assert [("request", level, outcome)] == [(one["event"], one["level"], one["outcome"]) for one in lines.lines]


def test_a_higher_level_leaves_lines_out() -> None:
    lines = LogLines()
    logger = make_logger(lines, pretty=False, level="warning")
    logger.info("quiet")
    logger.warning("loud")

    assert [one["event"] for one in lines.lines] == ["loud"]


class Text:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_on_a_terminal_it_is_for_people() -> None:
    screen = Text()
    make_logger(screen, pretty=True, level="info").info("ready", urls=["http://127.0.0.1:4000"])

    assert "ready" in screen.text
    assert "\x1b[" in screen.text


def test_an_exception_brings_its_traceback() -> None:
    lines = LogLines()
    logger = make_logger(lines, pretty=False, level="info")
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError:
        logger.exception("internal_error")

    assert "ZeroDivisionError: by nothing" in lines.lines[0]["exception"]


@pytest.mark.parametrize("value", ["half a \udcff character", ["\udcff"], {"\udcff": 1}, object()])
def test_odd_values_do_not_stop_a_line(value: object) -> None:
    text = Text()
    make_logger(text, pretty=False, level="info").info("odd", value=value, more="\udcff")

    assert json.loads(text.text)["event"] == "odd"


def test_a_key_without_team_and_user_is_told_alone() -> None:
    told = transcript()
    told.key, told.team, told.user = "k", "", ""

    assert {name for name in line(told) if name in ("key", "team", "user")} == {"key"}


def test_what_the_caller_has_shown_is_in_no_text() -> None:
    secret = "the-secret-of-the-caller"
    told = full()
    told.secrets = (Secret(secret), Secret("short"))
    told.model, told.error, told.client_request_id = f"x/{secret}", f"no {secret}, which is short", secret
    told.attempts[0].message = f"bad key {secret}"
    told.dropped = (secret,)
    told.request_body = b"x" * (16 * 1024 - 5) + secret.encode()
    told.response_body = bytearray(rb'{"said": "\u0074' + secret[1:].encode() + b'"}')
    found = line(told)

    assert secret not in json.dumps(found)
    assert secret[1:] not in found["response_body"]
    assert found["request_body"].endswith("x***")
    assert (found["error"], found["dropped"]) == ("no ***, which is short", ["***"])


def test_rare_classes_of_tokens_are_told_where_there_are_some() -> None:
    transcript = Transcript("r", "chat", "m", stream=False, started_s=0.0)
    transcript.usage = Usage(9, 3, audio_input_tokens=4, service_tier="flex")
    told = line(transcript)["usage"]

    assert (told["audio_input_tokens"], told["service_tier"]) == (4, "flex")
    assert "image_input_tokens" not in told
