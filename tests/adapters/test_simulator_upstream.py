"""The simulator behind the Upstream port: pace, cancelled reads, failures as an attempt reads them."""

import asyncio
import re
from types import MappingProxyType

import msgspec
import pytest

from llmgw.adapters.simulator_upstream import FAILED_KEPT_MAX, READ_BYTES_MAX, SimulatorUpstream
from llmgw.adapters.system import SystemClock
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import Edits
from llmgw.config.model import Duration, Simulate
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass, StreamCutError, UpstreamConnectError, UpstreamProtocolError
from llmgw.graph.model import Target, Transport, Wire
from llmgw.ports import UpstreamCall, UpstreamStream
from llmgw.providers.simulator.faults import NOT_ON_THE_WIRE, REFUSALS
from llmgw.routing.outcome import class_of_status

AT_ONCE = Simulate()
URL = "http://simulator.invalid/v1/chat/completions"
HELLO = {"model": "sim", "messages": [{"role": "user", "content": "Hello there"}]}


def call_with(settings: Simulate | None, request_id: str = "req-1", **body: object) -> UpstreamCall:
    target = Target(
        id="sim/sim",
        provider="sim",
        wires=(Wire(openai_chat, URL, URL),),
        edits=Edits("sim", MappingProxyType({}), MappingProxyType({}), frozenset(), ask_usage=False),
        headers=MappingProxyType({}),
        transport=Transport(simulate=settings),
    )
    return UpstreamCall(target, URL, {}, msgspec.json.encode({**HELLO, **body}), 5.0, request_id)


def always(failure: FailureClass) -> Simulate:
    return Simulate(fail={failure: 1.0})


async def read_all(answer: UpstreamStream) -> list[bytes]:
    reads = []
    while chunk := await answer.read():
        reads.append(chunk)
    return reads


async def ask(call: UpstreamCall) -> bytes:
    async with SimulatorUpstream(SystemClock()).open(call) as answer:
        return b"".join(await read_all(answer))


async def test_a_stream_without_a_pace_comes_in_one_read() -> None:
    async with SimulatorUpstream(SystemClock()).open(call_with(AT_ONCE, stream=True)) as answer:
        reads = await read_all(answer)

    assert len(reads) == 1
    assert reads[0].endswith(b"data: [DONE]\n\n")


async def test_a_long_stream_comes_in_reads_of_bounded_size() -> None:
    async with SimulatorUpstream(SystemClock()).open(call_with(Simulate(output_tokens=5000), stream=True)) as answer:
        reads = await read_all(answer)

    assert max(map(len, reads)) < READ_BYTES_MAX + 1024
    assert len(reads) < sum(map(len, reads)) / READ_BYTES_MAX + 1


async def test_a_stream_that_is_behind_lets_others_have_their_turn() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(other())
        async with SimulatorUpstream(SystemClock()).open(
            call_with(Simulate(output_tokens=5000), stream=True)
        ) as answer:
            reads = await read_all(answer)
        task.cancel()

    assert turns >= len(reads)


async def test_a_target_without_settings_is_answered_at_once() -> None:
    body = await ask(call_with(None))

    assert msgspec.json.decode(body)["model"] == "sim"


async def test_latency_comes_before_the_head_and_the_pace_after_it() -> None:
    settings = Simulate(latency=Duration(0.05), tokens_per_s=100, output_tokens=11)
    clock = SystemClock()
    began_s = clock.elapsed_s()
    async with SimulatorUpstream(clock).open(call_with(settings, stream=True)) as answer:
        head_s = clock.elapsed_s() - began_s
        reads = await read_all(answer)
    total_s = clock.elapsed_s() - began_s

    assert head_s >= 0.049
    assert total_s >= 0.149
    assert len(reads) > 3


async def test_an_unstreamed_answer_takes_as_long_as_its_stream() -> None:
    settings = Simulate(latency=Duration(0.02), tokens_per_s=100, output_tokens=11)
    clock = SystemClock()
    began_s = clock.elapsed_s()
    await ask(call_with(settings))

    assert clock.elapsed_s() - began_s >= 0.119


async def test_a_cancelled_read_loses_no_byte_and_does_not_wait_anew() -> None:
    call = call_with(Simulate(tokens_per_s=50, output_tokens=10), stream=True)
    clock = SystemClock()
    reads = []
    began_s = clock.elapsed_s()
    async with SimulatorUpstream(clock).open(call) as answer:
        while True:
            try:
                async with asyncio.timeout(0.003):
                    chunk = await answer.read()
            except TimeoutError:
                continue
            if not chunk:
                break
            reads.append(chunk)
    total_s = clock.elapsed_s() - began_s

    assert without_time(b"".join(reads)) == without_time(await ask(call))
    assert total_s > 0.17


