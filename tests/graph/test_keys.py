"""Keys of the file: principals by digest, and everything that can be said against them at load."""

from datetime import UTC, datetime

import pytest

from llmgw.config.load import load
from llmgw.config.secrets import digest
from llmgw.graph.compile import compile_graph
from llmgw.graph.principal import Principal
from tests.graph.files import MODELS, no_file, problems, sound

SECRET = "a-secret-of-the-search-team"
OTHER = "another-secret-of-that-team"
ENV = {"K": SECRET, "L": OTHER}
IN_THE_OPEN = "warning: the secret stands in the file in the open"


def keys(*entries: str) -> str:
    return f"{MODELS}keys:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def told(text: str, now: str | None = None) -> list[str]:
    """Beside those of other checks: what compiling says, with a time for what is over."""
    now_s = None if now is None else datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp()
    loaded = load([("a.yaml", text)], ENV, no_file)
    return [str(problem).partition("keys[")[2] for problem in compile_graph(loaded, ENV, now_s=now_s).problems]


def unix_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_key_becomes_a_principal_by_the_digest_of_its_secret() -> None:
    entry = 'name: k, secret: "${K}", team: t, user: u, models: [gpt, "l*"], endpoints: [chat], metadata: {tier: paid}'
    graph = sound(keys(entry), ENV)
    expected = Principal("k", "t", "u", ("gpt", "l*"), frozenset({"chat"}), {"tier": "paid"})

    assert dict(graph.principals) == {"k": expected}
    assert dict(graph.digests) == {digest(SECRET): expected}
    assert SECRET not in repr(graph)


def test_the_digest_may_stand_for_the_secret_and_beside_it() -> None:
    graph = sound(keys(f'name: k, sha256: {digest(SECRET).upper()}, secret: "${{L}}"'), ENV)

    assert set(graph.digests) == {digest(SECRET), digest(OTHER)}


def test_each_secret_holds_as_long_as_it_says_and_no_longer_than_its_key() -> None:
    secrets = '[{value: "${K}", not_after: 2027-01-31}, {value: "${L}", not_after: 2028-01-31}]'
    graph = sound(keys(f"name: k, secret: {secrets}, expires: 2027-06-30T12:00"), ENV)
    ends = {name: principal.expires_s for name, principal in graph.digests.items()}

    assert ends == {digest(SECRET): unix_s("2027-02-01T00:00Z"), digest(OTHER): unix_s("2027-06-30T12:00Z")}
    assert graph.principals["k"].expires_s == unix_s("2027-06-30T12:00Z")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2027-01-31", "2027-02-01T00:00+01:00"),
        ("2027-03-28", "2027-03-29T00:00+02:00"),  # a day of 23 hours
        ("2027-01-31T14:30", "2027-01-31T14:30+01:00"),
        ('"2027-01-31T14:30:00Z"', "2027-01-31T14:30+00:00"),
        ('"2027-01-31 14:30+05:00"', "2027-01-31T14:30+05:00"),
    ],
)
def test_times_are_of_the_files_zone_and_a_day_counts_with_the_whole_of_it(written: str, expected: str) -> None:
    text = keys(f'name: k, secret: "${{K}}", expires: {written}') + "server: {timezone: Europe/Berlin}\n"

    assert sound(text, ENV).principals["k"].expires_s == unix_s(expected)


@pytest.mark.parametrize("written", ["tomorrow", "31.1.2027", "2027-02-30", "9999-12-31", '"2027-1-1"'])
def test_what_is_no_time_is_told(written: str) -> None:
    (fault,) = told(keys(f'name: k, secret: "${{K}}", expires: {written}'))

    assert fault.startswith("0].expires: ")
    assert fault.endswith("is not a day or a time (as in 2027-01-31 or 2027-01-31T14:30)")


def test_what_is_over_is_a_warning_while_somebody_asks() -> None:
    text = keys('name: k, secret: [{value: "${K}", not_after: 2027-01-01}, "${L}"], expires: 2027-02-01')

    assert told(text) == told(text, "2027-01-01T23:00") == []
    assert told(text, "2027-01-02") == [
        "0].secret[0].not_after: warning: this secret has expired (take it out, or give it more time)"
    ]
    assert '0].expires: warning: the key "k" has expired (take it out, or give it more time)' in told(
        text, "2028-01-01"
    )


def test_a_name_is_given_once() -> None:
    assert told(keys('name: k, secret: "${K}"', 'name: k, secret: "${L}"')) == [
        '1].name: "k" is the name of another key (choose another)'
    ]


