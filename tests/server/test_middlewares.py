"""Where an exception becomes an answer, and what of it is in the log."""

import pytest

from llmgw.adapters.journal import LogJournal
from llmgw.errors import FailureClass, UpstreamStatusError
from llmgw.gateway import Gateway
from llmgw.ports import Upstream
from llmgw.server.middlewares import too_large
from tests.fakes import Answer, FakeUpstream, event_stream
from tests.partners.behaviours import event_stream as event_stream_of
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client
from tests.served import Served, served
from tests.server.calls import chat, get
from tests.server.routes import chain

HELLO = chat_events("Hello there")
BUG = ZeroDivisionError("a bug with sk-planted-0123456789")


def with_upstream(gateway: Served, upstream: Upstream) -> None:
    running = gateway.running
    running.gateway = Gateway(upstream, running.clock, LogJournal(running.logger), running.books.books)


async def answered(*pieces: bytes | BaseException, more: str = "") -> tuple[RawAnswer, Served]:
    """What comes of a stream of these."""
    answer: Answer = event_stream(*pieces)
    async with served(chain("http://127.0.0.1:9", more=more)) as gateway:
        with_upstream(gateway, FakeUpstream(answer))
        return await chat(gateway.url, stream=True), gateway


async def test_a_fault_of_ours_is_a_500_that_says_nothing_and_a_traceback_that_says_all() -> None:
    answer, gateway = await answered(BUG)

    assert (answer.status, answer.json["error"]["code"]) == (500, "internal_error")
    assert "sk-planted" not in answer.body.decode()
    (line,) = gateway.log.of("internal_error")
    assert ("error", answer.headers["x-llmgw-request-id"]) == (line["level"], line["request_id"])
    assert "ZeroDivisionError" in line["exception"]
    assert gateway.log.requests[0]["outcome"] == "internal_error"


async def test_a_fault_of_ours_in_a_stream_leaves_it_visibly_cut() -> None:
    answer, gateway = await answered(b"".join(HELLO[:2]), BUG)

    assert (200, False, b"".join(HELLO[:2])) == (answer.status, answer.whole, answer.body)
    assert [line["event"] for line in gateway.log.lines] == ["request", "internal_error"]


async def test_a_fault_of_ours_harms_nobody_else() -> None:
    async with served(chain("http://127.0.0.1:9")) as gateway:
        with_upstream(gateway, FakeUpstream(event_stream(BUG), event_stream(b"".join(HELLO)), event_stream(BUG)))
        statuses = [(await chat(gateway.url, stream=True)).status for _ in range(3)]

    assert statuses == [500, 200, 500]
    assert gateway.running.in_flight == 0


async def test_every_answer_has_an_id_of_ours() -> None:
    async with served(chain("http://127.0.0.1:9")) as gateway:
        answers = [await get(gateway.url, path) for path in ("/", "/healthz", "/nowhere", "/v1/models", "/v1/models")]

    ids = [answer.headers["x-llmgw-request-id"] for answer in answers]
    assert (5, {28}) == (len(set(ids)), set(map(len, ids)))


async def test_no_answer_tells_what_we_are_made_of(upstream: FaultUpstream) -> None:
    upstream.script(event_stream_of(HELLO), json_answer(chat_answer()))
    async with served(chain(upstream.url)) as gateway, raw_client(gateway.url) as client:
        answers = [await get(gateway.url, path) for path in ("/", "/healthz", "/nowhere", "/v1/models")]
        answers += [await chat(gateway.url, stream=stream) for stream in (True, False)]
        answers.append(await chat(gateway.url, "nobody"))
        await client.send(b"GET / HTTP/9\r\n\r\n")
        answers.append(await client.read_answer())

    assert {answer.headers["server"] for answer in answers} == {"llmgw"}


@pytest.mark.parametrize(("wait_s", "expected"), [(0.0, "1"), (0.2, "1"), (1.0, "1"), (1.001, "2"), (2.001, "3")])
async def test_a_wait_is_rounded_up_to_whole_seconds(wait_s: float, expected: str) -> None:
    error = UpstreamStatusError(
        FailureClass.RATE_LIMITED, "wait", status=429, headers={}, body=b"", retry_after_s=wait_s
    )
    async with served(chain("http://127.0.0.1:9", retry="{attempts: 1}")) as gateway:
        with_upstream(gateway, FakeUpstream(error))
        answer = await chat(gateway.url)

    assert (answer.status, answer.headers["retry-after"]) == (429, expected)


def test_what_is_too_large_says_where_the_limit_is() -> None:
    assert too_large(5).message == "the body is over 5 bytes (server.max_body)"


SIMULATED = "models: {one: {target: simulator/x, price: {input_usd_per_mtok: 1, output_usd_per_mtok: 10}}}\n"


@pytest.mark.parametrize("stream", [True, False])
async def test_who_is_over_a_limit_hears_when_to_come_again(stream: bool) -> None:
    async with served(SIMULATED + "limits: [{name: rate, requests: 1/m, tokens: 90k/m}]\n") as gateway:
        first, second = [await chat(gateway.url, "one", stream=stream) for _ in range(2)]

    assert (first.status, first.headers["x-ratelimit-remaining-requests"]) == (200, "0")
    assert (second.status, second.json["error"]["code"]) == (429, "rate_limit_exceeded")
    assert second.headers["retry-after"] in ("60", "61")
    assert (second.headers["x-ratelimit-limit-requests"], second.headers["x-ratelimit-limit-tokens"]) == ("1", "90000")
    assert 59 < float(second.headers["x-ratelimit-reset-requests"].removesuffix("s")) < 61
    assert "x-should-retry" not in second.headers


async def test_who_is_over_a_budget_hears_what_is_left_in_his_own_dialect() -> None:
    async with (
        served(SIMULATED + "budgets: [{name: day, limit_usd: 0.001, per: day}]\n") as gateway,
        raw_client(gateway.url) as client,
    ):
        body = {"model": "one", "max_tokens": 900, "messages": [{"role": "user", "content": "Hi"}]}
        await client.post("/v1/messages", body)
        answer = await client.read_answer()

    assert (answer.status, answer.json["type"]) == (402, "error")
    assert "the budget 'day' has $0.001000000 left, and this may cost $0.01" in answer.json["error"]["message"]
    assert answer.headers["x-llmgw-budget-remaining-usd"] == "0.001000000"
    assert "retry-after" not in answer.headers
