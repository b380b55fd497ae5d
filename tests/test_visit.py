"""How long one call follows others, and what it can have of them."""

import asyncio

import pytest

from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.asking import Asking
from llmgw.bookkeeping import Bill, Books
from llmgw.graph.cache_rules import CacheRule
from llmgw.policy.caching import Decision
from llmgw.policy.kept import Form, Kept
from llmgw.routing.health_board import HealthBoard
from llmgw.visit import FOLLOWED_MAX, Visit
from tests.crowds import caching, crowd
from tests.fakes import FakeAlerts, FakeClient, FakeClock, FakeLedger, fake_call, fake_transcript
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error_answer
from tests.partners.steps import Gate, Turn


async def test_a_provider_that_fails_is_not_asked_by_each_of_a_crowd(upstream: FaultUpstream) -> None:
    """Who has seen it fail a few times has the failure, and neither waits in a queue nor is one of a herd."""
    gate = Gate()
    upstream.script((Turn(gate), *openai_error_answer(500)), otherwise=openai_error_answer(500))
    async with caching(upstream) as gateway, crowd(gateway, upstream, *[False] * 20) as callers:
        gate.open()
        answers = await callers.answers()

    assert (len(upstream.requests), {answer.status for answer in answers}) == (FOLLOWED_MAX, {502})
    assert {answer.json["error"]["code"] for answer in answers} == {"route_exhausted"}


def visit(*, stream: bool) -> Visit:
    call, clock, client = fake_call(stream=stream), FakeClock(), FakeClient()
    asking, transcript = Asking(call, MemoryQuota(clock), clock, HealthBoard()), fake_transcript(call)
    bill = Bill(asking.account, Books(MemoryQuota(clock), FakeLedger(), FakeAlerts()), clock, call, transcript)
    rule = CacheRule("all", 60.0)
    return Visit(asking, Decision(rule=rule), 60.0, bill, client, transcript, lambda _: asyncio.sleep(0), lambda: False)


@pytest.mark.parametrize("wanted", [Form.WHOLE, Form.STREAM])
@pytest.mark.parametrize("form", [Form.WHOLE, Form.STREAM])
@pytest.mark.parametrize("crosses", [True, False])
def test_an_answer_can_be_had_in_its_own_form_or_if_it_crosses(wanted: Form, form: Form, *, crosses: bool) -> None:
    assert visit(stream=wanted is Form.STREAM).can_have(Kept(form=form, body=b"", crosses=crosses)) is (
        crosses or form is wanted
    )
