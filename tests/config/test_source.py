from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.config.nodes import NODES_MAX
from llmgw.config.problems import Mark, Problem
from llmgw.config.source import FILE_CHARS_MAX, Source, read


def source(text: str | bytes) -> Source:
    (found,), problems = read("f", text)
    assert problems == []
    return found


def only_problem(text: str | bytes) -> Problem:
    _, (problem,) = read("f", text)
    return problem


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("4000", 4000),
        ("-7", -7),
        ("007", 7),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("yes", "yes"),
        ("no", "no"),
        ("off", "off"),
        ("0x10", "0x10"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 41, 1e41),
        ("2027-01-31", "2027-01-31"),
        ("12:30", "12:30"),
        ("1.2.3", "1.2.3"),
        ("'4000'", "4000"),
        ('"true"', "true"),
        ("|\n  4000\n", "4000\n"),
        ("it\u2019s", "it\u2019s"),
    ],
)
def test_only_true_false_null_and_decimal_numbers_are_typed(written: str, expected: Any) -> None:
    value = source(f"a: {written}\n").value["a"]

    assert value == pytest.approx(expected) if isinstance(expected, float) else value == expected
    assert type(value) is type(expected)


def test_keys_are_text_as_written() -> None:
    found = source("4: a\n3.5: b\nno: c\nnull: d\ntrue: e\n'': f\n")

    assert list(found.value) == ["4", "3.5", "no", "null", "true", ""]


def test_every_key_and_value_has_a_place() -> None:
    found = source("models:\n  gpt:\n    timeout: {total: 5m}\n    drop: [a, b]\n")

    assert found.mark(("models", "gpt", "timeout")) == Mark("f", 3, 14)
    assert found.key_mark(("models", "gpt", "timeout")) == Mark("f", 3, 5)
    assert found.mark(("models", "gpt", "timeout", "total")) == Mark("f", 3, 22)
    assert found.mark(("models", "gpt", "drop", 1)) == Mark("f", 4, 15)
    assert found.key_mark(("models", "gpt", "drop", 1)) == Mark("f", 4, 15)


def test_a_path_that_only_a_shorthand_implies_leads_to_what_is_written() -> None:
    found = source("models:\n  gpt: openai/x\n")

    assert found.mark(("models", "gpt", "target")) == Mark("f", 2, 8)
    assert found.mark(("nothing", "here")) == Mark("f", 1, 1)


def test_typed_values_remember_how_they_were_written() -> None:
    assert source("a: 2024.10\nb: text\n").written == {("a",): "2024.10"}


def test_columns_count_characters() -> None:
    assert source("größe: {ä: 1}\n").mark(("größe", "ä")) == Mark("f", 1, 12)


def test_an_alias_has_the_place_of_what_it_stands_for() -> None:
    found = source("a: &x\n  b: 1\nc: *x\n")

    assert found.value["c"] == {"b": 1}
    assert found.mark(("c", "b")) == Mark("f", 2, 6)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "first in line 1, again in line 3", "keep one"),
        ("a: {use: b, weight:3}\n", (1, 13), "a space is missing after the colon", "write `weight: 3`"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", (3, 3), "`<<` is not read here", "write the keys out"),
        ("a: “b”\n", (1, 4), "curly quotes", "straight quotes"),
        ("\u2018a\u2019: b\n", (1, 1), "curly quotes", "straight quotes"),
        ("a: b\xa0c\n", (1, 4), "non-breaking space", "ordinary space"),
        ("a: !x b\n", (1, 4), "is a YAML tag", "quotes"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a second document", "a file of its own"),
        ("a: \x00\n", (1, 4), "U+0000 cannot stand in YAML", "UTF-8"),
        (b"a: b\nc: d\xff\n", (2, 5), "the byte 0xff is not UTF-8", "UTF-8"),
        ("a: {{ X }}\n", (1, 5), "a key must be text", "${NAME}"),
        ("x" * (FILE_CHARS_MAX + 1), (1, 1), "over", "split"),
    ],
)
def test_what_yaml_would_take_silently_is_a_problem(
    text: str | bytes, place: tuple[int, int], message: str, hint: str
) -> None:
    problem = only_problem(text)

    assert (problem.mark.line, problem.mark.column) == place
    assert message in problem.message
    assert problem.hint
    assert hint in problem.hint


def test_reading_goes_on_after_a_problem_and_keeps_the_first_of_two() -> None:
    (found,), problems = read("f", "a: 1\na: 2\nb: !x 3\nc: {d:e}\nf: ok\n")

    assert found.value == {"a": 1, "b": "", "c": {"d": ""}, "f": "ok"}
    assert len(problems) == 3
    assert found.faulty == {("b",), ("c", "d")}


def test_a_colon_in_a_block_key_is_part_of_the_name() -> None:
    assert source("llama3.3:70b:\n  a: 1\n").value == {"llama3.3:70b": {"a": 1}}


def test_aliases_within_aliases_are_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (found,), (problem,) = read("f", "\n".join(lines))

    assert f"over {NODES_MAX} values" in problem.message
    assert len(found.marks) <= NODES_MAX


def test_a_long_chain_of_aliases_is_bounded_in_depth() -> None:
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000)]
    _, (problem,) = read("f", "\n".join(lines))

    assert "64 levels" in problem.message


@pytest.mark.parametrize("data", ["a: ü\n".encode("utf-16"), "\ufeffa: ü\n".encode(), "a: ü\n".encode()])
def test_marks_of_encodings_are_understood(data: bytes) -> None:
    assert source(data).value == {"a": "ü"}


def test_nothing_is_an_empty_source() -> None:
    assert source("").value == {}
    assert source("# only words\n").mark(("models",)) == Mark("f", 1, 1)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_a_problem(text: str | bytes) -> None:
    found, problems = read("f", text)

    assert found or problems
