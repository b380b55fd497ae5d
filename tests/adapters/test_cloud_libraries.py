"""The clouds' real libraries against local stand-ins of whoever gives out credentials."""

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from llmgw.adapters.cloud_libraries import AZURE_SCOPE, AwsKeys, CredentialError, Held, source_of
from llmgw.config.secrets import Secret
from llmgw.graph.model import CloudAuth
from llmgw.providers.auth import Auth
from tests.partners.behaviours import json_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.sigv4 import signature_fault

NOW_S = 1_000_000_000.0  # by the clock of whoever asks
ROOT = Path(__file__).resolve().parents[2]
KEY_ID, SECRET_KEY, SESSION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "IQoJ//example+session=="
MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
PATH = "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"


def aws(*, session: bool = False, profile: str = "") -> CloudAuth:
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    keys |= {"AWS_SESSION_TOKEN": SESSION} if session else {}
    variables = () if profile else tuple((name, Secret(value)) for name, value in keys.items())
    return CloudAuth(Auth.AWS, region="eu-west-1", service="bedrock", profile=profile, variables=variables)


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a machine that belongs to no cloud, and whose owner has logged in nowhere."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_", "GCE_", "IDENTITY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


async def found(auth: CloudAuth) -> Held:
    return await asyncio.to_thread(source_of(auth), NOW_S)


async def failure(auth: CloudAuth) -> CredentialError:
    with pytest.raises(CredentialError) as caught:
        await found(auth)
    return caught.value


# AWS.


@pytest.mark.parametrize("session", [False, True])
@pytest.mark.parametrize(
    "target",
    [
        PATH,
        "/model/anthropic.claude-v2/converse-stream",
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fa.b-v1%3A0/invoke",
        "/model/a%20b%C3%BC@c~d!e/invoke",
        "/v1/chat/completions",
        "/v1/chat/completions?b=2&a=1",
    ],
)
async def test_a_signature_is_what_aws_computes_from_what_arrives(target: str, *, session: bool) -> None:
    body = '{"a":"ü"}'.encode()
    given = {"traceparent": "00-1", "content-type": "application/json", "x-amz-tenant": "a  b"}
    own = (await found(aws(session=session))).headers(f"https://bedrock.example{target}", given, body)
    headers = {**given, **own, "host": "bedrock.example"}

    assert signature_fault(SECRET_KEY, "POST", target, headers, body) is None
    assert signature_fault(SECRET_KEY, "POST", target, headers, body + b" ") is not None
    assert "/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date" in own["authorization"]
    assert own.get("x-amz-security-token") == (SESSION if session else None)


async def test_botocores_own_request_of_the_same_call_passes_the_same_check(upstream: FaultUpstream) -> None:
    """So the check is right, and the path is the one that AWS's own client asks for."""
    from botocore.session import Session

    upstream.script(json_answer({"output": {"message": {"role": "assistant", "content": []}}}))

    def converse() -> None:
        session = Session()
        session.set_credentials(KEY_ID, SECRET_KEY, SESSION)
        client = session.create_client("bedrock-runtime", region_name="eu-west-1", endpoint_url=upstream.url)
        client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "hi"}]}])
        client.close()

    await asyncio.to_thread(converse)
    request = upstream.requests[0]
    headers = {name.lower(): value for name, value in request.headers}

    assert request.path == PATH
    assert signature_fault(SECRET_KEY, "POST", request.path, headers, request.body) is None


async def test_what_is_set_is_used_before_anything_is_looked_for() -> None:
    held = await found(aws())

    assert isinstance(held, AwsKeys)
    assert (held.keys.access_key, held.region) == (KEY_ID, "eu-west-1")
    assert NOW_S < held.fresh_until_s < held.expires_s < NOW_S + 3600


async def test_a_profile_is_found_where_aws_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[prod]\naws_access_key_id = AKIDPROD\naws_secret_access_key = s\n")
    held = await found(aws(profile="prod"))

    assert isinstance(held, AwsKeys)
    assert held.keys.access_key == "AKIDPROD"
    assert "could not be found" in str(await failure(aws(profile="absent")))


