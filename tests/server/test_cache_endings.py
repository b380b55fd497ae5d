"""The cache and how answers end: what the translation of an unknown word says is given, and not kept."""

from collections.abc import Mapping

import pytest

from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import Behaviour
from tests.replay.callers import CALLERS, Caller, call, spoken
from tests.replay.gateways import gateway_before
from tests.replay.told import STOP
from tests.server.test_cache import CACHE, STREAMED, ended, how

CLAUDES = CALLERS["anthropic_messages"]
TRANSLATED = [caller for caller in spoken() if caller.dialect != "openai_chat"]
UNKNOWN = "it ended with a word that is not known"


def usual(*, stream: bool) -> Behaviour:
    return event_stream(chat_events("Hello there", include_usage=True)) if stream else json_answer(chat_answer())


@STREAMED
@pytest.mark.parametrize("caller", TRANSLATED, ids=lambda caller: caller.dialect)
async def test_an_end_that_nobody_knows_is_translated_and_not_kept(
    upstream: FaultUpstream, caller: Caller, stream: bool
) -> None:
    unknown = ended("moonrise")[stream]
    upstream.script(unknown, unknown, otherwise=usual(stream=stream))
    async with gateway_before("openai_chat", caller.dialect, upstream, more=CACHE) as gateway:
        asked = caller.ask(stream)
        answers = [await call(gateway.url, caller, asked, stream=stream) for _ in range(4)]

    assert [how(answer) for answer in answers] == ["miss", "miss", "miss", "hit"]
    assert [caller.read(answer, stream=stream).finish for answer in answers] == [STOP] * 4
    assert [line.get("cache_why") for line in gateway.log.requests] == [UNKNOWN, UNKNOWN, None, None]


@STREAMED
@pytest.mark.parametrize("word", ["stop", "eos", "END_TURN"])
async def test_one_that_is_known_is_kept_in_whatever_words(upstream: FaultUpstream, word: str, stream: bool) -> None:
    upstream.script(ended(word)[stream])
    async with gateway_before("openai_chat", CLAUDES.dialect, upstream, more=CACHE) as gateway:
        answers = [await call(gateway.url, CLAUDES, CLAUDES.ask(stream), stream=stream) for _ in range(2)]

    assert [how(answer) for answer in answers] == ["miss", "hit"]


@pytest.mark.parametrize(
    ("status", "then"), [({"status": "completed"}, "hit"), ({}, "hit"), ({"status": "queued"}, "miss")]
)
async def test_a_forwarded_response_is_kept_only_if_it_is_complete(
    upstream: FaultUpstream, status: Mapping[str, str], then: str
) -> None:
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}
    upstream.script(json_answer({"id": "resp_1", "object": "response", "model": "up", "output": [said], **status}))
    caller = CALLERS["openai_responses"]
    async with gateway_before("openai_responses", caller.dialect, upstream, more=CACHE) as gateway:
        answers = [await call(gateway.url, caller, caller.ask(False), stream=False) for _ in range(2)]

    assert [how(answer) for answer in answers] == ["miss", then]
