"""The cache end to end: what is never kept, who never shares, what callers say of it, and what a hit takes."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from llmgw.adapters.ledger import ledger_to_read
from llmgw.adapters.sqlite.reading import requests as request_rows
from llmgw.policy.usage import UsageQuery
from llmgw.server.reload import Reload, stamps
from tests.partners.behaviours import closed_after, event_stream, json_answer, reset_after, stall_after
from tests.partners.bodies import ToolCall, chat_answer, chat_events, encode
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import ProviderError, openai_error_answer, provider_errors
from tests.partners.raw_client import RawAnswer, raw_client
from tests.partners.steps import Behaviour, Gate, Turn
from tests.replay.callers import MODEL, Caller, call, spoken
from tests.replay.gateways import gateway_before
from tests.served import Served, served
from tests.server.calls import CHAT, chat_body, eventually, is_whole
from tests.server.cycles import left_in_cycles
from tests.server.routes import chain
from tests.server.test_failures import ANY_FAULTS, SHORT, STREAM_FAULTS, WHOLE_FAULTS, Fault

RULE = "name: all, ttl: 1h, scope: everyone"
CACHE = f"cache: {{rules: [{{{RULE}}}]}}"
PRICE = "price: {input_usd_per_mtok: 1, output_usd_per_mtok: 2}"
COST_NANOUSD = 9 * 1000 + 3 * 2000
ONE_TRY = "{attempts: 1}"
HELLO = chat_events("Hello there", include_usage=True)
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
EVERY_DIALECT = pytest.mark.parametrize("caller", spoken(), ids=lambda caller: caller.dialect)


def good(stream: bool) -> Behaviour:
    return event_stream(HELLO) if stream else json_answer(chat_answer())


def config(*urls: str, more: str = CACHE, **models: str) -> str:
    return chain(*urls, retry=ONE_TRY, more=more, **{"one": PRICE, **models})


async def ask(url: str, headers: Mapping[str, str] | None = None, **fields: Any) -> RawAnswer:
    async with raw_client(url) as client:
        await client.post(CHAT, {**chat_body(), **fields}, headers)
        return await client.read_answer()


def how(answer: RawAnswer) -> str:
    return answer.headers["x-llmgw-cache"]


# Never kept.


async def expect_not_kept(upstream: FaultUpstream, first: Behaviour, *, stream: bool, **models: str) -> Served:
    """Asked again, the upstream is asked again; what it says then is kept."""
    upstream.script(first, otherwise=good(stream))
    async with served(config(upstream.url, **models)) as gateway:
        await ask(gateway.url, stream=stream)
        again, third = [await ask(gateway.url, stream=stream) for _ in range(2)]

    assert (len(upstream.requests), how(again), how(third)) == (2, "miss", "hit")
    assert again.body == third.body
    return gateway


@STREAMED
@pytest.mark.parametrize("error", provider_errors(), ids=lambda error: error.name)
async def test_an_error_is_not_kept(upstream: FaultUpstream, error: ProviderError, stream: bool) -> None:
    await expect_not_kept(upstream, error.behaviour, stream=stream)


@pytest.mark.parametrize("status", [203, 206, 300, 304, 400, 404, 408, 418, 429, 500, 503, 529, 599])
async def test_a_status_without_an_answer_is_not_kept(upstream: FaultUpstream, status: int) -> None:
    await expect_not_kept(upstream, openai_error_answer(status), stream=False)


def limits(fault: Fault) -> Mapping[str, str]:
    return {"one": f"timeout: {SHORT}"} if fault.limit else {}


@pytest.mark.parametrize("fault", [*ANY_FAULTS, *WHOLE_FAULTS], ids=lambda fault: fault.name)
async def test_a_fault_is_not_kept(upstream: FaultUpstream, fault: Fault) -> None:
    await expect_not_kept(upstream, fault.behaviour, stream=False, **limits(fault))


@pytest.mark.parametrize("fault", [*ANY_FAULTS, *STREAM_FAULTS], ids=lambda fault: fault.name)
async def test_a_fault_of_a_stream_is_not_kept(upstream: FaultUpstream, fault: Fault) -> None:
    await expect_not_kept(upstream, fault.behaviour, stream=True, **limits(fault))


@pytest.mark.parametrize("keep", range(len(HELLO) - 3))
@pytest.mark.parametrize("cut", [closed_after, reset_after], ids=["FIN", "RST"])
async def test_a_cut_stream_is_not_kept_wherever_it_is_cut(upstream: FaultUpstream, cut: Any, keep: int) -> None:
    await expect_not_kept(upstream, cut(HELLO, keep), stream=True)


def ended(word: str) -> tuple[Behaviour, Behaviour]:
    """Whole, and as a stream."""
    old, new = b'"finish_reason":"stop"', b'"finish_reason":"%b"' % word.encode()
    return body(encode(chat_answer()).replace(old, new)), event_stream([event.replace(old, new) for event in HELLO])


def body(text: bytes) -> Behaviour:
    return json_answer(json.loads(text))


def refused() -> tuple[Behaviour, Behaviour]:
    told = encode(chat_answer()).replace(b'"content":"Hello there","refusal":null', b'"content":null,"refusal":"No."')
    events = [event.replace(b'{"content":"', b'{"refusal":"') for event in HELLO]
    return body(told), event_stream(events)


def calling_tools() -> tuple[Behaviour, Behaviour]:
    calls = [ToolCall("weather", '{"city":"Bern"}')]
    return json_answer(chat_answer(tool_calls=calls)), event_stream(chat_events(tool_calls=calls, include_usage=True))


ENDS: Mapping[str, tuple[Behaviour, Behaviour]] = {
    "truncated": ended("length"),
    "filtered": ended("content_filter"),
    "refused": refused(),
    "tool calls": calling_tools(),
}


# Of old completions none can say that it calls tools.
SAYABLE = [(one, end) for one in spoken() for end in ENDS if (one.dialect, end) != ("openai_completions", "tool calls")]


@STREAMED
@pytest.mark.parametrize(("caller", "end"), SAYABLE, ids=[f"{caller.dialect}, {end}" for caller, end in SAYABLE])
async def test_an_answer_that_does_not_end_as_it_should_is_not_kept(
    upstream: FaultUpstream, caller: Caller, end: str, stream: bool
) -> None:
    upstream.script(ENDS[end][stream], otherwise=good(stream))
    async with gateway_before("openai_chat", caller.dialect, upstream, more=CACHE) as gateway:
        asked = caller.ask(stream)
        _, again, third = [await call(gateway.url, caller, asked, stream=stream) for _ in range(3)]

    assert (how(again), how(third), len(upstream.requests)) == ("miss", "hit", 2)
    assert again.body == third.body


@STREAMED
async def test_an_end_that_nobody_knows_is_not_kept(upstream: FaultUpstream, stream: bool) -> None:
    await expect_not_kept(upstream, ended("moonrise")[stream], stream=stream)


@STREAMED
@EVERY_DIALECT
async def test_an_error_is_not_kept_in_any_dialect(upstream: FaultUpstream, caller: Caller, stream: bool) -> None:
    upstream.script(openai_error_answer(400), reset_after(HELLO, 3), otherwise=good(stream))
    async with gateway_before("openai_chat", caller.dialect, upstream, more=CACHE) as gateway:
        asked = caller.ask(stream)
        answers = [await call(gateway.url, caller, asked, stream=stream) for _ in range(4)]

    assert [how(answer) for answer in answers] == ["miss", "miss", "miss", "hit"]


@STREAMED
@pytest.mark.parametrize("keeps", [False, True])
async def test_by_fallback_only_if_the_rule_says_so(
    upstream: FaultUpstream, second_upstream: FaultUpstream, keeps: bool, stream: bool
) -> None:
    upstream.script(openai_error_answer(500))
    second_upstream.script(good(stream))
    rule = f"cache: {{rules: [{{{RULE}, keep_fallback: {str(keeps).lower()}}}]}}"
    async with served(config(upstream.url, second_upstream.url, more=rule)) as gateway:
        first, again = [await ask(gateway.url, stream=stream) for _ in range(2)]

    assert (how(first), how(again)) == ("miss", "hit" if keeps else "miss")
    assert first.headers["x-llmgw-route"] == again.headers["x-llmgw-route"] == "chat/fallback[1]=two"


async def test_by_what_a_budget_leads_to_is_not_kept(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    budget = "budgets: [{name: day, limit_usd: 0.000000001, per: day, on_exceeded: {use: two}}]"
    text = config(upstream.url, upstream.url, more=f"{CACHE}\n{budget}", two="price: free")
    async with served(text.replace("[one, two]", "[one]")) as gateway:
        answers = [await ask(gateway.url, max_tokens=300) for _ in range(2)]

    assert [(it.status, it.headers["x-llmgw-target"], how(it)) for it in answers] == [(200, "two", "miss")] * 2


async def test_what_a_budget_has_capped_is_kept_if_it_ended_by_itself(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    budget = "budgets: [{name: day, limit_usd: 0.002, per: day}]"
    async with served(config(upstream.url, more=f"{CACHE}\n{budget}")) as gateway:
        first, again = [await ask(gateway.url) for _ in range(2)]

    assert "x-llmgw-output-cap" in first.headers, first.body
    assert (how(first), how(again), "cache_why" in gateway.log.requests[0]) == ("miss", "hit", False)


async def test_counts_of_tokens_are_never_kept(upstream: FaultUpstream) -> None:
    async with gateway_before("openai_chat", "anthropic_messages", upstream, more=CACHE) as gateway:
        for _ in range(2):
            async with raw_client(gateway.url) as client:
                asked = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
                await client.post("/v1/messages/count_tokens", asked, {"anthropic-version": "2023-06-01"})
                answer = await client.read_answer()

            assert (answer.status, how(answer)) == (200, "off")


# Who shares.

KEYS = """
keys:
  - {name: ada, secret: "${ADA}", team: red, metadata: {tier: paid}}
  - {name: bob, secret: "${BOB}", team: red, metadata: {tier: free}}
  - {name: eve, secret: "${EVE}", team: blue, metadata: {tier: free}}
  - {name: lee, secret: "${LEE}", team: red, models: [one]}
  - {name: out, secret: "${OUT}", team: red, expires: 2020-01-01}
