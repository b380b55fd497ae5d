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
