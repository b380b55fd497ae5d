"""Each call goes to the upstream of its target, signed where its cloud wants that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from llmgw.adapters.cloud_credentials import LOOKED_S
from llmgw.adapters.config_files import Text, build
from llmgw.adapters.system import SystemClock
from llmgw.adapters.upstreams import Upstreams
from llmgw.ports import UpstreamCall
from tests.fakes import FakeClock
from tests.partners.behaviours import json_answer
from tests.partners.exchange import ReceivedRequest
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.sigv4 import signature_fault
from tests.partners.steps import Behaviour
from tests.served import Served, served

CONFIG = """
providers:
  real: {{like: openai, base_url: "{url}", auth: none}}
  sim: {{like: simulator}}
models: {{real: real/m, sim: sim/m}}
"""
BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'


async def test_providers_over_http_and_the_simulator_within(upstream: FaultUpstream) -> None:
    graph = build([Text("config.yaml", CONFIG.format(url=upstream.url))], {}, need_secrets=True).checked()
    upstream.script(json_answer({"from": "afar"}))
    upstreams = Upstreams(SystemClock())
    sim, real = graph.targets["sim"], graph.targets["real"]
    call = UpstreamCall(sim, sim.wires[0].url, {}, BODY, 1.0, "0" * 28)
    other = replace(call, target=real, url=real.wires[0].url)
    async with upstreams.open(call) as near, upstreams.open(other) as afar:
        assert await afar.read() == b'{"from":"afar"}'
        assert b"chat.completion" in await near.read()
    await upstreams.retire([graph.targets["sim"].transport])
    await upstream.until(lambda: upstream.connections_open == 0)
    await upstreams.close()


# Clouds.

SECRET_KEY, SESSION = "aws-secret-key-planted", "aws-session-token-planted=="
AWS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": SESSION}
BEDROCK = """
providers: {{bedrock: {{base_url: "{url}", region: eu-west-1}}}}
models: {{claude: "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0"}}
"""
ANSWER = {
    "output": {"message": {"role": "assistant", "content": [{"text": "ok"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
}


@asynccontextmanager
async def bedrock(upstream: FaultUpstream) -> AsyncIterator[Served]:
    async with served(BEDROCK.format(url=upstream.url), AWS) as gateway:
        yield gateway


async def asked(gateway: Served) -> tuple[int, str]:
    """What a caller gets: the whole of it, headers too."""
    body = {"model": "claude", "messages": [{"role": "user", "content": "hi ü"}]}
    headers = {"traceparent": "00-1"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers) as answer,
    ):
        return answer.status, f"{dict(answer.headers)}\n{await answer.text()}"


def fault_of(request: ReceivedRequest) -> str | None:
    headers = {name.lower(): value for name, value in request.headers}
    return signature_fault(SECRET_KEY, request.method, request.path, headers, request.body)


async def test_what_arrives_at_bedrock_is_signed_as_it_arrives(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(ANSWER))
    async with bedrock(upstream) as gateway:
        status, told = await asked(gateway)

    assert status == 200, told
    assert upstream.requests[0].path == "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"
    assert fault_of(upstream.requests[0]) is None
    assert upstream.requests[0].header("x-amz-security-token") == SESSION


async def test_what_a_cloud_repeats_of_a_signed_call_reaches_nobody(upstream: FaultUpstream) -> None:
    """AWS quotes the signed headers when a signature does not match."""

    def refuse(request: ReceivedRequest) -> Behaviour:
        quoted = "\n".join(f"{name}:{value}" for name, value in request.headers)
        return json_answer({"message": f"The Canonical String should have been '{quoted}'"}, status=403)

    upstream.script(refuse)
    async with bedrock(upstream) as gateway:
        status, told = await asked(gateway)
        (line,) = gateway.log.requests
    signature = (upstream.requests[0].header("authorization") or "").rpartition("Signature=")[2]

    assert status == 502
    assert "The Canonical String" in told
    assert "content-type" in told
    for secret in (SECRET_KEY, SESSION, SESSION.rstrip("="), signature):
        assert secret not in told + str(line)


async def test_no_credential_is_a_failure_like_others_and_a_reload_looks_again(
    upstream: FaultUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile that is not there: AWS's library says so."""
    upstream.script(json_answer(ANSWER))
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    config = BEDROCK.replace("region:", "profile: absent, region:").format(url=upstream.url)
    async with served(config, AWS) as gateway:
        status, told = await asked(gateway)
        await gateway.upstreams.retire([])

    assert status == 502
    assert "unauthorized (no credentials of AWS: The config profile (absent) could not be found" in told
    assert upstream.requests == []


async def test_a_refused_credential_is_looked_for_again(upstream: FaultUpstream, tmp_path: Path) -> None:
    """Somebody has changed it meanwhile, and taken the old one back."""
    keys = tmp_path / "credentials"
    clock = FakeClock()
    config = f'providers: {{bedrock: {{base_url: "{upstream.url}", region: eu-west-1}}}}\nmodels: {{m: bedrock/m}}'
    graph = build([Text("config.yaml", config)], {"AWS_PROFILE": "p"}, need_secrets=True).checked()
    target = graph.targets["m"]
    call = UpstreamCall(target, target.wires[0].url, {}, BODY, 1.0, "0" * 28)
    upstream.script(json_answer({}), json_answer({}, status=403), json_answer({}))
    upstreams = Upstreams(clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
        for key_id in ("AKIDOLD", "AKIDNEW", "AKIDNEW"):
            keys.write_text(f"[p]\naws_access_key_id = {key_id}\naws_secret_access_key = s\n")
            async with upstreams.open(call):
                await clock.sleep(LOOKED_S)
    await upstreams.close()
    used = [(request.header("authorization") or "").partition("Credential=")[2][:7] for request in upstream.requests]

    assert used == ["AKIDOLD", "AKIDOLD", "AKIDNEW"]