"""
ENV = {name: f"the-secret-of-{name.lower()}-for-a-long-while" for name in ("ADA", "BOB", "EVE", "LEE", "OUT")}


def of(name: str, **metadata: str) -> Mapping[str, str]:
    said = {"x-llmgw-metadata": encode(metadata).decode()} if metadata else {}
    return {"authorization": f"Bearer {ENV[name.upper()]}", **said}


def scoped(url: str, scope: str, keys: str = KEYS) -> str:
    said = f", scope: {scope}" if scope else ""
    return config(url, url, more=f"cache: {{rules: [{{name: all, ttl: 1h{said}}}]}}\n{keys}")


@pytest.mark.parametrize(
    ("scope", "one", "other", "shares"),
    [
        ("", of("ada"), of("ada"), True),
        ("", of("ada"), of("bob"), False),
        ("key.team", of("ada"), of("bob"), True),
        ("key.team", of("ada"), of("eve"), False),
        ("metadata.tier", of("ada"), of("bob"), False),
        ("metadata.tier", of("bob"), of("eve"), True),
        ("metadata.tenant", of("ada", tenant="x"), of("bob", tenant="x"), True),
        ("metadata.tenant", of("ada", tenant="x"), of("ada", tenant="y"), False),
        ("metadata.tenant", of("ada"), of("bob"), False),
        ("metadata.tenant", of("ada"), of("ada"), True),
        ("metadata.tenant", of("ada"), of("bob", tenant="ada"), False),
        ("[key.team, metadata.tenant]", of("ada", tenant="x"), of("bob", tenant="x"), True),
        ("[key.team, metadata.tenant]", of("ada", tenant="x"), of("eve", tenant="x"), False),
        ("everyone", of("ada"), of("bob"), True),
    ],
)
async def test_a_scope_says_who_shares(
    upstream: FaultUpstream, scope: str, one: Mapping[str, str], other: Mapping[str, str], shares: bool
) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(scoped(upstream.url, scope), ENV) as gateway:
        first, second = await ask(gateway.url, one), await ask(gateway.url, other)
        at_once = await asyncio.gather(*[ask(gateway.url, who, max_tokens=7) for who in (one, other)])

    assert [first.status, second.status] == [200, 200]
    assert (how(first), how(second)) == ("miss", "hit" if shares else "miss")
    assert {how(answer) for answer in at_once} <= ({"miss", "coalesced", "hit"} if shares else {"miss"})
    assert len(upstream.requests) == (2 if shares else 4)


async def test_a_free_callers_answer_is_never_a_paid_callers(upstream: FaultUpstream) -> None:
    upstream.script(lambda seen: json_answer(chat_answer(seen.json["model"])))
    when = """{when: [{if: 'metadata.tier == "paid"', use: one}, {use: two}]}"""
    text = scoped(upstream.url, "everyone").replace("{fallback: [one, two]}", when)
    async with served(text, ENV) as gateway:
        answers = [await ask(gateway.url, of(name)) for name in ("bob", "ada", "bob", "ada")]

    told = [(how(answer), answer.json["choices"][0]["message"]["content"]) for answer in answers]
    assert told == [("miss", "up-two"), ("miss", "up-one"), ("hit", "up-two"), ("hit", "up-one")]


async def test_nobody_gets_what_is_kept_who_may_not_ask_for_it(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(scoped(upstream.url, "everyone"), ENV) as gateway:
        await ask(gateway.url, of("ada"))
        answers = [await ask(gateway.url, who) for who in (of("out"), of("lee"), {}, of("bob"))]

    assert [answer.status for answer in answers] == [401, 403, 401, 200]
    assert [how(answer) for answer in answers if answer.status == 200] == ["hit"]
    assert not any(b"Hello" in answer.body for answer in answers[:3])


# What callers say.


@pytest.mark.parametrize(
    ("control", "first", "then"),
    [
        ("no-cache", "bypass", "hit"),  # it is not looked for, and kept
        ("no-store", "miss", "miss"),  # it is looked for, and not kept
        ("no-cache, no-store", "bypass", "miss"),
        ("max-age=0", "bypass", "hit"),
        ("max-age=60", "miss", "hit"),
        ("No-Cache", "bypass", "hit"),
        ("private", "miss", "hit"),
    ],
)
async def test_a_caller_says_what_he_wants_of_it(upstream: FaultUpstream, control: str, first: str, then: str) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(config(upstream.url)) as gateway:
        told = await ask(gateway.url, {"cache-control": control})
        again = await ask(gateway.url)

    assert (first, then) == (how(told), how(again))


async def test_what_is_kept_stays_while_a_caller_does_not_want_it(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer("old")), json_answer(chat_answer("new")))
    async with served(config(upstream.url)) as gateway:
        await ask(gateway.url)
        for control in ("no-store", "max-age=9"):
            assert how(await ask(gateway.url, {"cache-control": control})) == "hit"
        passed = await ask(gateway.url, {"cache-control": "no-cache, no-store"})
        kept = await ask(gateway.url)

    assert (how(passed), how(kept)) == ("bypass", "hit")
    assert (b"new" in passed.body, b"old" in kept.body) == (True, True)


@STREAMED
@EVERY_DIALECT
async def test_nothing_but_what_is_kept_is_a_504_in_the_callers_words(
    upstream: FaultUpstream, caller: Caller, stream: bool
) -> None:
    upstream.script(good(stream))
    only = {"cache-control": "only-if-cached"}
    async with gateway_before("openai_chat", caller.dialect, upstream, more=CACHE) as gateway:
        asked = caller.ask(stream)
        before = await call(gateway.url, caller, asked, stream=stream, headers=only)
        await call(gateway.url, caller, asked, stream=stream)
        after = await call(gateway.url, caller, asked, stream=stream, headers=only)

    assert (before.status, "error" in before.json, b"nothing is kept" in before.body) == (504, True, True)
    assert (after.status, how(after), len(upstream.requests)) == (200, "hit", 1)
    assert gateway.log.requests[0]["outcome"] == "not_in_cache"


@STREAMED
async def test_the_headers_of_what_is_kept(upstream: FaultUpstream, stream: bool) -> None:
    upstream.script(good(stream))
    async with served(config(upstream.url)) as gateway:
        first, again = [await ask(gateway.url, stream=stream) for _ in range(2)]

    expected = {"x-llmgw-cache": "hit", "age": "0", "x-llmgw-attempts": "0", "x-llmgw-target": "one"}
    assert expected == {name: again.headers[name] for name in expected}
    assert "age" not in first.headers
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-llmgw-route"] == first.headers["x-llmgw-route"]
    if not stream:
        assert (float(first.headers["x-llmgw-cost-usd"]), float(again.headers["x-llmgw-cost-usd"])) == (0.000015, 0)


async def test_where_no_rule_is_about_it_the_cache_is_off(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    more = f"cache: {{rules: [{{{RULE}, models: [other]}}]}}"
    async with served(config(upstream.url, more=more)) as gateway:
        assert [how(await ask(gateway.url)) for _ in range(2)] == ["off", "off"]


# How long.


async def test_an_answer_is_kept_as_long_as_its_rule_says(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    more = "cache: {rules: [{name: all, ttl: 300ms, scope: everyone}]}"
    async with served(config(upstream.url, more=more)) as gateway:
        told = [how(await ask(gateway.url)) for _ in range(2)]
        await asyncio.sleep(0.35)
        told.append(how(await ask(gateway.url)))

    assert told == ["miss", "hit", "miss"]


RELOADS: Mapping[str, tuple[Callable[[str], str], str]] = {
    "nothing": (lambda text: text, "hit"),
    "another file": (lambda text: f"{text}\nserver: {{timezone: Europe/Berlin}}", "hit"),
    "room for more": (lambda text: text.replace("cache: {", "cache: {max_size: 1MiB, "), "hit"),
    "the model": (lambda text: text.replace("up-one", "up-new"), "miss"),
    "what is sent": (
        lambda text: text.replace("{target: one/up-one,", "{target: one/up-one, set: {top_p: 0.5},"),
        "miss",
    ),
    "the name of the rule": (lambda text: text.replace("name: all", "name: some"), "miss"),
    "the scope": (lambda text: text.replace("scope: everyone", "scope: request.endpoint"), "miss"),
    "how long": (lambda text: text.replace("ttl: 1h", "ttl: 2h"), "hit"),
    "no rules": (lambda text: text.replace(CACHE, ""), "off"),
}


@pytest.mark.parametrize("change", RELOADS)
async def test_a_new_file_finds_what_would_be_answered_the_same(
    upstream: FaultUpstream, tmp_path: Path, change: str
) -> None:
    upstream.script(json_answer(chat_answer()))
    before, (changed, expected) = config(upstream.url), RELOADS[change]
    file = tmp_path / "config.yaml"
    async with served(before) as gateway:
        file.write_text(changed(before))
        await ask(gateway.url)
        assert await Reload(gateway.running, gateway.upstreams, [file], dict, stamps([file])).now(), gateway.log.lines
        told = how(await ask(gateway.url))
        file.write_text(before)
        await Reload(gateway.running, gateway.upstreams, [file], dict, stamps([file])).now()
        back = how(await ask(gateway.url))

    assert (expected, "hit") == (told, back)


# What it takes.


def limited(upstream: FaultUpstream, rule: str) -> str:
    return config(upstream.url, more=f"{CACHE}\n{rule}")


async def test_it_takes_a_request(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(limited(upstream, "limits: [{name: rate, requests: 2/h}]")) as gateway:
        answers = [await ask(gateway.url) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining-requests"] for answer in answers[:2]] == ["1", "0"]
    assert len(upstream.requests) == 1


async def test_it_takes_no_tokens(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    async with served(limited(upstream, "limits: [{name: rate, tokens: 30/h}]")) as gateway:
        await ask(gateway.url, max_tokens=5)
        hits = [await ask(gateway.url, max_tokens=5) for _ in range(5)]
        others = [await ask(gateway.url, max_tokens=number) for number in (6, 7, 8)]
        hits.append(await ask(gateway.url, max_tokens=5))

    assert [how(answer) for answer in hits] == ["hit"] * 6
    assert (others[0].status, others[-1].status) == (200, 429)


async def test_it_takes_no_place(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()), otherwise=stall_after(HELLO[:3]))
    async with served(limited(upstream, "limits: [{name: rate, concurrent: 1}]")) as gateway:
        await ask(gateway.url)
        async with raw_client(gateway.url) as client:
            await client.post(CHAT, chat_body(stream=True, text="long"))
            await client.read_until(b"there")
            hit, other = await ask(gateway.url), await ask(gateway.url, max_tokens=7)

    assert (how(hit), hit.status, other.status) == ("hit", 200, 429)


async def test_a_used_up_budget_still_gets_what_is_kept(upstream: FaultUpstream) -> None:
    upstream.script(json_answer(chat_answer()))
    budget = "budgets: [{name: day, limit_usd: 0.002, per: day}]"
    async with served(limited(upstream, budget)) as gateway:
        first = await ask(gateway.url, max_tokens=300)
        assert first.status == 200, first.body
        before = gateway.running.books.quota.standings()[0].spent_nanousd
        hits = [await ask(gateway.url, max_tokens=300) for _ in range(3)]
        other = await ask(gateway.url, max_tokens=900)
        after = gateway.running.books.quota.standings()[0]

    assert ([how(hit) for hit in hits], other.status) == (["hit"] * 3, 402)
    assert (after.spent_nanousd, after.reserved_nanousd) == (before, 0)


@STREAMED
async def test_the_book_says_what_was_saved(upstream: FaultUpstream, tmp_path: Path, stream: bool) -> None:
    upstream.script(good(stream))
    ledger = tmp_path / "llmgw.db"
    async with served(config(upstream.url), ledger=ledger) as gateway:
        for form in (stream, stream, not stream):
            assert is_whole(await ask(gateway.url, stream=form))
        await eventually(lambda: len(gateway.log.requests) == 3)

    expected = [("", COST_NANOUSD, 0, "ok"), *[("hit", 0, COST_NANOUSD, "ok")] * 2]
    assert expected == sorted(map(shown, rows(ledger)))
    assert [line.get("saved_nanousd", 0) for line in gateway.log.requests] == [0, COST_NANOUSD, COST_NANOUSD]


def rows(ledger: Path) -> Sequence[Mapping[str, Any]]:
    with ledger_to_read(ledger, print) as connection:
        return [*request_rows(connection, UsageQuery())]


def shown(row: Mapping[str, Any]) -> tuple[str, int, int, str]:
    return row.get("cached", ""), row["cost_nanousd"], row.get("saved_nanousd", 0), row["outcome"]


# What it leaves.

CALLS: Mapping[str, tuple[Behaviour, bool, int]] = {
    "a miss": (good(stream=False), False, 1),
    "a miss of a stream": (good(stream=True), True, 1),
    "a hit": (good(stream=False), False, 2),
    "a hit of a stream": (good(stream=True), True, 2),
    "a failure": (openai_error_answer(500), False, 1),
    "a cut": (event_stream(HELLO[:3]), True, 1),
}


@pytest.mark.parametrize("name", CALLS)
async def test_nothing_is_left_to_the_collector(upstream: FaultUpstream, name: str) -> None:
    behaviour, stream, times = CALLS[name]
    upstream.script(behaviour)
    closing = {"connection": "close"}
    async with served(config(upstream.url)) as gateway:
        with left_in_cycles() as left:
            for _ in range(times):
                await ask(gateway.url, closing, stream=stream)
            await eventually(lambda: len(gateway.log.requests) == times)
        flights = [*gateway.running.memory.sharing._flights]

    assert left == []
    assert flights == []


@STREAMED
@pytest.mark.parametrize("behaviour", ["good", "failing", "cut"])
async def test_those_who_follow_leave_nothing_either(upstream: FaultUpstream, behaviour: str, stream: bool) -> None:
    does = {"good": good(stream), "failing": openai_error_answer(500), "cut": event_stream(HELLO[:3])}[behaviour]
    upstream.script(does)
    async with served(config(upstream.url)) as gateway:
        with left_in_cycles() as left:
            await asyncio.gather(*[ask(gateway.url, {"connection": "close"}, stream=stream) for _ in range(5)])
            await eventually(lambda: len(gateway.log.requests) == 5)

    assert left == []


async def test_who_leads_and_leaves_leaves_nothing(upstream: FaultUpstream) -> None:
    upstream.script(stall_after(HELLO[:3]))
    async with served(config(upstream.url)) as gateway:
        with left_in_cycles() as left:
            async with raw_client(gateway.url) as client:
                await client.post(CHAT, chat_body(stream=True))
                await client.read_until(b"there")
                client.reset()
            await eventually(lambda: gateway.log.requests)
            await eventually(lambda: not gateway.running.in_flight)

    assert left == []


async def test_nobody_gets_what_anothers_budget_has_left(upstream: FaultUpstream) -> None:
    """Asked at the same time by one who has hardly anything left, and by one who has enough."""
    gate = Gate()
    upstream.script((Turn(gate), *json_answer(chat_answer())), otherwise=json_answer(chat_answer()))
    more = f"""{CACHE}
