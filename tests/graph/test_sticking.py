import pytest

from tests.graph.files import MODELS, problems


def told(rest: str) -> list[str]:
    return [problem.partition(": ")[2] for problem in problems(f"{MODELS}routes: {{r: {{{rest}}}}}")]


@pytest.mark.parametrize(
    "name", ["conversation", "key", "key.user", "request.user", "model", "ip", "metadata.session", "headers.x-session"]
)
def test_a_pool_may_stick_to_these(name: str) -> None:
    assert told(f"pool: [gpt, claude], sticky: {name}") == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("session", "conversation"),
        ("user", "write key.user, or request.user for what the caller says"),
        ("conversaton", 'did you mean "conversation"?'),
        ("request.stream", 'did you mean "request.user"?'),
        ("metadata", "names: conversation, "),
        ("target", "names: conversation, "),
    ],
)
def test_another_name_is_an_error_with_what_to_write(name: str, hint: str) -> None:
    (problem,) = told(f"pool: [gpt, claude], sticky: {name}")

    assert problem.startswith(f'routes.r.sticky: "{name}" is not a name that `sticky` takes (')
    assert hint in problem


def test_nothing_sticks_to_a_credential() -> None:
    assert told("pool: [gpt, claude], sticky: headers.Authorization") == [
        'routes.r.sticky: "headers.Authorization": headers with credentials are not known to rules (write key)'
    ]


@pytest.mark.parametrize("by", ["cost", "latency", "load"])
def test_what_sticks_is_drawn_by_weight(by: str) -> None:
    assert told(f"pool: [gpt, claude], sticky: conversation, by: {by}") == [
        f"routes.r.sticky: does not go with by: {by}, which chooses anew for each request (take one of the two out)"
    ]
    assert told("pool: [gpt, claude], sticky: conversation, by: weight") == []


def test_it_is_of_no_use_without_a_pool() -> None:
    assert told("fallback: [gpt, claude], sticky: conversation") == [
        "routes.r.sticky: `sticky` is of no use without `pool` (take it out)"
    ]
