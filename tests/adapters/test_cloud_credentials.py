"""Credentials are kept, renewed in time and once for all, and what goes wrong says what to do."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from llmgw.adapters.cloud_credentials import AGAIN_S, LOOKED_S, SIGNED_HERE_BYTES_MAX, CloudCredentials
from llmgw.adapters.cloud_libraries import RENEW_S, CredentialError, Token
from llmgw.errors import FailureClass, TimeLimit, UpstreamConnectError, UpstreamError, UpstreamTimeoutError
from llmgw.graph.model import CloudAuth
from llmgw.ports import UpstreamCall
from llmgw.providers.auth import Auth
from tests.fakes import FakeClock, fake_call

HOUR_S = 3600.0
GCP, AWS = CloudAuth(Auth.GCP), CloudAuth(Auth.AWS, region="eu-west-1", service="bedrock")


class Library:
    """A cloud's library that gives numbered tokens, waits while it is told to, and fails as it is told."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.asked = 0
        self.failure: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def source(self, _auth: CloudAuth) -> Callable[[float], Token]:
        return self._token

    def _token(self, now_s: float) -> Token:
        self.asked += 1
        turn = self.asked
        self.gate.wait(10)
        if self.failure is not None:
            raise self.failure
        return Token({"authorization": f"Bearer token-{turn}"}, now_s + HOUR_S)


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.library = Library(self.clock)
        self.credentials = CloudCredentials(self.clock, self.library.source)
        target = fake_call().graph.targets["one"]
        self.call = UpstreamCall(target, "http://h/v1/x", {"x-own": "1"}, b"{}", 0.2, "0" * 28)

    async def token(self, auth: CloudAuth = GCP) -> str:
        signed = await self.credentials.signed(self.call, auth)
        return signed.call.headers["authorization"].removeprefix("Bearer ")

    async def error(self) -> UpstreamError:
        with pytest.raises(UpstreamError) as caught:
            await self.token()
        return caught.value

    async def renewed(self) -> None:
        """What goes on in the background has come to its end."""
        for kept in self.credentials._kept.values():
            if kept._flight is not None:
                await asyncio.wait([kept._flight], timeout=5)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_call_keeps_its_headers_and_gets_those_of_the_credential(scene: Scene) -> None:
    signed = await scene.credentials.signed(scene.call, GCP)

    assert signed.call.headers == {"x-own": "1", "authorization": "Bearer token-1"}
    assert (signed.call.url, signed.call.body, signed.call.connect_s) == (scene.call.url, scene.call.body, 0.2)
    assert [secret.reveal() for secret in signed.secrets] == ["Bearer token-1"]


async def test_one_token_serves_all_calls_until_it_is_nearly_over(scene: Scene) -> None:
    first = [await scene.token() for _ in range(3)]
    await scene.clock.sleep(HOUR_S - RENEW_S - 1)

    assert [*first, await scene.token()] == ["token-1"] * 4
    assert scene.library.asked == 1


async def test_many_calls_at_once_ask_once(scene: Scene) -> None:
    tokens = await asyncio.gather(*(scene.token() for _ in range(50)))

    assert (set(tokens), scene.library.asked) == ({"token-1"}, 1)


async def test_a_token_is_renewed_while_it_still_holds_and_nobody_waits_for_that(scene: Scene) -> None:
    await scene.token()
    await scene.clock.sleep(HOUR_S - RENEW_S)
    scene.library.gate.clear()
    meanwhile = [await scene.token() for _ in range(3)]
    scene.library.gate.set()
    await scene.renewed()

    assert [*meanwhile, await scene.token()] == ["token-1"] * 3 + ["token-2"]
    assert scene.library.asked == 2


async def test_the_old_token_serves_to_its_end_where_there_is_no_new_one(scene: Scene) -> None:
    await scene.token()
    scene.library.failure = CredentialError("gone")
    await scene.clock.sleep(HOUR_S - RENEW_S)
    assert await scene.token() == "token-1"
    await scene.renewed()
    await scene.clock.sleep(RENEW_S - 1)
    assert await scene.token() == "token-1"
    await scene.renewed()
    await scene.clock.sleep(AGAIN_S)

    assert (await scene.error()).failure is FailureClass.UNAUTHORIZED


async def test_no_credential_says_why_and_what_to_do(scene: Scene) -> None:
    scene.library.failure = CredentialError("nothing set")
    error = await scene.error()

    assert error.failure is FailureClass.UNAUTHORIZED
    assert error.message == (
        "no credentials of Google Cloud: nothing set; run `gcloud auth application-default login`, "
        "or export GOOGLE_APPLICATION_CREDENTIALS=FILE"
    )


