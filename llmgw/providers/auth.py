"""Credentials become headers, purely: what each provider wants to see, and nothing it does not."""

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never


class Auth(StrEnum):
    """How a provider takes its key, or whose cloud makes a credential of its own for each call."""

    NONE = "none"
    BEARER = "bearer"  # Authorization: Bearer KEY
    API_KEY = "api-key"  # api-key: KEY (Azure)
    X_API_KEY = "x-api-key"  # x-api-key: KEY (Anthropic)
    X_GOOG_API_KEY = "x-goog-api-key"  # x-goog-api-key: KEY (Gemini)
    AWS = "aws"  # a signature of each call; a key, where there is one, goes as BEARER
    GCP = "gcp"  # an access token; a key is one too
    AZURE = "azure"  # an access token of Entra ID


# The headers in which callers show a credential, the usual one first.
CREDENTIAL_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")

CLOUDS = frozenset({Auth.AWS, Auth.GCP, Auth.AZURE})


def auth_headers(auth: Auth, key: str) -> Mapping[str, str]:
    """The headers that carry `key`, in lower case."""
    match auth:
        case Auth.NONE | Auth.AWS | Auth.GCP | Auth.AZURE:  # a cloud's are made when the call goes out
            return {}
        case Auth.BEARER:
            return {"authorization": f"Bearer {key}"}
        case Auth.API_KEY | Auth.X_API_KEY | Auth.X_GOOG_API_KEY:
            return {auth.value: key}
        case _:
            assert_never(auth)


def clients_headers(auth: Auth, own: Mapping[str, str], *, is_native: bool) -> Mapping[str, str]:
    """The headers that carry a caller's own credential on; none if there is none. `own`: by the header it came in.

    `is_native`: the caller speaks the provider's dialect, and so knows which kinds of credential it takes as bearers.
    """
    usual = "authorization" if auth is Auth.BEARER else auth.value
    if is_native and usual not in own and "authorization" in own:
        usual = "authorization"
    key = own.get(usual) or next((own[name] for name in CREDENTIAL_HEADERS if own.get(name)), "")
    if not key:
        return {}
    return auth_headers(Auth.BEARER if usual == "authorization" else auth, key)
