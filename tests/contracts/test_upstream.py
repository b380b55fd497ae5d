"""What the gateway may expect of any upstream: HTTP, the simulator, and the fake of the tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.http_upstream import HttpUpstream
from llmgw.adapters.simulator_upstream import SimulatorUpstream
from llmgw.adapters.system import SystemClock
from llmgw.errors import FailureClass, StreamCutError, UpstreamConnectError, UpstreamError
from llmgw.ports import Upstream, UpstreamCall, UpstreamStream
from tests.fakes import FakeStream, FakeUpstream, Piece
from tests.partners.behaviours import CLOSED_BEFORE_HEADERS, event_stream, json_answer
from tests.partners.bodies import DONE, chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.steps import reset_at

PACE_S = 0.02
EVENTS = chat_events("one two three four five six seven eight")

Scene = tuple[Upstream, UpstreamCall]


class Stage:
    """One kind of upstream, able to act each of these."""

    def paced(self) -> AbstractAsyncContextManager[Scene]:
        """A stream with a pause before each event."""
        raise NotImplementedError

    def refusing(self) -> AbstractAsyncContextManager[Scene]:
        """No connection comes about."""
        raise NotImplementedError

    def breaking(self) -> AbstractAsyncContextManager[Scene]:
        """The connection breaks in the middle of an unstreamed answer."""
        raise NotImplementedError


def call_of(config: str, *, stream: bool) -> UpstreamCall:
    target = build([Text("config.yaml", config)], {}, need_secrets=True).checked().targets["one"]
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return UpstreamCall(target, target.wires[0].url, {"x-own": "1"}, json.dumps(body).encode(), 1.0, "0" * 28)


class OverHttp(Stage):
    @asynccontextmanager
    async def _scene(self, behaviour: tuple[object, ...], *, stream: bool) -> AsyncIterator[Scene]:
        async with FaultUpstream() as partner:
            partner.script(behaviour)  # type: ignore[arg-type]  # a behaviour, whichever
            config = (
                f'{{providers: {{p: {{like: openai, base_url: "{partner.url}", auth: none}}}}, models: {{one: p/m}}}}'
            )
            upstream = HttpUpstream()
            try:
                yield upstream, call_of(config, stream=stream)
            finally:
                await upstream.close()

    def paced(self) -> AbstractAsyncContextManager[Scene]:
        return self._scene(event_stream(EVENTS, pause_s=PACE_S), stream=True)

    def refusing(self) -> AbstractAsyncContextManager[Scene]:
        return self._scene(CLOSED_BEFORE_HEADERS, stream=False)

    def breaking(self) -> AbstractAsyncContextManager[Scene]:
        return self._scene(reset_at(json_answer(chat_answer()), 200), stream=False)


class Simulated(Stage):
    @asynccontextmanager
    async def _scene(self, simulate: str, *, stream: bool) -> AsyncIterator[Scene]:
        config = f"{{providers: {{p: {{like: simulator, simulate: {simulate}}}}}, models: {{one: p/m}}}}"
        yield SimulatorUpstream(SystemClock()), call_of(config, stream=stream)

    def paced(self) -> AbstractAsyncContextManager[Scene]:
        return self._scene("{latency: 20ms, tokens_per_s: 50, output_tokens: 8}", stream=True)

    def refusing(self) -> AbstractAsyncContextManager[Scene]:
        return self._scene("{fail: {connection: 1}}", stream=False)

    def breaking(self) -> AbstractAsyncContextManager[Scene]:
        return self._scene("{fail: {stream_cut: 1}}", stream=False)


class Faked(Stage):
    @asynccontextmanager
    async def _scene(self, answer: FakeStream | UpstreamError, *, stream: bool) -> AsyncIterator[Scene]:
        upstream = FakeUpstream(answer)
        yield upstream, call_of("{providers: {p: {like: simulator}}, models: {one: p/m}}", stream=stream)
        assert upstream.open_now == 0

    def paced(self) -> AbstractAsyncContextManager[Scene]:
        pieces: list[Piece] = [piece for event in EVENTS for piece in (PACE_S, event)]
        return self._scene(FakeStream(200, {"content-type": "text/event-stream"}, pieces), stream=True)

    def refusing(self) -> AbstractAsyncContextManager[Scene]:
        return self._scene(UpstreamConnectError("refused"), stream=False)

    def breaking(self) -> AbstractAsyncContextManager[Scene]:
        pieces: list[Piece] = [b'{"id', StreamCutError("cut")]
        return self._scene(FakeStream(200, {"content-type": "application/json"}, pieces), stream=False)


on_every_stage = pytest.mark.parametrize("make_stage", [OverHttp, Simulated, Faked])


async def read_all(answer: UpstreamStream) -> bytes:
    return b"".join([chunk async for chunk in chunks(answer)])


async def chunks(answer: UpstreamStream) -> AsyncIterator[bytes]:
    while chunk := await answer.read():
        yield chunk


@on_every_stage
async def test_an_answer_has_its_status_and_headers_in_lower_case(make_stage: Callable[[], Stage]) -> None:
    async with make_stage().paced() as (upstream, call), upstream.open(call) as answer:
        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
        assert all(name == name.lower() for name in answer.headers)


@on_every_stage
async def test_it_is_read_piece_by_piece_to_the_end_and_the_end_stays_the_end(make_stage: Callable[[], Stage]) -> None:
    async with make_stage().paced() as (upstream, call), upstream.open(call) as answer:
        pieces = [piece async for piece in chunks(answer)]

        assert len(pieces) > 3
        assert pieces[-1].endswith(DONE)
        assert [await answer.read(), await answer.read()] == [b"", b""]


@on_every_stage
async def test_a_read_that_is_cancelled_and_called_again_loses_nothing(make_stage: Callable[[], Stage]) -> None:
    async with make_stage().paced() as (upstream, call):
        async with upstream.open(call) as answer:
            expected = await read_all(answer)
        async with upstream.open(call) as answer:
            patiently = b""
            cancelled = 0
            while True:
                try:
                    async with asyncio.timeout(PACE_S / 4):
                        piece = await answer.read()
                except TimeoutError:
                    cancelled += 1
                    continue
                if not piece:
                    break
                patiently += piece

    assert cancelled > 3
    assert without_ids(expected) == without_ids(patiently)


def without_ids(stream: bytes) -> bytes:
    """The simulator's answers bear the second in which they began."""
    return b"\n".join(line.partition(b'"choices"')[2] for line in stream.split(b"\n"))