async def test_nobody_to_ask_is_no_connection(scene: Scene) -> None:
    scene.library.failure = CredentialError("no route", is_unreachable=True)

    assert isinstance(error := await scene.error(), UpstreamConnectError)
    assert error.message == "no credentials of Google Cloud: no route"


async def test_what_a_library_raises_unexpectedly_is_no_credential_either(scene: Scene) -> None:
    scene.library.failure = ZeroDivisionError("the-secret")
    error = await scene.error()

    assert error.failure is FailureClass.UNAUTHORIZED
    assert "its library failed (ZeroDivisionError)" in error.message
    assert "the-secret" not in error.message


async def test_after_a_failure_nobody_asks_again_at_once(scene: Scene) -> None:
    scene.library.failure = CredentialError("nothing set")
    errors = [(await scene.error()).message for _ in range(3)]
    scene.library.failure = None
    await scene.clock.sleep(AGAIN_S)

    assert len(set(errors)) == 1
    assert (await scene.token(), scene.library.asked) == ("token-2", 2)


async def test_waiting_has_the_limit_of_connecting_and_goes_on_for_the_next_call(scene: Scene) -> None:
    scene.library.gate.clear()
    error = await scene.error()
    scene.library.gate.set()

    assert isinstance(error, UpstreamTimeoutError)
    assert (error.limit, error.message) == (TimeLimit.CONNECT, "no credentials of Google Cloud within 0.2 s")
    assert (await scene.token(), scene.library.asked) == ("token-1", 1)


async def test_a_caller_who_leaves_takes_nothing_from_the_others(scene: Scene) -> None:
    scene.library.gate.clear()
    leaver, stayer = asyncio.ensure_future(scene.token()), asyncio.ensure_future(scene.token())  # noqa: TID251 - a test
    await asyncio.sleep(0.01)
    leaver.cancel()
    scene.library.gate.set()

    assert await stayer == "token-1"
    assert scene.library.asked == 1


async def test_each_credential_is_its_own_until_all_are_forgotten(scene: Scene) -> None:
    assert [await scene.token(GCP), await scene.token(AWS), await scene.token(GCP)] == ["token-1", "token-2", "token-1"]
    scene.credentials.forget()

    assert await scene.token(GCP) == "token-3"


async def test_a_token_that_was_refused_is_looked_for_again_but_not_if_it_is_new(scene: Scene) -> None:
    first = await scene.token()
    scene.credentials.refused(GCP)
    kept = await scene.token()
    await scene.clock.sleep(LOOKED_S)
    scene.credentials.refused(GCP)
    scene.credentials.refused(GCP)
    scene.credentials.refused(AWS)

    assert (first, kept, await scene.token()) == ("token-1", "token-1", "token-2")


class Signature:
    """A held credential that signs."""

    fresh_until_s = expires_s = float("inf")

    def headers(self, _url: str, _headers: Mapping[str, str], _body: bytes) -> Mapping[str, str]:
        told = "AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=content-type;host, Signature=0123456789abcdef"
        return {"authorization": told, "x-amz-security-token": "session-token"}


async def test_of_a_signature_only_what_is_secret_is(scene: Scene) -> None:
    credentials = CloudCredentials(scene.clock, lambda _auth: lambda _now_s: Signature())
    signed = await credentials.signed(scene.call, AWS)

    assert [secret.reveal() for secret in signed.secrets] == ["0123456789abcdef", "session-token"]


class Threads(Signature):
    """It remembers in which thread each body was signed."""

    def __init__(self) -> None:
        self.signed_in: dict[int, int] = {}

    def headers(self, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        self.signed_in[len(body)] = threading.get_ident()
        return super().headers(url, headers, body)


async def test_a_long_body_is_signed_where_nobody_waits_for_it(scene: Scene) -> None:
    held = Threads()
    credentials = CloudCredentials(scene.clock, lambda _auth: lambda _now_s: held)
    for size in (SIGNED_HERE_BYTES_MAX, SIGNED_HERE_BYTES_MAX + 1):
        await credentials.signed(replace(scene.call, body=bytes(size)), AWS)

    assert held.signed_in[SIGNED_HERE_BYTES_MAX] == threading.get_ident()
    assert held.signed_in[SIGNED_HERE_BYTES_MAX + 1] != threading.get_ident()
