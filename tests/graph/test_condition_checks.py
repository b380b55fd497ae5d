import pytest

from llmgw.graph.condition import ConditionError, compile_condition
from llmgw.graph.condition_checks import syntax_fault
from llmgw.graph.vocabulary import FUNCTIONS_SHOWN, functions

GRAMMAR = "(text stands in straight quotes, lists in [ ], and conditions are joined by && and ||)"


def fault(source: str) -> str:
    with pytest.raises(ConditionError) as caught:
        compile_condition(source)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('metadata.tier = "free"', "cannot be read at `=` (write ==)"),
        ('metadata.tier === "free"', "cannot be read at `===` (write ==)"),
        ('metadata.tier <> "free"', "cannot be read at `<>` (write !=)"),
        ('metadata.a == "1" and model == "x"', "cannot be read at `and` (write &&)"),
        ("not request.tools", "cannot be read at `not` (write !(…))"),
        ('metadata.a == "and" ||', "ends where more should follow"),
        ("(request.tools", "a `)` is missing"),
        ('metadata["a" == "b"', "a `]` is missing"),
        ("model == 'x", "the quote before `x` is never closed"),
        ('request.tools &&\nmodel == "x', "the quote before `x` is never closed"),
        ("", "is empty"),
        ("  ", "is empty"),
        ("model == “x”", f"cannot be read at `“` {GRAMMAR}"),
        ("model in ('x', 'y')", f"cannot be read at `,` {GRAMMAR}"),
        ("model like 'x'", f"cannot be read at `like` {GRAMMAR}"),
        ("request.tools\n|| model is 'x'", f"cannot be read at `is` {GRAMMAR}"),
        ('"\\ud800" == model', "cannot be read at "),
    ],
)
def test_what_is_not_cel_is_told_with_its_place_and_the_likely_meaning(source: str, told: str) -> None:
    assert told in fault(source)
    assert "\n" not in fault(source)


def test_words_of_the_library_are_not_shown() -> None:
    assert syntax_fault("request", "boom") == f"cannot be read at `request` {GRAMMAR}"


@pytest.mark.parametrize(
    "expression",
    [
        'model.startsWith("a")',
        'model.endsWith("a")',
        'model.contains("a")',
        'model.matches("a")',
        "model.size() > 1",
        "[model].exists(m, m == 'a')",
        "[model].all(m, m == 'a')",
        'int("1") == request.input_tokens',
        'double("1") == request.input_tokens',
        "string(1) == model",
    ],
)
def test_the_functions_that_are_shown_are_there(expression: str) -> None:
    assert compile_condition(expression).source == expression
    assert functions(expression) <= {*FUNCTIONS_SHOWN}


def test_an_unknown_function_is_answered_with_those_that_there_are() -> None:
    assert fault('metadata.tier.lower() == "a"') == (
        'unknown function "lower"; functions: startsWith, endsWith, contains, matches, size, exists, all, int, '
        "double, string"
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("reqest.tools", 'unknown name "reqest.tools", did you mean "request.tools"?'),
        ("request.tool", 'unknown name "request.tool", did you mean "request.tools"?'),
        ("metadata.tier == free", 'unknown name "free"; names: model, ip'),
        ("request.tools == True", 'unknown name "True", write true'),
        ('key.name == "a"', 'unknown name "key.name", did you mean "key.'),
        ("key == 1", "compares text with a number"),
        ("budget.used", "gives a number, not true or false"),
        ("budget == 1", '"budget" alone says nothing; use one of budget.used'),
        ("budget.used * 100 > 80.0", "compares or combines different types"),
        ('provider == "openai"', '"provider" is known only after a route has been chosen; use `model`'),
        ("request == 1", '"request" alone says nothing; use one of request.endpoint, request.user'),
        ('headers.x-tier == "a"', 'in `headers.x-tier` the dash means minus; write headers["x-tier"]'),
        ('"a" in metadata && metadata.a == "b"', "`metadata` as a whole and `metadata.a` do not go together"),
        ("has(metadata.tier)", "`has` says nothing of `metadata`"),
        ("has(request.tools)", "`has` says nothing of `request`"),
        ("starts_with(model)", 'unknown function "starts_with", did you mean "startsWith"?'),
        ("model.zzz()", 'unknown function "zzz"'),
    ],
)
def test_names_and_functions_that_do_not_exist(source: str, told: str) -> None:
    assert told in fault(source)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("metadata.n == 1", "`metadata.n == 1` compares text with a number: metadata and headers are text"),
        ("metadata.n != 1.5", "compares text with a number"),
        ("metadata.n in [1, 2]", "compares text with a number"),
        ('request.input_tokens == "5"', "compares a number with text"),
        ('request.tools == "yes"', "compares true or false with text"),
        ("metadata.n == null", "compares text with null"),
        ("metadata == []", "compares a map with a list"),
        ('duration("1h") == 1', "compares a timedelta with a number"),
        ("metadata.n > 5", "`metadata.n > 5` compares or combines different types"),
        ('request.input_tokens > "5"', "compares or combines different types"),
        ('model in "gpt, claude"', "compares or combines different types"),
        ("!metadata.tier", "compares or combines different types"),
        ("metadata.tier", "`metadata.tier` gives text, not true or false"),
        ("request.tools && metadata.tier", "`metadata.tier` gives text, not true or false"),
        ("request.tools || model.size()", "`model.size()` gives a number, not true or false"),
        ("request.messages", "gives a list, not true or false"),
        ('model.matches("(")', "has a pattern that is no regular expression"),
        (
            "size(request.input_tokens) > 1",
            'cannot be run: "size" is unknown, or not for these types',
        ),
        ('m == "x" && request.messages.exists(m, true)', 'cannot be run: "m" is unknown'),
        ("true", "names nothing of the request, so it is the same for all of them"),
        ('"a" == "b" || !(1 > 2)', "names nothing of the request"),
    ],
)
def test_type_faults_are_found_before_any_request_comes(source: str, told: str) -> None:
    assert told in fault(source)


@pytest.mark.parametrize(
    "source",
    [
        'metadata.a == "1" && request.input_tokens > 100000',
        "request.input_tokens > 2.5",
        "request.input_tokens in [1, 2.5]",
        "metadata.a in []",
        'metadata.a in ["1", 1]',
        '"a" in headers',
        "int(metadata.n) > 5",
        'timestamp(metadata.t) > timestamp("2020-01-01T00:00:00Z")',
        'request.messages[0].content == "x"',
        '(model == "a") == (model == "b") && 1 == 1 == true',
        "request.tools ? (model == 'a') : model == 'b'",
        '"A" == model || model == "B" // one of two',
    ],
)
def test_what_may_hold_passes(source: str) -> None:
    assert compile_condition(source).source == source
