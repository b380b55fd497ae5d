from llmgw.config.merge import merge
from llmgw.config.problems import Mark
from llmgw.config.source import Source, read


def sources(*texts: str) -> list[Source]:
    found = [read(f"{name}.yaml", text) for name, text in zip("abc", texts, strict=False)]
    assert all(problems == [] for _, problems in found)
    return [source for read_sources, _ in found for source in read_sources]


def test_one_source_is_itself_and_none_is_an_empty_one() -> None:
    (only,) = sources("a: 1\n")

    assert merge([only]) == (only, [])
    assert merge([])[0].value == {}


def test_maps_merge_and_every_value_keeps_its_place() -> None:
    merged, problems = merge(sources("models: {a: x/1}\n", "models: {b: x/2}\nroutes: {c: {fallback: [a]}}\n"))

    assert problems == []
    assert merged.value == {"models": {"a": "x/1", "b": "x/2"}, "routes": {"c": {"fallback": ["a"]}}}
    assert merged.mark(("models", "b")) == Mark("b.yaml", 1, 13)
    assert merged.key_mark(("models", "b")) == Mark("b.yaml", 1, 10)
    assert merged.mark(("routes", "c", "fallback", 0)) == Mark("b.yaml", 2, 25)


def test_lists_follow_each_other_and_keep_their_places() -> None:
    merged, problems = merge(sources("tests: [{name: 1}]\n", "tests: [{name: 2}]\n"))

    assert problems == []
    assert merged.value == {"tests": [{"name": 1}, {"name": 2}]}
    assert merged.mark(("tests", 1, "name")) == Mark("b.yaml", 1, 16)
    assert merged.written == {("tests", 0, "name"): "1", ("tests", 1, "name"): "2"}


def test_a_name_twice_is_a_problem_at_both_places_and_the_first_is_kept() -> None:
    merged, problems = merge(sources("models:\n  a: x/1\n", "models:\n  a: {target: x/2}\n"))

    assert merged.value == {"models": {"a": "x/1"}}
    assert [str(problem.mark) for problem in problems] == ["a.yaml:2:3", "b.yaml:2:3"]
    assert "b.yaml:2:3" in problems[0].message
    assert "a.yaml:2:3" in problems[1].message
    assert merged.mark(("models", "a", "target")) == Mark("a.yaml", 2, 6)


def test_a_section_of_two_kinds_is_given_twice() -> None:
    merged, problems = merge(sources("tests: []\n", "tests: {a: 1}\n"))

    assert merged.value == {"tests": []}
    assert len(problems) == 2


def test_a_source_that_is_no_map_adds_nothing_here() -> None:
    merged, problems = merge(sources("models: {a: x/1}\n", "- a\n"))

    assert merged.value == {"models": {"a": "x/1"}}
    assert problems == []


def test_what_is_faulty_stays_so() -> None:
    (first,), _ = read("a.yaml", "models: {a: x/1}\n")
    (second,), _ = read("b.yaml", "models: {b: !x y}\n")

    merged, _ = merge([first, second])

    assert merged.faulty == {("models", "b")}
