import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgw.graph.condition import Condition, ConditionError, compile_condition
from llmgw.graph.vocabulary import FUNCTIONS, NAMES
from llmgw.routing.facts import Facts


class Known:
    """Facts that count who asks for them."""

    def __init__(self, **values: Any) -> None:
        self._values = {name.replace("__", "."): value for name, value in values.items()}
        self.asked: list[str] = []

    def value(self, name: str) -> Any:
        self.asked.append(name)
        return self._values.get(name, "" if "." in name else {})


def holds(source: str, **values: Any) -> bool:
    return compile_condition(source).holds(Known(**values))


def test_a_condition_holds_or_not() -> None:
    assert holds('metadata.tier == "free"', metadata__tier="free")
    assert not holds('metadata.tier == "free"', metadata__tier="paid")


def test_what_is_absent_reads_as_empty() -> None:
    assert holds('metadata.tier == ""')
    assert not holds('metadata.tier == "free"')


def test_only_what_is_named_is_prepared_and_once() -> None:
    known = Known(metadata__tier="free", model="gpt")
    source = 'metadata.tier == "free" && model == "gpt" && metadata.tier != "x" && "request.messages" != model'

    assert compile_condition(source).holds(known)
    assert known.asked == ["metadata.tier", "model"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('request.messages.exists(m, m.role == "system")', True),
        ("request.messages.all(m, has(m.content))", True),
        ("request.messages.exists(m, has(m.name))", False),
        ('request.messages[0].content.contains("ell")', True),
        ('request.messages.filter(m, m.role == "user").size() > 0', False),
        ('"x-a" in headers', True),
        ('headers["x-a"] == "1"', True),
        ('model in ["gpt", "claude"]', True),
        ('model.matches("^g.t$") && !model.endsWith("x")', True),
        ("int(metadata.age) >= 18", True),
        ("request.tools ? model == 'a' : model == 'gpt'", True),
        ("time.hour >= 22 || time.hour < 6", True),
    ],
)
def test_the_language_can_say_it(source: str, expected: bool) -> None:
    values: dict[str, Any] = {
        "model": "gpt",
        "headers": {"x-a": "1"},
        "headers__x-a": "1",
        "metadata__age": "20",
        "time__hour": 23,
        "request__tools": False,
        "request__messages": [{"role": "system", "content": "hello"}],
    }

    assert holds(source, **values) is expected


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("int(metadata.age) >= 18", {"metadata__age": "old"}),
        ('request.messages[7].role == "x"', {"request__messages": []}),
        ('request.messages[0].role == "x"', {"request__messages": [{}]}),
        ("request.messages.exists(m, m.n > 1)", {"request__messages": [{"n": "a"}]}),
        ("10 / request.input_tokens > 1", {"request__input_tokens": 0}),
        ("request.input_tokens * 9223372036854775807 > 1", {"request__input_tokens": 2}),
        ("model.matches(metadata.pattern)", {"model": "x", "metadata__pattern": "("}),
        ('metadata.x == "a"', {"metadata__x": "\ud800"}),
        ('metadata[model] == "a"', {"model": "absent", "metadata": {}}),
    ],
)
def test_an_expression_that_fails_on_these_values_does_not_hold(source: str, values: dict[str, Any]) -> None:
    assert holds(source, **values) is False


def test_equal_sources_are_equal_conditions() -> None:
    assert compile_condition("request.tools") == compile_condition("request.tools")
    assert "Program" not in repr(compile_condition("request.tools"))


def test_every_fault_of_the_names_is_told_at_once() -> None:
    with pytest.raises(ConditionError, match=r'unknown name "modl".*; unknown function "sizes"'):
        compile_condition('modl == "x" && sizes(model) > 1')


def test_a_chain_of_a_thousand_parts_is_fine() -> None:
    assert holds(" || ".join(["request.tools"] * 500), request__tools=True)


def test_nesting_beyond_reason_is_an_error_and_no_crash() -> None:
    with pytest.raises(ConditionError):
        compile_condition("(" * 4000 + "request.tools" + ")" * 4000)


def compiled_or_not(source: str) -> Condition | None:
    try:
        return compile_condition(source)
    except ConditionError:
        return None


pieces = st.sampled_from(
    [
        *NAMES,
        *FUNCTIONS,
        *"()[]{}.,?:!<>=+-*/%",
        "&&",
        "||",
        "==",
        " in ",
        '"a"',
        "1",
        "2.5",
        "m",
        "metadata.x",
        "headers",
    ]
)


@given(
    st.one_of(
        st.text(max_size=40), st.lists(pieces, max_size=12).map("".join), st.lists(pieces, max_size=12).map(" ".join)
    )
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_condition_or_a_condition_error_and_running_it_never_fails(source: str) -> None:
    condition = compiled_or_not(source)

    assert condition is None or condition.holds(Known()) in (True, False)


def test_a_file_without_conditions_does_not_import_the_library() -> None:
    script = "import sys, llmgw.graph.compile, llmgw.routing.walk; print('cel' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('key == "k"', True),
        ('key == "k" && key.team == "t" && key.user != "t"', True),
        ('key.team == "t" || key == "other"', True),
        ('key["team"] + key == "tk"', True),
        ('key.startsWith("x")', False),
        ('metadata.key == "m" && headers.key == "h"', True),
        ('request.messages.exists(key, key.role == "user")', True),
        ('key in ["a", "k"] /* not a comment: key */ || false', None),
    ],
)
def test_a_key_is_text_and_has_members_too(source: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(ConditionError):
            compile_condition(source)
        return
    known: dict[str, Any] = {"key": "k", "key.team": "t", "key.user": "u", "request.messages": [{"role": "user"}]}
    found = Facts(known, metadata={"key": "m"}, headers={"key": "h"})

    assert compile_condition(source).holds(found) is expected
