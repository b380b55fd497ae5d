"""Credentials become headers, purely: what each provider wants to see, and nothing it does not."""

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never


class Auth(StrEnum):
    """How a provider takes its key."""

    NONE = "none"
    BEARER = "bearer"  # Authorization: Bearer KEY
    API_KEY = "api-key"  # api-key: KEY (Azure)
    X_API_KEY = "x-api-key"  # x-api-key: KEY (Anthropic)


def auth_headers(auth: Auth, key: str) -> Mapping[str, str]:
    """The headers that carry `key`, in lower case."""
    match auth:
        case Auth.NONE:
            return {}
        case Auth.BEARER:
            return {"authorization": f"Bearer {key}"}
        case Auth.API_KEY | Auth.X_API_KEY:
            return {auth.value: key}
        case _:
            assert_never(auth)
