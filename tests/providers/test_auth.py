"""Each provider sees its key in its own header, and no more."""

import pytest

from llmgw.providers.auth import CREDENTIAL_HEADERS, Auth, auth_headers, clients_headers


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (Auth.NONE, {}),
        (Auth.BEARER, {"authorization": "Bearer the-key"}),
        (Auth.API_KEY, {"api-key": "the-key"}),
        (Auth.X_API_KEY, {"x-api-key": "the-key"}),
        (Auth.X_GOOG_API_KEY, {"x-goog-api-key": "the-key"}),
        (Auth.AWS, {}),
        (Auth.GCP, {}),
        (Auth.AZURE, {}),
    ],
)
def test_the_key_goes_where_the_provider_looks(auth: Auth, headers: dict[str, str]) -> None:
    assert headers == auth_headers(auth, "the-key")


def test_every_way_is_known_and_its_headers_are_in_lower_case() -> None:
    for auth in Auth:
        headers = auth_headers(auth, "KEY")

        assert [name.lower() for name in headers] == list(headers)
        assert ["KEY"] * len(headers) == [value.removeprefix("Bearer ") for value in headers.values()]


@pytest.mark.parametrize(
    ("auth", "own", "is_native", "expected"),
    [
        (Auth.X_API_KEY, {"x-api-key": "k"}, True, {"x-api-key": "k"}),
        (Auth.X_API_KEY, {"authorization": "k"}, True, {"authorization": "Bearer k"}),
        (Auth.X_API_KEY, {"authorization": "a", "x-api-key": "k"}, True, {"x-api-key": "k"}),
        (Auth.X_API_KEY, {"authorization": "k"}, False, {"x-api-key": "k"}),
        (Auth.X_API_KEY, {"x-goog-api-key": "k"}, True, {"x-api-key": "k"}),
        (Auth.BEARER, {"x-api-key": "k"}, False, {"authorization": "Bearer k"}),
        (Auth.BEARER, {"x-api-key": "k", "authorization": "a"}, False, {"authorization": "Bearer a"}),
        (Auth.X_GOOG_API_KEY, {"x-goog-api-key": "k"}, True, {"x-goog-api-key": "k"}),
        (Auth.API_KEY, {"api-key": "k"}, False, {"api-key": "k"}),
        (Auth.API_KEY, {}, True, {}),
    ],
)
def test_a_callers_own_credential_goes_where_the_provider_looks(
    auth: Auth, own: dict[str, str], is_native: bool, expected: dict[str, str]
) -> None:
    assert clients_headers(auth, own, is_native=is_native) == expected


def test_callers_show_credentials_as_providers_want_them() -> None:
    assert {name for auth in Auth for name in auth_headers(auth, "k")} == set(CREDENTIAL_HEADERS)
