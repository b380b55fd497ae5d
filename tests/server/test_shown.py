"""Where callers put their keys, and which of several counts."""

import pytest

from llmgw.config.secrets import Secret
from llmgw.server.shown import shown

KEY = "the-key-of-the-caller"
ALL = {
    "x-llmgw-key": "key-1-for-the-gateway",
    "authorization": "Bearer key-2-in-authorization",
    "x-api-key": "key-3-as-anthropic-has-it",
    "api-key": "key-4-as-azure-has-it",
    "x-goog-api-key": "key-5-as-google-has-it",
}
QUERY = {"key": "key-6-in-the-query"}


@pytest.mark.parametrize(
    ("headers", "place"),
    [
        ({"x-llmgw-key": KEY}, "x-llmgw-key"),
        ({"authorization": f"Bearer {KEY}"}, "authorization"),
        ({"authorization": f"  bearer   {KEY} "}, "authorization"),
        ({"x-api-key": KEY}, "x-api-key"),
        ({"api-key": f" {KEY} "}, "api-key"),
        ({"x-goog-api-key": KEY}, "x-goog-api-key"),
    ],
)
def test_a_key_is_found_wherever_sdks_put_it(headers: dict[str, str], place: str) -> None:
    found = shown(headers, {})

    assert (found.key, found.place) == (KEY, place)


def test_a_key_is_found_in_the_query() -> None:
    found = shown({}, {"key": KEY, "alt": "sse"})

    assert (found.key, found.place) == (KEY, "?key=")


def test_of_several_the_first_counts() -> None:
    headers, order = dict(ALL), []
    for place in ALL:
        order.append(shown(headers, QUERY).place)
        del headers[place]
    order.append(shown(headers, QUERY).place)

    assert order == [*ALL, "?key="]


@pytest.mark.parametrize("value", ["", "   ", "Basic dXNlcjpwYXNz", "Bearer", "Bearer ", KEY])
def test_what_is_no_bearer_is_no_key(value: str) -> None:
    found = shown({"authorization": value, "x-api-key": KEY}, {})

    assert (found.key, found.place) == (KEY, "x-api-key")


def test_nothing_shown_is_nothing() -> None:
    found = shown({"x-api-key": "", "x-other": KEY}, {"k": KEY})

    assert (found.key, found.place, found.secrets) == ("", "", ())
    assert found.own(needs_key=True) == found.own(needs_key=False) == {}


def test_the_callers_own_credentials_are_what_is_beside_our_key() -> None:
    own = {name: value.removeprefix("Bearer ") for name, value in ALL.items() if name != "x-llmgw-key"}

    assert shown(ALL, QUERY).own(needs_key=True) == own


def test_our_own_key_in_another_place_too_is_nobodys_own() -> None:
    found = shown({"x-llmgw-key": KEY, "authorization": f"Bearer {KEY}", "x-api-key": "another"}, {})

    assert found.own(needs_key=True) == {"x-api-key": "another"}


def test_where_we_want_a_key_what_came_elsewhere_is_ours_and_nobodys_own() -> None:
    found = shown({"authorization": f"Bearer {KEY}", "x-api-key": "another"}, {})

    assert found.own(needs_key=True) == {}
    assert found.own(needs_key=False) == {"authorization": KEY, "x-api-key": "another"}


def test_a_key_in_the_query_is_googles() -> None:
    assert shown({"x-llmgw-key": KEY}, {"key": "own"}).own(needs_key=True) == {"x-goog-api-key": "own"}
    assert shown({"x-llmgw-key": KEY, "x-goog-api-key": "a"}, {"key": "b"}).own(needs_key=True) == {
        "x-goog-api-key": "a"
    }


def test_all_that_came_is_secret_also_what_is_no_key() -> None:
    found = shown({**ALL, "authorization": "Basic dXNlcjpwYXNz"}, QUERY)
    texts = {secret.reveal() for secret in found.secrets}

    assert {*ALL.values(), *QUERY.values()} - {ALL["authorization"]} | {"Basic dXNlcjpwYXNz"} == texts
    assert all(text not in repr(found) for text in texts)


def test_texts_of_ours_do_not_repeat_it() -> None:
    found = shown({"x-api-key": KEY}, {})

    assert found.masked(f"no model '{KEY}'") == "no model '***'"
    assert found.secrets == (Secret(KEY),)
