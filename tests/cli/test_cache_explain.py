"""`llmgw cache explain`: whether two requests are the same to the cache, and which fields say no."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.machine import Ended, called

BODY = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "temperature": 1}
CONFIG = """
models: {m: simulator/m, n: simulator/n}
routes:
  chat: {when: [{if: request.stream, use: n}, {use: m}]}
  other: {fallback: [m]}
cache: {rules: [{name: faq, ttl: 1h, models: [chat]}]}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(CONFIG)


def explained(one: Any, other: Any, *args: str, config: bool = False) -> Ended:
    for name, body in (("a.json", one), ("b.json", other)):
        Path(name).write_text(body if isinstance(body, str) else json.dumps(body))
    return called("cache", "explain", *(["c.yaml"] if config else []), "a.json", "b.json", *args)


def test_the_order_of_fields_the_spelling_of_numbers_and_what_is_ignored_say_nothing() -> None:
    other = '{"stream": true, "temperature": 1.0e0, "user": "me", "messages": [{"content":"hi","role":"user"}],'
    other += '"model":"chat"}'
    told = explained(BODY, other)

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        "the same: one is answered with the answer to the other",
        "they differ too in what is of no account: stream, user",
    ]


def test_fields_that_say_no_are_named() -> None:
    other = {**BODY, "messages": [{"role": "user", "content": "ho"}], "x_vendor": {"deep": [1]}}
    told = explained(BODY, other)

    assert (told.returncode, told.stderr) == (1, "")
    assert told.stdout.splitlines() == ["not the same: 2 fields say no", "  messages[0].content", "  x_vendor"]
    assert explained(BODY, {**BODY, "seed": 1}).stdout.splitlines()[0] == "not the same: one field says no"


def test_programs_get_the_paths() -> None:
    told = json.loads(explained(BODY, {**BODY, "seed": 1, "store": True}, "--json").stdout)

    assert told == {"same": False, "differ": ["seed"], "ignored": ["store"]}


def test_with_a_file_its_rules_are_asked() -> None:
    told = explained(BODY, BODY, config=True)
    ruleless = explained({**BODY, "model": "other"}, {**BODY, "model": "other"}, config=True)
    bypassed = explained({**BODY, "n": 2}, {**BODY, "n": 2}, config=True)

    assert told.returncode == 0
    assert [line.partition(",")[0] for line in told.stdout.splitlines()[1:]] == ["A: rule faq", "B: rule faq"]
    assert (ruleless.returncode, bypassed.returncode) == (1, 1)
    assert ruleless.stdout.splitlines() == [
        "not the same: neither has a key",
        "A: no rule is about it",
        "B: no rule is about it",
    ]
    assert "A: rule faq, not looked for: it asks for 2 answers" in bypassed.stdout


def test_with_a_file_other_targets_keep_them_apart() -> None:
    told = explained(BODY, {**BODY, "stream": True}, config=True)

    assert told.returncode == 1
    assert told.stdout.splitlines()[0] == "not the same: what is beside the bodies keeps them apart"


def test_other_dialects_are_read_too() -> None:
    one = {"model": "m", "max_tokens": 5, "system": "s", "messages": [{"role": "user", "content": "hi"}]}
    gemini = {"contents": [{"parts": [{"text": "hi"}]}]}

    assert (
        explained(one, {**one, "system": "t"}, "--dialect", "anthropic_messages").stdout.splitlines()[1] == "  system"
    )
    assert explained(gemini, gemini, "--dialect", "gemini_generate").returncode == 0


@pytest.mark.parametrize(
    ("body", "code", "expected"),
    [
        ("{", 1, "the body is not JSON"),
        ('{"model":"m","messages":[{"role":"user","content":"a","content":"b"}]}', 1, "a name is given twice"),
        ('{"model":"m","contents":[]}', 2, "say --dialect gemini_generate"),
    ],
)
def test_a_body_that_cannot_be_read_is_told(body: str, code: int, expected: str) -> None:
    told = explained(body, BODY)

    assert (told.returncode, told.stdout) == (code, "")
    assert expected in " ".join(told.stderr.split())


def test_a_name_that_the_file_does_not_have_is_told() -> None:
    told = explained({**BODY, "model": "nobody"}, BODY, config=True)

    assert told.returncode == 1
    assert "nobody" in told.stderr


def test_the_help_names_what_programs_read() -> None:
    helped = " ".join(called("cache", "explain", "--help").stdout.split())
    told = json.loads(explained(BODY, BODY, "--json", config=True).stdout)

    assert [field for field in (*told, *told["decisions"][0]) if field not in helped] == []
