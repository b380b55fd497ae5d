import pytest

from llmgw.config.problems import KeyPath, Mark, Problem, Severity, path_text, quoted, short

MARK = Mark("config.yaml", 9, 3)


def test_a_problem_reads_as_place_path_message_and_remedy() -> None:
    problem = Problem(MARK, "models.gpt", "'target' is missing", "write target: openai/gpt-4o-mini")

    expected = "config.yaml:9:3: models.gpt: 'target' is missing (write target: openai/gpt-4o-mini)"
    assert expected == str(problem)


def test_a_warning_says_so_and_a_problem_of_the_whole_file_has_no_path() -> None:
    problem = Problem(MARK, "", "something is odd", severity=Severity.WARNING)

    assert str(problem) == "config.yaml:9:3: warning: something is odd"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), ""),
        (("models", "gpt", "timeout"), "models.gpt.timeout"),
        (("routes", "smart", "fallback", 0, "use"), "routes.smart.fallback[0].use"),
        (("models", "gpt-4.1"), 'models."gpt-4.1"'),
        (("models", "gpt-*"), "models.gpt-*"),
        (("tests", 2), "tests[2]"),
    ],
)
def test_a_path_reads_as_people_write_it(path: KeyPath, expected: str) -> None:
    assert path_text(path) == expected


def test_what_is_quoted_from_a_file_stays_on_one_line_and_short() -> None:
    assert quoted("a\nb") == '"a\\nb"'
    assert quoted("x" * 1000) == '"' + "x" * 59 + '…"'
    assert quoted("größe") == '"größe"'
    assert short('say "a"\n') == 'say "a"\\n'
    assert short("x" * 1000) == "x" * 59 + "…"


def test_marks_sort_by_file_line_and_column() -> None:
    marks = [Mark("b", 1, 1), Mark("a", 2, 1), Mark("a", 1, 9), Mark("a", 1, 2)]

    assert sorted(marks) == [Mark("a", 1, 2), Mark("a", 1, 9), Mark("a", 2, 1), Mark("b", 1, 1)]


def test_a_path_beside_a_file_starts_where_the_file_lies() -> None:
    mark = Mark("etc/a.yaml", 1, 1)

    assert [mark.beside(path) for path in ("b", "c/b", "/b")] == ["etc/b", "etc/c/b", "/b"]
    assert Mark("a.yaml", 1, 1).beside("b") == "b"