def without_time(stream: bytes) -> bytes:
    """Every event bears the second in which the answer began."""
    return re.sub(rb'"created":\d+', b"", stream)


async def test_thousands_of_streams_run_side_by_side() -> None:
    upstream = SimulatorUpstream(SystemClock())
    settings = Simulate(latency=Duration(0.2), tokens_per_s=50, output_tokens=10)
    finished = 0

    async def one(number: int) -> None:
        nonlocal finished
        async with upstream.open(call_with(settings, f"req-{number}", stream=True)) as answer:
            reads = await read_all(answer)
        finished += reads[-1].endswith(b"data: [DONE]\n\n")

    async with asyncio.TaskGroup() as group:
        for number in range(2000):
            group.create_task(one(number))

    assert finished == 2000


@pytest.mark.parametrize("failure", list(REFUSALS))
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_answer_is_read_as_its_class(failure: FailureClass, stream: bool) -> None:
    async with SimulatorUpstream(SystemClock()).open(call_with(always(failure), stream=stream)) as answer:
        body = b"".join(await read_all(answer))
    told = openai_chat.read_error(answer.status, body)

    assert answer.status >= 400
    assert failure == (told.failure or class_of_status(answer.status))
    assert told.message.startswith("Simulated: ")


async def test_every_class_but_ours_can_be_simulated() -> None:
    others = {FailureClass.CONNECTION, FailureClass.TIMEOUT, FailureClass.PROTOCOL, FailureClass.STREAM_CUT}

    assert set(FailureClass) == set(REFUSALS) | others | NOT_ON_THE_WIRE


async def test_a_rate_limit_asks_to_wait_a_second() -> None:
    async with SimulatorUpstream(SystemClock()).open(call_with(always(FailureClass.RATE_LIMITED))) as answer:
        assert answer.headers["retry-after"] == "1"


async def test_a_refused_connection_never_opens() -> None:
    with pytest.raises(UpstreamConnectError, match="refused"):
        await ask(call_with(always(FailureClass.CONNECTION)))


async def test_a_timeout_lasts_until_the_caller_gives_up() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ask(call_with(always(FailureClass.TIMEOUT)))


async def test_garbage_is_no_answer_of_the_dialect() -> None:
    body = await ask(call_with(always(FailureClass.PROTOCOL)))
    streamed = await ask(call_with(always(FailureClass.PROTOCOL), stream=True))

    with pytest.raises(UpstreamProtocolError):
        openai_chat.read_answer(body)
    with pytest.raises(UpstreamProtocolError):
        ForwardingRelay(openai_chat, keep_usage=True).feed(streamed)


@pytest.mark.parametrize("choices", [1, 3])
@pytest.mark.parametrize("output_tokens", [1, 2, 40])
async def test_a_cut_stream_ends_after_content_and_without_its_mark(choices: int, output_tokens: int) -> None:
    settings = Simulate(output_tokens=output_tokens, fail={FailureClass.STREAM_CUT: 1.0})
    relay = ForwardingRelay(openai_chat, keep_usage=True)
    relay.feed(await ask(call_with(settings, stream=True, n=choices)))

    assert relay.committed
    with pytest.raises(StreamCutError):
        relay.finish()


async def test_a_cut_body_breaks_the_connection() -> None:
    async with SimulatorUpstream(SystemClock()).open(call_with(always(FailureClass.STREAM_CUT))) as answer:
        part = await answer.read()

        assert part.startswith(b'{"id":')
        with pytest.raises(StreamCutError, match="reset"):
            await answer.read()


async def outcomes(upstream: SimulatorUpstream, request_id: str, tries: int) -> list[int]:
    statuses = []
    for _ in range(tries):
        async with upstream.open(call_with(Simulate(fail={FailureClass.OVERLOADED: 0.5}), request_id)) as answer:
            statuses.append(answer.status)
    return statuses


async def test_shares_are_kept_and_the_same_requests_fail_again() -> None:
    first = [await outcomes(SimulatorUpstream(SystemClock()), f"req-{number}", 1) for number in range(400)]
    again = [await outcomes(SimulatorUpstream(SystemClock()), f"req-{number}", 1) for number in range(400)]

    assert again == first
    assert 150 < first.count([503]) < 250


async def test_a_retry_is_a_new_draw() -> None:
    upstream = SimulatorUpstream(SystemClock())
    tried = [await outcomes(upstream, f"req-{number}", 12) for number in range(20)]

    assert all(200 in statuses for statuses in tried)
    assert any(503 in statuses for statuses in tried)


async def test_failures_of_old_requests_are_forgotten() -> None:
    upstream = SimulatorUpstream(SystemClock())
    for number in range(FAILED_KEPT_MAX + 10):
        async with upstream.open(call_with(always(FailureClass.OVERLOADED), f"req-{number}")):
            pass

    assert len(upstream._failed) == FAILED_KEPT_MAX
