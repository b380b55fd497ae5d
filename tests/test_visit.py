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
from tests.crowds import TEXT, as_asked, caches, caching, crowd, said
from tests.fakes import FakeAlerts, FakeClient, FakeClock, FakeLedger, fake_call, fake_transcript
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import openai_error_answer
from tests.partners.steps import Gate, Turn
from tests.server.calls import eventually


async def test_nobody_stands_in_a_queue_for_a_provider_that_fails(upstream: FaultUpstream) -> None:
    """Who has followed in vain a few times asks by himself, beside all the others."""
    fails, last = [Gate() for _ in range(FOLLOWED_MAX)], Gate()
    failures = [(Turn(gate), *openai_error_answer(500)) for gate in fails]
    upstream.script(*failures, otherwise=as_asked(last))
    async with caching(upstream) as gateway, crowd(gateway, upstream, *[False] * 8) as callers:
        for count, gate in enumerate(fails, start=1):
            await eventually(lambda count=count: len(upstream.requests) == count)
            gate.open()
        await eventually(lambda: len(upstream.requests) == 8)
        last.open()
        answers = await callers.answers()

    assert [answer.status for answer in answers].count(502) == FOLLOWED_MAX
    assert {TEXT} == {said(answer) for answer in answers if answer.status == 200}
    assert caches(answers) == {"miss": 8}


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
