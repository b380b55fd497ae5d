"""Who may call, and what may be used with a key."""

import pytest

from llmgw.errors import ForbiddenEndpointError, ForbiddenModelError, UnauthorizedError
from llmgw.graph.model import Graph
from llmgw.graph.principal import Principal
from llmgw.policy import access
from tests.graph.files import sound

NOW_S = 1_800_000_000.0
ANYTHING = Principal("any")
SOME = Principal("some", models=("smart", "chea*", "gpt-4*"), endpoints=frozenset({"chat"}))


def graph(keys: str = "") -> Graph:
    models = "models: {cheap: simulator/a, dear: simulator/b, 'gpt-*': simulator/*}\n"
    return sound(f"{models}routes: {{smart: {{fallback: [cheap, dear]}}}}\n{keys}")


def test_a_principal_is_the_one_who_calls_until_it_expires() -> None:
    principal = Principal("k", expires_s=NOW_S)

    assert access.authenticated(principal, "x-api-key", NOW_S - 0.001) is principal
    assert access.authenticated(ANYTHING, "x-api-key", NOW_S) is ANYTHING


def test_the_unknown_and_the_expired_hear_the_same() -> None:
    told = []
    for principal in (None, Principal("k", expires_s=NOW_S)):
        with pytest.raises(UnauthorizedError) as raised:
            access.authenticated(principal, "x-api-key", NOW_S)
        told.append(raised.value.message)

    assert told == ["the key in x-api-key is not valid, or not any more: ask whoever runs this gateway"] * 2


def test_whoever_shows_none_hears_how_to() -> None:
    error = access.without_key()

    assert (error.status, error.code) == (401, "invalid_key")
    assert "Authorization: Bearer KEY, x-api-key, api-key, x-goog-api-key or x-llmgw-key" in error.message


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("smart", True),
        ("cheap", True),
        ("chea", True),
        ("dear", False),
        ("gpt-4o", True),
        ("gpt-5", False),
        ("", False),
    ],
)
def test_models_are_globs_on_the_name_asked_for(name: str, expected: bool) -> None:
    assert access.may_use(SOME, name) is expected
    assert access.may_use(ANYTHING, name)
    assert access.may_use(None, name)


@pytest.mark.parametrize("name", ["dear", "no-such-model", "gpt-5"])
def test_a_forbidden_model_is_told_whether_or_not_there_is_one(name: str) -> None:
    with pytest.raises(ForbiddenModelError) as raised:
        access.check_model(SOME, name, graph())

    assert (raised.value.status, raised.value.code, raised.value.param) == (403, "forbidden_model", "model")
    assert raised.value.message == (f"the key 'some' may not use the model '{name}'; it may use: cheap, gpt-4*, smart")


def test_a_name_that_cannot_be_shown_is_not() -> None:
    with pytest.raises(ForbiddenModelError, match=r"the model 'a\?b'"):
        access.check_model(SOME, "a\x1bb", graph())


def test_an_endpoint_that_the_key_has_not() -> None:
    access.check_endpoint(SOME, "chat")
    access.check_endpoint(ANYTHING, "count_tokens")
    access.check_endpoint(None, "count_tokens")

    with pytest.raises(ForbiddenEndpointError, match="may not use the endpoint count_tokens; it may use: chat"):
        access.check_endpoint(SOME, "count_tokens")


def test_names_are_listed_as_far_as_the_key_goes() -> None:
    assert access.names(SOME, graph()) == ("cheap", "smart")
    assert access.names(None, graph()) == access.names(ANYTHING, graph()) == ("cheap", "dear", "smart")


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (("*",), ("cheap", "dear", "gpt-*", "smart")),
        (("gpt-*",), ("gpt-*",)),
        (("gpt-4o",), ("gpt-4o",)),
        (("*-mini",), ("*-mini",)),
        (("nothing",), ()),
    ],
)
def test_patterns_are_shown_as_narrow_as_the_key_is(globs: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert access.names_shown(Principal("k", models=globs), graph()) == expected


KEYS = f"keys: [{{name: k, sha256: {'0' * 64}, models: [smart], endpoints: [chat], expires: 2027-01-31}}]\n"


@pytest.mark.parametrize(
    ("model", "endpoint", "now_s", "code"),
    [
        ("smart", "count_tokens", None, "forbidden_endpoint"),
        ("cheap", "chat", None, "forbidden_model"),
        ("cheap", "count_tokens", 2e9, "invalid_key"),
    ],
)
def test_a_dry_run_is_refused_as_the_server_would(model: str, endpoint: str, now_s: float | None, code: str) -> None:
    with pytest.raises((UnauthorizedError, ForbiddenEndpointError, ForbiddenModelError)) as raised:
        access.admitted(graph(KEYS), "k", model, endpoint, now_s)

    assert raised.value.code == code


def test_a_dry_run_names_a_key_or_is_asked_for_none() -> None:
    of = graph(KEYS)

    assert access.admitted(of, "k", "smart", "chat", None) is of.principals["k"]
    assert access.admitted(of, None, "dear", "count_tokens", 2e9) is None
