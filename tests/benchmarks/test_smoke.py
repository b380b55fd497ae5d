"""The tools of the benchmark measure what they say: counts match, and an error is counted as one."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from benchmarks import upstream
from benchmarks.aiohttp_proxy import proxy_of
from benchmarks.http1 import AnswerReader, BrokenHttpError
from benchmarks.load import Address, ChatLoad, StreamLoad, chat_body, post, run_chat, run_streams
from benchmarks.tally import Measurement
from benchmarks.upstream import ANSWER, ChatUpstream, Script, stream_frames

CHECKOUT = Path(__file__).resolve().parents[2]
FORTY = ChatLoad(connections=4, requests_max=40, duration_s=20)

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a run pins processes and reads /proc")


@asynccontextmanager
async def upstream_port(script: Script) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(lambda: ChatUpstream(script), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def proxy_port(target_port: int) -> AsyncIterator[int]:
    runner = web.AppRunner(proxy_of(f"http://127.0.0.1:{target_port}"), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """A server that gives every read the same bytes and hangs up."""

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def counts(measurement: Measurement) -> tuple[int, int]:
    return measurement.count, measurement.errors


async def test_every_request_reaches_the_upstream_once_and_is_counted_once() -> None:
    script = Script()
    async with upstream_port(script) as port:
        measurement = await run_chat(Address(port), FORTY)

    assert counts(measurement) == (40, 0)
    assert script.requests == 40
    assert len(measurement.waits_s) == 40


async def test_the_aiohttp_proxy_adds_and_loses_nothing() -> None:
    script = Script()
    async with upstream_port(script) as target_port, proxy_port(target_port) as port:
        chat = await run_chat(Address(port), FORTY)
        streams = await run_streams(Address(port), StreamLoad(streams=3, events=7, interval_ms=1))

    assert counts(chat) == (40, 0)
    assert counts(streams) == (21, 0)
    assert script.requests == 43


async def test_a_failed_answer_is_one_error() -> None:
    async with upstream_port(Script(fail_every=5)) as target_port, proxy_port(target_port) as port:
        measurement = await run_chat(Address(port), FORTY)

    assert counts(measurement) == (32, 8)


async def test_a_failed_stream_is_one_error_and_its_events_do_not_count() -> None:
    async with upstream_port(Script(fail_every=3)) as port:
        measurement = await run_streams(Address(port), StreamLoad(streams=3, events=5, interval_ms=0))

    assert counts(measurement) == (10, 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 740\r\n\r\n" + ANSWER[:-1],
        b"HTTP/1.1 200 OK\r\n\r\n" + ANSWER,
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + ANSWER,
        b"no http at all\r\n\r\n",
        b"",
    ],
    ids=["short", "cut", "without an end", "too long", "not http", "hung up"],
)
async def test_an_answer_that_is_not_whole_is_one_error(answer: bytes) -> None:
    async with answering(answer) as port:
        measurement = await run_chat(Address(port), ChatLoad(connections=1, requests_max=3, duration_s=20))

    assert counts(measurement) == (0, 3)


async def test_a_stream_without_its_end_mark_is_one_error() -> None:
    whole = upstream._STREAM_HEAD + b"".join(stream_frames(4, usage=False))
    async with answering(whole.replace(b"[DONE]", b"[GONE]")) as port:
        measurement = await run_streams(Address(port), StreamLoad(streams=2, events=4, interval_ms=0))

    assert counts(measurement) == (0, 2)


async def test_the_load_ends_when_its_time_is_up() -> None:
    async with upstream_port(Script()) as port:
        measurement = await run_chat(Address(port), ChatLoad(connections=2, duration_s=0.1))

    assert measurement.errors == 0
    assert measurement.count > 0
    assert measurement.elapsed_s >= 0.1


async def test_a_stream_keeps_its_pace() -> None:
    async with upstream_port(Script()) as port:
        measurement = await run_streams(Address(port), StreamLoad(streams=1, events=6, interval_ms=20))

    assert counts(measurement) == (6, 0)
    assert measurement.elapsed_s >= 0.095
    assert measurement.waits_s[0] < measurement.elapsed_s / 2


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    address = Address(9)
    stream = b'{"stream": true, "messages": [{"content": "3 events, 5 ms"}]}'
    async with upstream_port(Script()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(address, chat_body("bench")) + post(address, stream) + post(address, chat_body("bench")))
        expected = upstream._OK + upstream._STREAM_HEAD + b"".join(stream_frames(3, usage=False)) + upstream._OK
        actual = await reader.readexactly(len(expected))
        writer.close()
        await writer.wait_closed()

    assert expected == actual


def test_the_sizes_are_the_promised_ones() -> None:
    assert (len(chat_body("bench")), len(ANSWER)) == (150, 740)
    assert json.loads(chat_body("bench"))["model"] == "bench"
    assert json.loads(ANSWER)["usage"]["total_tokens"] == 88


def test_an_answer_reads_the_same_however_it_is_cut() -> None:
    body = b"".join(frame.partition(b"\r\n")[2] for frame in (b"5\r\nhello", b"3\r\n, y", b"2\r\nou"))
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=1\r\n, y\r\n2\r\nou\r\n0\r\n\r\n"

    for step in range(1, len(wire) + 1):
        reader = AnswerReader()
        parts = [reader.feed(piece) for piece in pieces(wire, step)]

        assert (body, True, 200) == (b"".join(parts), reader.complete, reader.status)


def test_bytes_after_an_answer_are_refused() -> None:
    with pytest.raises(BrokenHttpError):
        AnswerReader().feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore")


def pieces(data: bytes, step: int) -> Iterator[bytes]:
    return (data[at : at + step] for at in range(0, len(data), step))


async def a_small_run(*more: str) -> asyncio.subprocess.Process:
    arguments = ("--only", "aiohttp", "--starts", "1", "--duration-s", "0.1", "--streams", "3", *more)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.run", *arguments),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


@linux
async def test_a_whole_run_prints_its_table_and_leaves_no_process() -> None:
    running = await a_small_run("--rounds", "1")
    table = (await running.communicate())[0].decode()
    row = next(line for line in table.splitlines() if line.startswith("aiohttp"))

    assert running.returncode == 0
    assert row.split()[-1] == "0"
    assert processes_of_session(running.pid) == []


@linux
async def test_a_run_that_is_told_to_end_leaves_no_process() -> None:
    running = await a_small_run("--rounds", "100")
    assert running.stderr is not None
    first_line = await running.stderr.readline()
    running.terminate()
    _, rest = await running.communicate()

    assert first_line.startswith(b"round 1 of 100")
    assert rest.endswith(b"ended by SIGTERM\n")
    assert running.returncode == 1
    assert processes_of_session(running.pid) == []


def processes_of_session(session: int) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        if int(fields[3]) == session:
            found.append(int(process.name))
    return found
