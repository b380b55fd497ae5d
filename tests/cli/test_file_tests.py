"""The file's own tests as the commands show them."""

from llmgw.adapters.config_files import Text, build
from llmgw.cli.file_tests import failures, result_json, result_lines, run_file_tests, whole_graph
from llmgw.cli.render import plain

CONFIG = """\
models: {gpt: openai/gpt-4o, sim: simulator/x}
providers: {openai: {optional: true}}
routes: {chat: {fallback: [gpt, sim]}}
tests:
  - {name: right, request: {model: chat}, expect: [gpt]}
  - {name: wrong, request: {model: chat}, expect: [sim]}
"""
BUILT = build([Text("t", CONFIG)], {}, need_secrets=False)


def test_each_test_is_a_line() -> None:
    results = run_file_tests(BUILT, {})

    assert [plain(line) for line in result_lines(results)] == ["passed  right", "failed  wrong"]


def test_the_whole_graph_has_what_lacks_its_key() -> None:
    assert BUILT.graph.absent == {"gpt": "OPENAI_API_KEY is not set"}
    assert whole_graph(BUILT, {}).absent == {}


def test_a_failure_is_a_problem_with_its_place() -> None:
    results = run_file_tests(BUILT, {})

    assert [str(problem) for problem in failures(results, BUILT)] == [
        "t:6:51: tests[1].expect: 'wrong' expects [sim], but gpt answers"
    ]


def test_a_result_for_programs() -> None:
    assert result_json(run_file_tests(BUILT, {})[1]) == {
        "name": "wrong",
        "passed": False,
        "targets": ["gpt"],
        "code": None,
        "fault": "'wrong' expects [sim], but gpt answers",
    }
