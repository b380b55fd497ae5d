import copy
import pickle
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.config.problems import Severity
from llmgw.config.secrets import Filled, Secret, digest, fill, literal_key_shape
from llmgw.config.source import read

FILES = {"/run/secrets/openai": "from-file\n", "conf/near": "near", "conf/empty": "\n"}


def read_file(path: str) -> str:
    if path == "conf/binary":
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")
    if path not in FILES:
        raise FileNotFoundError(2, "No such file or directory")
    return FILES[path]


def filled(text: str, **env: str) -> Filled:
    (source,), _ = read("conf/llmgw.yaml", text)
    return fill(source, env, read_file)


def test_a_secret_shows_stars_and_only_reveal_gives_it_away() -> None:
    secret = Secret("sk-very-secret")

    assert (str(secret), repr(secret), f"{secret}") == ("***", "***", "***")
    assert secret.reveal() == "sk-very-secret"


def test_secrets_compare_hash_and_never_change() -> None:
    secret = Secret("a")

    assert secret == Secret("a")
    assert secret != Secret("b")
    assert secret != "a"
    assert {secret, Secret("a")} == {secret}
    with pytest.raises(AttributeError):
        secret._text = "b"


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy])
def test_a_secret_is_not_written_anywhere(write: Any) -> None:
    with pytest.raises(TypeError):
        write(Secret("a"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${KEY}", "k"),
        ("Bearer ${KEY}", "Bearer k"),
        ("${KEY}${KEY}", "kk"),
        ("${UNSET:-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${UNSET:-}", ""),
        ("${UNSET:-a:-b}", "a:-b"),
        ("${KEY:-other}", "k"),
        ("$${KEY}", "${KEY}"),
        ("$$", "$$"),
        ("$KEY", "$KEY"),
        ("${TRICKY}", "${KEY}"),
        ("${file:/run/secrets/openai}", "from-file"),
        ("${file:near}", "near"),
    ],
)
def test_references_are_replaced(written: str, expected: str) -> None:
    result = filled(f"a: '{written}'\n", KEY="k", EMPTY="", TRICKY="${KEY}")

    assert result.source.value == {"a": expected}
    assert result.missing == ()
    assert result.problems == ()


def test_what_comes_from_a_reference_is_text_and_remembers_it() -> None:
    result = filled('a: {b: ["${N}", 5]}\n', N="4000")

    assert result.source.value == {"a": {"b": ["4000", 5]}}
    assert result.references == {("a", "b", 0): "${N}"}


def test_the_match_of_a_rule_is_left_alone() -> None:
    text = "limits: [{name: '${B}', match: 'x == \"${A}\"'}]\nbudgets: [{match: '\"${A}\" == x'}]\n"
    result = filled(text, B="b")

    assert result.source.value["limits"] == [{"name": "b", "match": 'x == "${A}"'}]
    assert result.source.value["budgets"] == [{"match": '"${A}" == x'}]
    assert filled("cache: {rules: [{match: '${A}'}]}").source.value == {"cache": {"rules": [{"match": "${A}"}]}}


def test_a_condition_is_left_alone() -> None:
    text = "routes: {r: {when: [{if: 'x == \"${A}\"', use: '${B}'}]}}\n"

    entry = filled(text, B="b").source.value["routes"]["r"]["when"][0]

    assert entry == {"if": 'x == "${A}"', "use": "b"}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("${UNSET}", "the variable UNSET is not set"),
        ("${EMPTY}", "the variable EMPTY is not set"),
        ("${file:gone}", "the file conf/gone cannot be read: No such file or directory"),
        ("${file:empty}", "the file conf/empty is empty"),
    ],
)
def test_what_is_unset_is_missing_and_its_path_faulty(written: str, message: str) -> None:
    result = filled(f"a: {written}\n", EMPTY="")

    (missing,) = result.missing
    assert missing.message == message
    assert missing.name == written
    assert missing.path == ("a",)
    assert str(missing.problem(Severity.WARNING)).startswith(f"conf/llmgw.yaml:1:4: a: warning: {message}")
    assert result.source.faulty == {("a",)}
    assert result.problems == ()


def test_all_that_is_unset_is_told_at_once() -> None:
    result = filled("a: ${A}-${B}\nb: ${C}\n")

    assert [missing.name for missing in result.missing] == ["${A}", "${B}", "${C}"]


def test_what_is_unset_twice_in_a_text_is_told_once() -> None:
    assert len(filled("a: ${A}${A}\nb: ${A}\n").missing) == 2


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("${A", "`${A` is not closed", "write ${NAME}"),
        ("${A:-${B}}", "is not closed", "without braces inside"),
        ("${}", "`${}` is not a reference", "${OPENAI_API_KEY}"),
        ("${A B}", "is not a reference", "write ${A}"),
        ("${env:A}", "is not a reference", "write ${A}"),
        ("${env.A}", "is not a reference", "write ${A}"),
        ("${A:?no}", "is not a reference", "${A:-default}"),
        ("${file:}", "names no file", "/run/secrets"),
        ("${file:binary}", "is not UTF-8 text", "one line"),
    ],
)
def test_a_malformed_reference_is_a_problem_with_the_right_spelling(written: str, message: str, hint: str) -> None:
    result = filled(f"a: '{written}'\n", A="a", B="b")

    (problem,) = result.problems
    assert message in problem.message
    assert problem.hint
    assert hint in problem.hint
    assert result.source.faulty == {("a",)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sk-0123456789abcdef0123", "sk-…"),
        ("sk-ant-0123456789abcdef0123", "sk-ant-…"),
        ("Bearer gsk_0123456789abcdef0123", "gsk_…"),
        ("AIza0123456789abcdef0123456789abcdef012", "AIza…"),
        ("AKIA0123456789ABCDEF", "AKIA…"),
        ("https://hooks.slack.com/services/T0123/B0123/abcdefgh", "hooks.slack.com/services/…"),
        ("sk-short", None),
        ("openai/gpt-4o-mini", None),
        ("task-management-of-many-things", None),
    ],
)
def test_keys_of_known_shapes_are_known(text: str, expected: str | None) -> None:
    assert literal_key_shape(text) == expected


@given(st.text(alphabet="${}:-filea/ \n", max_size=60))
def test_any_text_is_filled_missing_or_a_problem(text: str) -> None:
    (source,), _ = read("f", "a: x\n")
    object.__setattr__(source, "value", {"a": text})

    result = fill(source, {"a": "1"}, read_file)

    assert result.source.faulty == ({("a",)} if result.missing or result.problems else set())


@pytest.mark.parametrize(
    ("content", "expected"), [("k", "k"), ("k\n", "k"), ("k\r\n", "k"), ("k\n\n", "k\n"), (" k ", " k ")]
)
def test_of_a_file_only_the_last_line_break_is_left_out(content: str, expected: str) -> None:
    (source,), _ = read("llmgw.yaml", "a: ${file:key}\n")

    assert fill(source, {}, lambda _: content).source.value == {"a": expected}


def test_a_digest_is_the_sha256_of_the_whole_text() -> None:
    assert digest("test") == "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert digest("\udcff") == sha256(b"\xff").hexdigest()
