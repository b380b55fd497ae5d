from llmgw.config.load import load
from llmgw.config.problems import Mark, Problem, Severity
from llmgw.graph.report import Report, did_you_mean
from tests.graph.files import no_file

TEXT = "models:\n  gpt: openai/x\n  bad: 3\ntests:\n  - {name: a}\n  - {name: b, request: {model: x}, expect: [gpt]}\n"


def report() -> Report:
    return Report(load([("a.yaml", TEXT)], {}, no_file))


def told(found: Report) -> list[str]:
    return [str(problem) for problem in found.problems]


def test_problems_come_by_place_each_once() -> None:
    found = report()
    found.error(("tests", 0, "request", "model"), "later", "a hint")
    found.warning(("models", "gpt"), "earlier", at_key=True)
    found.warning(("models", "gpt"), "earlier", at_key=True)

    assert told(found) == [
        "a.yaml:2:3: models.gpt: warning: earlier",
        "a.yaml:6:32: tests[1].request.model: later (a hint)",
    ]


def test_nothing_is_said_about_what_was_set_aside() -> None:
    found = report()
    found.error(("models", "bad", "target"), "more")

    assert told(found) == []


def test_what_only_a_shorthand_implies_is_told_of_the_shorthand() -> None:
    found = report()
    found.error(("models", "gpt", "target"), "here")
    found.error(("server", "port"), "there")

    assert told(found) == ["a.yaml:1:1: there", "a.yaml:2:8: models.gpt: here"]


def test_what_others_found_is_taken_in() -> None:
    found = report()
    problem = Problem(Mark("a.yaml", 1, 1), "", "theirs", severity=Severity.WARNING)
    found.extend([problem, problem])

    assert found.problems == (problem,)


def test_a_close_name_is_suggested_and_a_far_one_is_not() -> None:
    assert did_you_mean("gtp", ["gpt", "claude"]) == 'did you mean "gpt"?'
    assert did_you_mean("llama", ["gpt", "claude"]) is None
    assert [did_you_mean("custom", ["crusoe"], cutoff=cutoff) for cutoff in (0.6, 0.7)] == [
        'did you mean "crusoe"?',
        None,
    ]
