"""`/admin/health`: how the targets are, in a form that a dry run can be given."""

import json

import msgspec

from llmgw.errors import FailureClass
from llmgw.routing.health import HealthSnapshot
from llmgw.routing.health_board import HealthBoard
from llmgw.server.admin_health import PATH
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error_answer
from tests.served import served
from tests.server.calls import chat
from tests.server.routes import chain
from tests.server.test_access import send

ADMIN = "sk-the-admin-key-of-a-test"


async def test_it_tells_what_decisions_see(upstream: FaultUpstream) -> None:
    upstream.script(otherwise=openai_error_answer(500))
    more = f"server: {{admin_key: {ADMIN}}}"
    async with served(chain(upstream.url, retry="{attempts: 1}", more=more)) as gateway:
        for _ in range(5):
            await chat(gateway.url)
        told = await send(gateway.url, b"", {"authorization": f"Bearer {ADMIN}"}, PATH, "GET")
        refused = await send(gateway.url, b"", {"authorization": "Bearer another"}, PATH, "GET")
        target = gateway.running.graph.targets["one"]
    document = json.loads(told.body)
    snapshot = msgspec.json.decode(told.body, type=HealthSnapshot)
    ejected = HealthBoard.of(snapshot).ejected(target, 0.0)

    assert (told.status, refused.status) == (200, 401)
    assert (document["targets"]["one"]["state"], document["targets"]["one"]["failed"]) == ("open", 5)
    assert document["at"] > 1_700_000_000
    assert ejected is not None
    assert ejected.failure is FailureClass.SERVER_ERROR