async def test_a_containers_role_gives_keys_that_are_renewed(
    upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given(key: str, minutes: int) -> dict[str, str]:
        expires = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
        return {"AccessKeyId": key, "SecretAccessKey": "s", "Token": "t", "Expiration": expires}

    upstream.script(json_answer(given("AKIDOLD", 5)), json_answer(given("AKIDNEW", 60)))
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{upstream.url}/role")
    source = source_of(CloudAuth(Auth.AWS, region="eu-west-1", service="bedrock"))
    keys = [
        held.keys.access_key for _ in range(3) if isinstance(held := await asyncio.to_thread(source, NOW_S), AwsKeys)
    ]

    assert keys[1:] == ["AKIDNEW"] * 2
    assert len(upstream.requests) == 2


async def test_no_credentials_of_aws_is_said() -> None:
    assert "locate credentials" in str(await failure(CloudAuth(Auth.AWS, region="eu-west-1", service="bedrock")))


# Google Cloud.

GOOGLES_DEPRECATION = pytest.mark.filterwarnings("ignore:The load_credentials_from_file:DeprecationWarning")


@pytest.fixture(scope="module")
def private_key() -> str:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()


@pytest.fixture
def account_file(private_key: str, upstream: FaultUpstream, tmp_path: Path) -> str:
    path = tmp_path / "account.json"
    account = {"type": "service_account", "project_id": "p", "private_key_id": "1", "private_key": private_key}
    path.write_text(json.dumps({**account, "client_email": "a@p.example", "token_uri": f"{upstream.url}/token"}))
    return str(path)


def gcp(file: str = "") -> CloudAuth:
    return CloudAuth(Auth.GCP, credentials_file=file)


@GOOGLES_DEPRECATION
async def test_a_service_account_gets_a_token_and_a_new_one_when_asked_again(
    upstream: FaultUpstream, account_file: str
) -> None:
    answers = [{"access_token": f"ya29.{turn}", "expires_in": 3600, "token_type": "Bearer"} for turn in (1, 2)]
    upstream.script(*map(json_answer, answers))
    source = source_of(gcp(account_file))
    first, second = await asyncio.to_thread(source, NOW_S), await asyncio.to_thread(source, NOW_S)

    assert [dict(held.headers("", {}, b"")) for held in (first, second)] == [
        {"authorization": "Bearer ya29.1"},
        {"authorization": "Bearer ya29.2"},
    ]
    assert 3500 < first.expires_s - time.time() <= 3600
    assert first.fresh_until_s < first.expires_s


@GOOGLES_DEPRECATION
async def test_a_user_of_gcloud_pays_with_the_project_that_is_said_there(
    upstream: FaultUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{upstream.url}/token")
    upstream.script(json_answer({"access_token": "ya29.user", "expires_in": 3600}))
    user = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    path = tmp_path / "user.json"
    path.write_text(json.dumps({**user, "quota_project_id": "mine"}))
    held = await found(gcp(str(path)))

    assert held.headers("", {}, b"") == {"authorization": "Bearer ya29.user", "x-goog-user-project": "mine"}


@GOOGLES_DEPRECATION
async def test_a_refusal_of_google_is_told_and_a_silence_is_another_thing(
    upstream: FaultUpstream, account_file: str, tmp_path: Path
) -> None:
    upstream.script(json_answer({"error": "invalid_grant", "error_description": "Account not found"}, status=400))
    refused = await failure(gcp(account_file))
    (tmp_path / "no.json").write_text("{}")
    unreadable = await failure(gcp(str(tmp_path / "no.json")))
    away = tmp_path / "away.json"
    away.write_text((tmp_path / "account.json").read_text().replace(str(upstream.port), "1"))
    unreachable = await failure(gcp(str(away)))

    assert ("Account not found" in str(refused), refused.is_unreachable) == (True, False)
    assert ("does not have a valid type" in str(unreadable), unreadable.is_unreachable) == (True, False)
    assert unreachable.is_unreachable


METADATA = """
from llmgw.adapters.cloud_libraries import source_of
from llmgw.graph.model import CloudAuth
from llmgw.providers.auth import Auth
print(source_of(CloudAuth(Auth.GCP))(0.0).headers("", {}, b"")["authorization"])
"""


async def test_the_machines_own_account_is_asked_of_the_metadata_server(upstream: FaultUpstream) -> None:
    """In a process of its own: Google's library reads where that server is when it is imported."""
    flavor = {"metadata-flavor": "Google"}
    token = {"access_token": "ya29.machine", "expires_in": 3600, "token_type": "Bearer"}
    account = {"email": "a@p.example", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}
    upstream.script(
        otherwise=lambda request: json_answer(
            token if "/token" in request.path else account if "recursive" in request.path else {}, headers=flavor
        )
    )
    where = f"127.0.0.1:{upstream.port}"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GCE_METADATA_HOST": where, "GCE_METADATA_IP": where}
    command = [sys.executable, "-c", METADATA]
    done = await asyncio.to_thread(
        subprocess.run, command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout == "Bearer ya29.machine\n", done.stderr[-2000:]


# Azure.


async def test_a_managed_identity_gives_a_token_for_azures_ai(
    upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    expires_s = int(time.time()) + 3600
    token = {"access_token": "eyJ.managed", "expires_on": str(expires_s), "resource": "r", "token_type": "Bearer"}
    upstream.script(json_answer(token))
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{upstream.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "h")
    held = await found(CloudAuth(Auth.AZURE))

    assert held.headers("", {}, b"") == {"authorization": "Bearer eyJ.managed"}
    assert abs(held.expires_s - expires_s) < 5
    assert AZURE_SCOPE.removesuffix("/.default").partition("//")[2] in upstream.requests[0].path


async def test_a_refusal_of_azure_is_told(upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream.script(json_answer({"statusCode": 400, "message": "no identity here"}, status=400))
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{upstream.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "h")
    monkeypatch.setenv("PATH", "")
    error = await failure(CloudAuth(Auth.AZURE))

    assert (str(error) != "", error.is_unreachable) == (True, False)
    assert "\n" not in str(error)
