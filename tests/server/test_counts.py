"""What one call costs, counted: a change that adds a decode, a task, a timer or a wake-up to it fails here.

Times vary from machine to machine, these numbers do not. One that has to grow is changed here, in the same change,
where a reader of the diff sees it; one that shrinks is a gift to be kept.
"""

import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.partners.behaviours import chunk, event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawClient, raw_client
from tests.partners.steps import Behaviour, Gate
from tests.server.calls import CHAT, chat_body
from tests.server.counted import CountedGateway, Counts, counted, told
from tests.server.cycles import left_in_cycles

WARM_UP = 2  # the first calls open connections and fill caches

# One task per request on either side. Later Pythons start them eagerly, where a hook does not see it.
OF_AIOHTTP = {"tasks_of_libraries": 2} if sys.version_info < (3, 12) else {}

# An answer at once, one target, on connections that are open on both sides.
PER_CALL = {
    "json_decodes": 3,  # the request (what we read of it; its fields as they are), the answer
    "json_encodes": 3,  # the model's name, the request, the log line
    "tasks": 0,  # the caller's task does it all
    **OF_AIOHTTP,
    "timers": 2,  # total, and the answer to the caller; its body came with its head
    "resumptions": 34,  # how often one of our coroutines is entered or woken: a wait wakes all above it
    "writes": 2,  # the request upstream, the answer: each in one piece
}

# A stream of ten words, each arriving alone; what of it is per word stands below.
PER_STREAM = {
    "json_decodes": 5,  # the request twice; of the events the preamble, the first word and the finish, however many
    "json_encodes": 4,  # as above, and `stream_options`
    "tasks": 0,
    **OF_AIOHTTP,
    "timers": 25,
    "resumptions": 201,
    "writes": 14,  # the request; the head, ten words, the finish with its end mark, the end of the body
}

# One more event in the middle of a stream, arriving alone. Several that arrive together cost as much as one.
PER_EVENT = {
    "json_decodes": 0,  # looked through for marks, not decoded
    "json_encodes": 0,
    "tasks": 0,
    "timers": 2,  # its read may be idle too long, its write may block too long
    "resumptions": 16,
    "writes": 1,
}


@asynccontextmanager
async def counted_call(upstream: FaultUpstream) -> AsyncIterator[tuple[CountedGateway, RawClient]]:
    """A gateway that has warmed up, and a connection to it."""
    config = f"providers: {{p: {{like: openai, base_url: {upstream.url}/v1, auth: none}}}}\nmodels: {{chat: p/m}}\n"
    async with counted(config) as gateway, raw_client(gateway.url) as client:
        upstream.script(json_answer(chat_answer()))
        for _ in range(WARM_UP):
            await client.post(CHAT, chat_body())
            await client.read_answer()
        yield gateway, client


def at_once(behaviour: Behaviour) -> Behaviour:
    """Head, preamble and first word in one write, so that nothing depends on when which of them is read."""
    head, _, preamble, _, first, *rest = behaviour
    assert isinstance(head, bytes)
    assert isinstance(preamble, bytes)
    assert isinstance(first, bytes)
    return (head + preamble + first, *rest)


async def stream_counts(gateway: CountedGateway, client: RawClient, upstream: FaultUpstream, words: int) -> Counts:
    """A stream of so many words, each of which the client has before the next one is sent."""
    gate = Gate()
    *events, last, end_mark = chat_events("w " * words)
    upstream.script(at_once(event_stream([*events, last + end_mark], gate=gate)))
    async with gateway.counting() as counts:
        await client.post(CHAT, chat_body(stream=True))
        await client.read_until(b"w ")
        for _ in range(words - 1):
            gate.release()
            await client.read_until(b"w ")
        gate.open()
        await client.read_until(b"\r\n0\r\n\r\n")
    return counts


async def test_an_answer_costs_what_it_did(upstream: FaultUpstream) -> None:
    async with counted_call(upstream) as (gateway, client), gateway.counting() as counts:
        await client.post(CHAT, chat_body())
        await client.read_answer()

    assert told(PER_CALL, counts, "request") == ""


async def test_a_stream_costs_what_it_did(upstream: FaultUpstream) -> None:
    async with counted_call(upstream) as (gateway, client):
        counts = await stream_counts(gateway, client, upstream, words=10)

    assert told(PER_STREAM, counts, "stream") == ""


async def test_an_event_costs_what_it_did(upstream: FaultUpstream) -> None:
    """The difference between a stream of twenty words and one of ten, by ten."""
    async with counted_call(upstream) as (gateway, client):
        ten = await stream_counts(gateway, client, upstream, words=10)
        twenty = await stream_counts(gateway, client, upstream, words=20)
    more = Counts(
        Counter({what: (count - ten.of[what]) // 10 for what, count in twenty.of.items()}),
        Counter({place: (count - ten.where[place]) // 10 for place, count in twenty.where.items()}),
    )

    assert told(PER_EVENT, more, "event") == ""
    assert more.of["bytes_written"] == len(chunk(chat_events("w ")[1]))  # and nothing but the event


async def test_events_that_arrive_together_cost_as_much_as_one(upstream: FaultUpstream) -> None:
    """One read, one write, however many events are in it."""
    preamble, first, *events, last, end_mark = chat_events("w " * 50)
    async with counted_call(upstream) as (gateway, client):
        gate = Gate()
        upstream.script(at_once(event_stream([preamble, first, b"".join(events), last + end_mark], gate=gate)))
        async with gateway.counting() as counts:
            await client.post(CHAT, chat_body(stream=True))
            await client.read_until(b"w ")
            gate.release()
            for _ in range(49):
                await client.read_until(b"w ")
            gate.open()
            await client.read_until(b"\r\n0\r\n\r\n")
        one = await stream_counts(gateway, client, upstream, words=2)

    assert told({"writes": one.of["writes"], "timers": one.of["timers"]}, counts, "stream") == ""


async def test_a_call_leaves_nothing_to_the_garbage_collector(upstream: FaultUpstream) -> None:
    """All of it is freed as it ends: its body may be large, and nothing gets on while garbage is collected."""
    async with counted_call(upstream) as (gateway, client):
        with left_in_cycles() as left:
            async with gateway.counting():
                await client.post(CHAT, chat_body())
                await client.read_answer()
            await stream_counts(gateway, client, upstream, words=2)

    assert left == []