@pytest.mark.parametrize(
    ("second", "whose", "place"),
    [
        ('name: b, secret: "${K}"', 'the key "a"', "1].secret"),
        (f"name: b, sha256: {digest(SECRET)}", 'the key "a"', "1].sha256"),
        (f'name: b, sha256: {digest(OTHER)}, secret: "${{L}}"', "this key", "1].secret"),
    ],
)
def test_a_secret_is_of_one_key_only(second: str, whose: str, place: str) -> None:
    assert told(keys('name: a, secret: "${K}"', second)) == [
        f"{place}: is a secret of {whose} already (each secret says who calls: keep one)"
    ]


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        ("tiny-text", "the secret is shorter than 16 characters: it can be guessed"),
        ('"with a line break in it\\n"', "the secret begins or ends with white space or a line break"),
        ('"“curly-quotes-around-it”"', "the secret holds a character beyond ASCII, perhaps a curly quote"),
        ("long-enough-but-in-the-open", IN_THE_OPEN),
    ],
)
def test_a_secret_in_the_file_that_is_none(secret: str, fault: str) -> None:
    (found,) = told(keys(f"name: k, secret: {secret}"))

    assert found.startswith(f"0].secret: {fault}")
    assert secret.strip('"') not in found


@pytest.mark.parametrize("secret", ['"${S}"', '["${S}"]', '[{value: "${S}"}]'])
def test_a_short_secret_from_elsewhere_is_a_warning(secret: str) -> None:
    (found,) = problems(keys(f"name: k, secret: {secret}"), {"S": "short"})

    assert "warning: the secret is shorter than 16 characters" in found
    assert "llmgw keys create" in found


def test_a_key_of_a_known_shape_in_the_open_is_told_once() -> None:
    found = problems(keys("name: k, secret: sk-0123456789abcdefghijk"))

    assert [fault for fault in found if "in the open" in fault] == found
    assert len(found) == 1


def test_a_key_that_nobody_can_show_is_an_error() -> None:
    (found,) = told(keys("name: k"))

    assert found.startswith("0]: has neither `secret` nor `sha256`: nobody can show it (`llmgw keys create")


def test_a_secret_that_is_not_set_is_a_warning_and_an_error_where_it_serves() -> None:
    text = keys('name: k, secret: "${UNSET}"')

    assert problems(text) == ["3:23: keys[0].secret: warning: " + _UNSET]
    assert problems(text, need_secrets=True) == ["3:23: keys[0].secret: " + _UNSET]


_UNSET = "the variable UNSET is not set (set it: export UNSET=…, or give a default: ${UNSET:-…})"


def test_a_key_whose_secret_is_not_set_still_closes_the_door() -> None:
    graph = sound(keys('name: k, secret: "${UNSET}"'))

    assert (set(graph.principals), dict(graph.digests)) == ({"k"}, {})


def test_names_that_nobody_can_ask_for_are_a_warning() -> None:
    text = keys('name: k, secret: "${K}", models: [gpt, "cl*", "*-sim", "x-1*", gtp, "o*"]') + (
        'routes: {"x-*": {fallback: [gpt]}}\n'
    )

    assert told(text) == [
        '0].models[4]: warning: "gtp" is no name that a client can ask for (did you mean "gpt"?)',
        '0].models[5]: warning: "o*" is no name that a client can ask for (names: claude, gpt, local, x-*)',
    ]


def test_a_model_that_has_left_the_graph_is_no_typo() -> None:
    text = "providers: {openai: {optional: true}}\nmodels: {gpt: openai/gpt-4o, sim: simulator/x}\n"

    assert problems(f"{text}keys: [{{name: k, sha256: {'a' * 64}, models: [gpt]}}]\n") == [
        '1:13: providers.openai: warning: OPENAI_API_KEY is not set: models of "openai" leave the graph'
    ]


def test_with_keys_other_machines_may_call() -> None:
    text = keys('name: k, secret: "${K}"') + "server: {host: 0.0.0.0}\n"

    assert told(text) == []


def test_to_be_open_beside_keys_is_of_no_use() -> None:
    (found,) = problems(keys('name: k, secret: "${K}"') + "server: {open: true}\n", ENV)

    assert found.endswith("warning: is of no use: there are keys, and nobody calls without one (take it out)")


def test_the_admin_key_is_checked_like_the_others() -> None:
    def said(secret: str, value: str) -> list[str]:
        loaded = load([("a.yaml", f"{MODELS}server: {{admin_key: {secret}}}\n")], {"ADMIN": value}, no_file)
        found = compile_graph(loaded, {}).problems
        return [str(problem).partition("admin_key: ")[2] for problem in found if "price" not in problem.message]

    open_hint = 'warning: the secret stands in the file in the open (put it into a variable: "${NAME}")'

    assert said('"${ADMIN}"', SECRET) == []
    assert said(SECRET, "") == [open_hint]
    assert said('"${ADMIN}"', "short") == [
        "warning: the secret is shorter than 16 characters: it can be guessed (make a long one: openssl rand -hex 32)"
    ]
    assert said("short", "")[0].startswith("the secret is shorter than 16 characters")
    assert said('"${ADMIN}"', f"{SECRET} ")[0].startswith("the secret begins or ends with white space")


def test_the_admin_key_is_no_key_of_a_caller() -> None:
    admin = 'server: {admin_key: "${K}"}\n'
    expected = 'is the secret of the key "k" (administrators show one of their own)'

    assert problems(keys('name: k, secret: "${K}"') + admin, ENV) == [f"4:21: server.admin_key: {expected}"]
    assert problems(keys(f"name: k, sha256: {digest(SECRET)}") + admin, ENV) == [f"4:21: server.admin_key: {expected}"]
