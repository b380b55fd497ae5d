"""The clouds' own libraries, each behind one blocking function: find a credential, and say how long it holds.

They are extras: what uses one imports it, in a thread. Their errors become ours here.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any, Protocol

from llmgw.config.secrets import Secret
from llmgw.graph.model import CloudAuth
from llmgw.providers.auth import Auth

HTTP_S_MAX = 10.0  # for whoever gives out tokens
RENEW_S = 300.0  # before a token ends
AWS_FRESH_S = 60.0  # botocore renews by itself, if it is asked
AWS_HOLDS_S = 600.0  # what it gives out holds for at least so long
GCP_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AZURE_SCOPE = "https://cognitiveservices.azure.com/.default"
_SIGNED = ("content-type", "x-amz-")


class CredentialError(Exception):
    """There is no credential. `is_unreachable`: nobody could be asked for it."""

    def __init__(self, message: str, *, is_unreachable: bool = False) -> None:
        super().__init__(message)
        self.is_unreachable = is_unreachable


class Held(Protocol):
    """A credential that is there. Times are Unix time."""

    @property
    def fresh_until_s(self) -> float: ...
    @property
    def expires_s(self) -> float: ...

    def headers(self, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        """What a POST needs beside `headers`, in lower case. The URL must go out exactly so."""
        ...


Source = Callable[[float], Held]
"""Blocks. It is told what time it is, in Unix time. Raises CredentialError."""


def source_of(auth: CloudAuth) -> Source:
    """Nothing is imported or opened before it is called."""
    return _SOURCES[auth.kind](auth)


@dataclass(frozen=True, slots=True)
class Token:
    """The same headers for every call."""

    fixed: Mapping[str, str]
    expires_s: float

    @property
    def fresh_until_s(self) -> float:
        return self.expires_s - RENEW_S

    def headers(self, _url: str, _headers: Mapping[str, str], _body: bytes) -> Mapping[str, str]:
        return self.fixed


# AWS.


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """Keys that sign each call: it must arrive within minutes, and as it was."""

    keys: Any  # botocore's, which has no types
    service: str
    region: str
    found_s: float

    @property
    def fresh_until_s(self) -> float:
        return self.found_s + AWS_FRESH_S

    @property
    def expires_s(self) -> float:
        return self.found_s + AWS_HOLDS_S

    def headers(self, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        signed = {name: value for name, value in headers.items() if name.startswith(_SIGNED)}
        request = AWSRequest("POST", url, headers={"content-type": "application/json", **signed}, data=body)
        SigV4Auth(self.keys, self.service, self.region).add_auth(request)
        return {name.lower(): value for name, value in request.headers.items()}


class AwsSource:
    """The keys that are set, else AWS's own order: profiles, web identity, roles of containers and machines."""

    def __init__(self, auth: CloudAuth) -> None:
        self._auth = auth
        self._credentials: Any = None

    def __call__(self, now_s: float) -> AwsKeys:
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        try:
            if self._credentials is None:
                self._credentials = self._found()
            keys = self._credentials.get_frozen_credentials()
        except HTTPClientError as error:
            raise CredentialError(_first_line(error), is_unreachable=True) from None
        except (BotoCoreError, ClientError, OSError, ValueError) as error:
            raise CredentialError(_first_line(error)) from None
        return AwsKeys(keys, self._auth.service, self._auth.region, now_s)

    def _found(self) -> Any:
        from botocore.credentials import Credentials
        from botocore.exceptions import NoCredentialsError
        from botocore.session import Session

        access_key, secret_key, session_token = map(
            partial(_variable, self._auth), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        )
        if access_key and secret_key:
            return Credentials(access_key, secret_key, session_token)
        session = Session(profile=self._auth.profile or None)
        session.set_config_variable("region", self._auth.region)
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        return credentials


# Google Cloud.


class GcpSource:
    """The file that is named, else Google's own order: what `gcloud` has left, and the machine's service account."""

    def __init__(self, auth: CloudAuth) -> None:
        self._auth = auth
        self._credentials: Any = None

    def __call__(self, _now_s: float) -> Token:
        import requests
        from google.auth.exceptions import GoogleAuthError, TransportError
        from google.auth.transport.requests import Request

        headers: dict[str, str] = {}
        try:
            if self._credentials is None:
                self._credentials = self._found()
            with requests.Session() as session:
                self._credentials.refresh(partial(Request(session), timeout=HTTP_S_MAX))
            self._credentials.apply(headers)
        except TransportError as error:
            raise CredentialError(_first_line(error), is_unreachable=True) from None
        except (GoogleAuthError, OSError, ValueError) as error:
            raise CredentialError(_first_line(error)) from None
        expires_s = self._credentials.expiry.replace(tzinfo=UTC).timestamp()
        return Token({name.lower(): value for name, value in headers.items()}, expires_s)

    def _found(self) -> Any:
        import google.auth

        if self._auth.credentials_file:
            load: Any = google.auth.load_credentials_from_file  # without types
            return load(self._auth.credentials_file, scopes=[GCP_SCOPE])[0]
        return google.auth.default(scopes=[GCP_SCOPE])[0]


# Azure.


class AzureSource:
    """The application that is set, else Azure's own order: workload and managed identities, and what `az` has left."""

    def __init__(self, auth: CloudAuth) -> None:
        self._auth = auth
        self._credential: Any = None

    def __call__(self, _now_s: float) -> Token:
        from azure.core.exceptions import AzureError, ServiceRequestError

        try:
            if self._credential is None:
                self._credential = self._found()
            token = self._credential.get_token(AZURE_SCOPE)
        except ServiceRequestError as error:
            raise CredentialError(_first_line(error), is_unreachable=True) from None
        except (AzureError, OSError, ValueError) as error:
            raise CredentialError(_first_line(error)) from None
        return Token({"authorization": f"Bearer {token.token}"}, float(token.expires_on))

    def _found(self) -> Any:
        from azure.identity import ClientSecretCredential, DefaultAzureCredential

        tenant, client, secret = map(
            partial(_variable, self._auth), ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
        )
        if tenant and client and secret:
            return ClientSecretCredential(tenant, client, secret)
        logging.getLogger("azure.identity").setLevel(logging.ERROR)  # of what it has tried it warns by the page
        return DefaultAzureCredential(managed_identity_client_id=client)


_SOURCES: Mapping[Auth, Callable[[CloudAuth], Source]] = {
    Auth.AWS: AwsSource,
    Auth.GCP: GcpSource,
    Auth.AZURE: AzureSource,
}


def _variable(auth: CloudAuth, name: str) -> str | None:
    value: Secret | None = dict(auth.variables).get(name)
    return None if value is None else value.reveal()


def _first_line(error: BaseException) -> str:
    """Some of them write pages."""
    return (str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__)[:300]