keys: [{{name: poor, secret: sk-poor-0123456789}}, {{name: rich, secret: sk-rich-0123456789}}]
budgets: [{{name: each, each: key, per: day, limit_usd: {{poor: 0.003, "*": 10}}}}]
"""
    async with served(config(upstream.url, more=more)) as gateway, asyncio.TaskGroup() as group:
        poor = group.create_task(ask(gateway.url, {"authorization": "Bearer sk-poor-0123456789"}))
        await upstream.until(lambda: len(upstream.requests) == 1)
        rich = group.create_task(ask(gateway.url, {"authorization": "Bearer sk-rich-0123456789"}))
        await eventually(lambda: gateway.running.in_flight == 2)
        gate.open()

    assert int(poor.result().headers["x-llmgw-output-cap"]) < 4096, poor.result().body
    assert (how(rich.result()), len(upstream.requests)) == ("miss", 2)


async def test_without_a_rule_nothing_is_kept_for_who_takes_nothing_else(upstream: FaultUpstream) -> None:
    async with served(config(upstream.url, more="")) as gateway:
        answer = await ask(gateway.url, {"cache-control": "only-if-cached"})

    assert (answer.status, answer.json["error"]["code"], upstream.requests) == (504, "not_in_cache", [])
    assert answer.headers["x-should-retry"] == "false"
