"""Each provider sees its key in its own header, and no more."""

import pytest

from llmgw.providers.auth import Auth, auth_headers


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
