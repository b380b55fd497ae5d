import gc
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import ref

import pytest

from llmgw.server.garbage import YOUNG_OBJECTS_MAX, set_aside
from tests.partners.behaviours import event_stream, garbage_json, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import raw_client
from tests.served import served
from tests.server.calls import CHAT, chat_body, eventually
from tests.server.cycles import left_in_cycles
from tests.server.routes import chain

CALLS = {
    "an answer": (json_answer(chat_answer()), chat_body()),
    "a stream": (event_stream(chat_events("w w w")), chat_body(stream=True)),
    "a failure": (garbage_json(), chat_body()),
    "a model that is not there": (json_answer(chat_answer()), chat_body("other")),
    "no JSON": (json_answer(chat_answer()), b'{"model": "chat", "messages"'),
    "no chat": (json_answer(chat_answer()), b'{"model": "chat"}'),
}


@contextmanager
def usual_collector() -> Iterator[None]:
    """As it was before, afterwards."""
    thresholds = gc.get_threshold()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_leaves_nothing_to_the_collector(upstream: FaultUpstream, call: str) -> None:
    """All of it is freed as it ends: its body may be large."""
    behaviour, body = CALLS[call]
    upstream.script(behaviour)
    async with served(chain(upstream.url)) as gateway, raw_client(gateway.url) as client:
        with left_in_cycles() as left:
            await client.post(CHAT, body, {"connection": "close"})
            await client.read_to_end()
            await eventually(lambda: gateway.log.lines)

    assert left == []


class Circle:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_what_no_one_holds_is_freed_and_the_rest_is_not_looked_at_again() -> None:
    lost, kept = Circle(), Circle()
    seen = ref(lost)
    with usual_collector():
        gc.collect()
        gc.freeze()  # as by the load before
        del lost
        set_aside()

        assert seen() is None
        assert all(each is not kept for each in gc.get_objects())
        assert gc.get_threshold()[0] == YOUNG_OBJECTS_MAX
