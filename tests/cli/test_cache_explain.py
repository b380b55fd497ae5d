"""`llmgw cache explain`: whether two requests are the same to the cache, and which fields say no."""

import json
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from llmgw.providers import embedding_libraries
from tests.cli.machine import Ended, called, environment

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


SAME = "the same: one is answered with the answer to the other"


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
        f"{SAME}, where a rule is about them (name the file, and it is asked too)",
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
        "not the same: neither is asked of the cache",
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


# Questions in other words.

SEMANTIC = """
models: {m: simulator/m, n: simulator/n}
routes: {chat: {when: [{if: request.stream, use: n}, {use: m}]}}
cache:
  rules: [{name: help, mode: semantic, ttl: 1h, threshold: 0.87, embed: local/any/model MORE}]
"""


@pytest.fixture
def semantic(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a local embedder needs is installed, as far as anybody looks."""
    monkeypatch.setattr(embedding_libraries, "find_spec", lambda name: ModuleSpec(name, None))
    Path("c.yaml").write_text(SEMANTIC.replace("MORE", ""))


def asking(question: str, **beside: Any) -> dict[str, Any]:
    return {"model": "chat", "messages": [{"role": "user", "content": question}], **beside}


@pytest.mark.usefixtures("semantic")
def test_of_a_semantic_rule_it_says_from_which_similarity_on_questions_are_alike() -> None:
    told = explained(asking("Weather in Paris on 3 May?"), asking("Weather on 3 May in Paris?"), config=True)

    assert (told.returncode, told.stderr) == (1, "")
    assert told.stdout.splitlines()[4:] == [
        "alike questions may be answered with one another: from a similarity of 0.87 on",
        "slots: these two agree",
        "how similar they are is not told, for no vector is made here",
    ]


@pytest.mark.usefixtures("semantic")
def test_it_says_what_the_slots_say_no_for() -> None:
    one, other = asking("Weather in Paris on 3 May?"), asking("Weather in Paris on 4 May?")
    told = explained(one, other, config=True)
    alike = json.loads(explained(one, other, "--json", config=True).stdout)["alike"]
    Path("c.yaml").write_text(SEMANTIC.replace("MORE", ", slots: false"))
    unlooked = explained(one, other, config=True)

    assert told.stdout.splitlines()[5] == "slots: not these two, however similar, for they differ in 3.5 / 4.5"
    assert alike == {
        "possible": False,
        "threshold": 0.87,
        "slots": True,
        "difference": "3.5 / 4.5",
        "barrier": None,
        "context": [],
    }
    assert unlooked.stdout.splitlines()[5] == "slots: not looked at, for the rule says slots: false"


@pytest.mark.usefixtures("semantic")
def test_it_says_what_of_the_context_no_likeness_helps_against() -> None:
    told = explained(asking("Hi?", temperature=0), asking("Hello?", seed=1), config=True)
    alike = json.loads(explained(asking("Hi?", seed=1), asking("Hi?"), "--json", config=True).stdout)["alike"]

    assert told.stdout.splitlines()[1:4] == ["  messages[0].content", "  seed", "  temperature"]
    assert told.stdout.splitlines()[6:] == [
        "nothing makes them alike: their contexts differ",
        "  seed",
        "  temperature",
    ]
    assert (alike["possible"], alike["barrier"], alike["context"]) == (False, "their contexts differ", ["seed"])


@pytest.mark.usefixtures("semantic")
@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (asking("Hello?", stream=True), "what is beside the bodies keeps them apart"),
        (
            {**asking("Hi?"), "messages": [{"role": "assistant", "content": "Hi?"}]},
            "not both end with a question of the user that is text alone, and not too long",
        ),
    ],
)
def test_other_reasons_against_all_likeness_are_told_too(other: dict[str, Any], expected: str) -> None:
    assert explained(asking("Hi?"), other, config=True).stdout.splitlines()[-1] == (
        f"nothing makes them alike: {expected}"
    )


@pytest.mark.usefixtures("semantic")
def test_what_is_the_same_or_not_looked_for_needs_no_likeness() -> None:
    same = explained(asking("Hi?"), asking("Hi?"), config=True).stdout
    bypassed = explained(asking("Hi?", n=2), asking("Hello?"), config=True).stdout
    exact = json.loads(explained(asking("Hi?"), asking("Hi?"), "--json", config=True).stdout)

    assert ("alike" in same, "alike" in bypassed, exact["alike"]) == (False, False, None)


def test_no_embedder_is_loaded_for_it() -> None:
    for name, text in (("a", "Hi?"), ("b", "Hello?")):
        Path(f"{name}.json").write_text(json.dumps(asking(text)))
    Path("c.yaml").write_text(SEMANTIC.replace("MORE", ""))
    script = (
        "import sys\nfrom importlib.machinery import ModuleSpec\nfrom llmgw.providers import embedding_libraries\n"
        "embedding_libraries.find_spec = lambda name: ModuleSpec(name, None)\n"
        "from llmgw.cli.main import make_app\n"
        "try:\n    make_app(on_terminal=False)(['cache', 'explain', 'c.yaml', 'a.json', 'b.json'], prog_name='llmgw')\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment({}), capture_output=True, text=True, timeout=60, check=False
    )
    loaded = set(result.stderr.split())

    assert "slots: " in result.stdout
    assert {"torch", "sentence_transformers", "numpy", "llmgw.adapters.local_embedder"} & loaded == set()


# What is no request.


@pytest.mark.parametrize(
    ("one", "other", "config", "expected"),
    [
        (BODY, "{", False, "B (b.json): the body is not JSON"),
        ("[]", BODY, False, "A (a.json): "),
        (
            '{"model":"m","messages":[{"role":"user","content":"a","content":"b"}]}',
            BODY,
            False,
            "A (a.json): a name is",
        ),
        (BODY, '{"model":"m","contents":[]}', False, "B (b.json): a body with `contents`"),
        (BODY, {**BODY, "model": "nobody"}, True, "B (b.json): "),
    ],
)
def test_whose_fault_it_is_is_told(one: Any, other: Any, expected: str, *, config: bool) -> None:
    told = explained(one, other, config=config)

    assert told.returncode in (1, 2)
    assert expected in " ".join(told.stderr.split())


def test_a_file_that_is_not_there_is_told_by_its_name() -> None:
    Path("a.json").write_text(json.dumps(BODY))
    told = called("cache", "explain", "a.json", "none.json")

    assert told.returncode == 2
    assert "Invalid value for FILES: B (none.json): 'none.json' cannot be read" in " ".join(told.stderr.split())