@on_every_stage
async def test_it_says_once_when_the_request_leaves(make_stage: Callable[[], Stage]) -> None:
    left: list[bool] = []
    async with (
        make_stage().paced() as (upstream, call),
        upstream.open(replace(call, leaves=lambda: left.append(True))) as stream,
    ):
        before = list(left)
        while await stream.read():
            pass

    assert (before, left) == ([True], [True])


@on_every_stage
async def test_leaving_early_is_allowed_and_leaves_nothing_behind(make_stage: Callable[[], Stage]) -> None:
    async with make_stage().paced() as (upstream, call):
        before = asyncio.all_tasks()
        for _ in range(3):
            async with upstream.open(call) as answer:
                await answer.read()
        await asyncio.sleep(PACE_S)

        assert {task for task in asyncio.all_tasks() - before if "converse" not in str(task.get_coro())} == set()


@on_every_stage
async def test_opening_can_be_cancelled(make_stage: Callable[[], Stage]) -> None:
    async with make_stage().paced() as (upstream, call):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), upstream.open(call):
                pass
        async with upstream.open(call) as answer:
            assert (await read_all(answer)).endswith(DONE)


@on_every_stage
async def test_an_error_of_the_caller_passes_through_unchanged(make_stage: Callable[[], Stage]) -> None:
    async with make_stage().paced() as (upstream, call):
        with pytest.raises(ZeroDivisionError):
            async with upstream.open(call):
                raise ZeroDivisionError


@on_every_stage
async def test_no_connection_is_an_error_of_ours(make_stage: Callable[[], Stage]) -> None:
    async with make_stage().refusing() as (upstream, call):
        with pytest.raises(UpstreamConnectError) as caught:
            async with upstream.open(call):
                pass

    assert FailureClass.CONNECTION is caught.value.failure


@on_every_stage
async def test_a_connection_that_breaks_is_a_cut(make_stage: Callable[[], Stage]) -> None:
    async with make_stage().breaking() as (upstream, call), upstream.open(call) as answer:
        with pytest.raises(StreamCutError) as caught:
            await read_all(answer)

    assert FailureClass.STREAM_CUT is caught.value.failure


@on_every_stage
async def test_many_at_once_do_not_disturb_each_other(make_stage: Callable[[], Stage]) -> None:
    async def one(upstream: Upstream, call: UpstreamCall) -> bytes:
        async with upstream.open(call) as answer:
            return await read_all(answer)

    async with make_stage().paced() as (upstream, call), asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(upstream, call)) for _ in range(20)]

    assert len({without_ids(task.result()) for task in tasks}) == 1
