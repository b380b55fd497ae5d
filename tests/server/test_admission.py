"""Before the body: who calls, and at which endpoint. What follows from it is told end to end in test_access."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from llmgw.errors import ForbiddenEndpointError, UnauthorizedError
from llmgw.server.admission import PRINCIPAL, admitted, is_admitted
from llmgw.server.running import RUNNING
from tests.served import served

KEYS = """
models: {gpt: simulator/x}
keys:
  - {name: k, secret: "${K}", endpoints: [chat]}
  - {name: old, secret: "${OLD}", expires: 2020-01-01}
"""
ENV = {"K": "a-secret-for-these-tests", "OLD": "an-old-one-for-these-tests"}


def shown(app: web.Application, secret: str) -> web.Request:
    return make_mocked_request("POST", "/v1/chat/completions", {"x-api-key": secret}, app=app)


async def test_who_calls_is_noted_also_where_the_answer_is_no() -> None:
    async with served(KEYS, ENV) as gateway:
        app = web.Application()
        app[RUNNING] = gateway.running
        sound, old, unknown = (shown(app, secret) for secret in (ENV["K"], ENV["OLD"], "nobody-has-this-one"))
        principal = await admitted(sound, "chat")

        assert principal is sound[PRINCIPAL] is gateway.running.graph.digests[next(iter(gateway.running.graph.digests))]
        with pytest.raises(ForbiddenEndpointError):
            await admitted(sound, "count_tokens")
        with pytest.raises(UnauthorizedError):
            await admitted(old)
        assert old[PRINCIPAL].key == "old"
        with pytest.raises(UnauthorizedError):
            await admitted(unknown)
        assert PRINCIPAL not in unknown
        assert [await is_admitted(sound, endpoint) for endpoint in ("chat", "count_tokens")] == [True, False]


async def test_without_keys_nobody_is_asked() -> None:
    async with served("models: {gpt: simulator/x}\n") as gateway:
        app = web.Application()
        app[RUNNING] = gateway.running

        assert await admitted(shown(app, "whatever"), "chat") is None
