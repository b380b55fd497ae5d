"""Keys through the real server: every habit of sending one, what it opens, and that it ends here.

No key is ever seen by an upstream, in a log line, or in an answer.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.partners.behaviours import event_stream, json_answer
from tests.partners.bodies import chat_answer, chat_events
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client, request_bytes
from tests.served import Served, served
from tests.server.calls import CHAT, chat_body, get
from tests.server.process import serving
from tests.server.routes import chain

SEARCH = "the-secret-of-search-in-production"
INTERN = "the-secret-of-an-intern-for-a-while"
GONE = "the-secret-that-has-expired-long-ago"
ENV = {"SEARCH": SEARCH, "INTERN": INTERN, "GONE": GONE}
KEYS = """
keys:
  - {name: search-prod, secret: "${SEARCH}", team: search, user: svc, metadata: {tier: paid}}
  - {name: intern, secret: "${INTERN}", models: ["tw*"], endpoints: [chat]}
  - {name: gone, secret: "${GONE}", team: past, expires: 2020-01-01}
"""
BY_KEY = """metadata.tier == "paid" && key == "search-prod" && key.team == "search" && key.user == "svc\""""
BY_CREDENTIAL = """headers["x-api-key"] != "" || headers.authorization != "" || headers["x-llmgw-key"] != \"\""""
MESSAGES = "/v1/messages"
GEMINI = "/v1beta/models/two:generateContent"
CLAUDES = {"model": "two", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
GOOGLES = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


@asynccontextmanager
async def gateway(upstream: FaultUpstream, more: str = KEYS, condition: str = "false") -> AsyncIterator[Served]:
    """Behind `by-rule` answers `one` if the condition holds, and `two` if not."""
    upstream.script(otherwise=json_answer(chat_answer("hello")))
    rule = f"routes:\n  by-rule: {{when: [{{if: '{condition}', use: one}}, {{use: two}}]}}\n"
    config = chain(upstream.url, upstream.url, more=more)
    async with served(config if condition == "false" else config.replace("routes:\n", rule), ENV) as found:
        yield found


async def send(
    url: str, body: object, headers: Mapping[str, str] | None = None, path: str = CHAT, method: str = "POST"
) -> RawAnswer:
    async with raw_client(url) as client:
        await client.post(path, body, headers, method)
        return await client.read_answer()


# Every habit.


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (CHAT, chat_body("two"), {"authorization": f"Bearer {INTERN}"}),
        (CHAT, chat_body("two"), {"x-llmgw-key": INTERN, "authorization": "Bearer another"}),
        ("/openai/deployments/two/chat/completions", chat_body("x"), {"api-key": INTERN}),
        (MESSAGES, CLAUDES, {"x-api-key": INTERN, "anthropic-version": "2023-06-01"}),
        (MESSAGES, CLAUDES, {"authorization": f"Bearer {INTERN}"}),
        (GEMINI, GOOGLES, {"x-goog-api-key": INTERN}),
        (f"{GEMINI}?key={INTERN}", GOOGLES, {}),
        (f"{CHAT}?key={INTERN}", chat_body("two"), {}),
    ],
)
async def test_every_sdks_habit_of_sending_a_key(
    upstream: FaultUpstream, path: str, body: object, headers: dict[str, str]
) -> None:
    async with gateway(upstream) as found:
        answer = await send(found.url, body, headers, path)

        assert (answer.status, answer.headers["x-llmgw-target"]) == (200, "two")
        assert [line["key"] for line in found.log.requests] == ["intern"]
        assert_nowhere(INTERN, found, upstream, answer)


def assert_nowhere(secret: str, found: Served, upstream: FaultUpstream, *answers: RawAnswer) -> None:
    """Not in the log, not in what upstreams saw of the head, not in what callers got."""
    heads = [f"{request.path} {request.headers}" for request in upstream.requests]
    told = [f"{answer.headers} {answer.body!r}" for answer in answers]

    assert [text for text in (*heads, *told, *map(json.dumps, found.log.lines)) if secret in text] == []


# Who may not.


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "a key is missing: send it as Authorization: Bearer KEY"),
        ({"authorization": "Basic dXNlcjpwYXNzd29yZA=="}, "a key is missing"),
        ({"authorization": "Bearer nobody-has-this-key"}, "the key in authorization is not valid, or not any more"),
        ({"x-api-key": GONE}, "the key in x-api-key is not valid, or not any more"),
        ({"x-llmgw-key": "wrong-one", "authorization": f"Bearer {SEARCH}"}, "the key in x-llmgw-key is not valid"),
        ({"authorization": "Bearer \udcff\udcfe-is-no-ascii"}, "is not valid"),
    ],
)
async def test_nobody_calls_without_a_key(upstream: FaultUpstream, headers: dict[str, str], words: str) -> None:
    async with gateway(upstream) as found:
        for path in (CHAT, "/v1/models", "/v1/models/two"):
            method = "POST" if path == CHAT else "GET"
            async with raw_client(found.url) as client:
                head = request_bytes(method, path, "gateway.example", b"{}" if path == CHAT else b"", {})
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                await client.send(
                    head.replace(b"\r\n\r\n", b"\r\n" + lines.encode("utf-8", "surrogateescape") + b"\r\n", 1)
                )
                answer = await client.read_answer()

            assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_key")
            assert words in answer.json["error"]["message"]
            assert answer.headers["www-authenticate"] == "Bearer"

        assert upstream.requests == []
        assert {line["status"] for line in found.log.of("refused")} == {401}


async def test_the_log_knows_whose_key_has_expired_and_the_caller_does_not(upstream: FaultUpstream) -> None:
    async with gateway(upstream) as found:
        answer = await send(found.url, chat_body(), {"x-api-key": GONE})
        (line,) = found.log.of("refused")

        assert (line["key"], line["team"]) == ("gone", "past")
        assert b"gone" not in answer.body


@pytest.mark.parametrize(
    ("path", "body", "headers", "expected"),
    [
        (CHAT, chat_body("one"), {}, {"type": "permission_error", "code": "forbidden_model", "param": "model"}),
        (MESSAGES, {**CLAUDES, "model": "one"}, {}, {"type": "permission_error", "code": "forbidden_model"}),
        (GEMINI.replace("two", "one"), GOOGLES, {}, {"code": 403, "status": "PERMISSION_DENIED"}),
        (f"{MESSAGES}/count_tokens", CLAUDES, {}, {"type": "permission_error", "code": "forbidden_endpoint"}),
    ],
)
async def test_what_a_key_may_not_is_said_in_the_callers_dialect(
    upstream: FaultUpstream, path: str, body: object, headers: dict[str, str], expected: dict[str, Any]
) -> None:
    async with gateway(upstream) as found:
        answer = await send(found.url, body, {"x-llmgw-key": INTERN, **headers}, path)
        error = answer.json["error"]

        assert answer.status == 403
        assert expected.items() <= error.items()
        assert "it may use: two" in error["message"] or "it may use: chat" in error["message"]
        assert upstream.requests == []


async def test_what_a_key_may_not_ask_for_is_not_told_from_what_there_is_not(upstream: FaultUpstream) -> None:
    async with gateway(upstream) as found:
        told = [await send(found.url, chat_body(name), {"x-llmgw-key": INTERN}) for name in ("one", "no-such-thing")]
        unknown = await send(found.url, chat_body("two-of-a-kind"), {"x-llmgw-key": INTERN})

        assert [answer.status for answer in told] == [403, 403]
        assert told[0].body.replace(b"'one'", b"") == told[1].body.replace(b"'no-such-thing'", b"")
        assert unknown.status == 404
        assert "Names: two." in unknown.json["error"]["message"]


async def test_a_refused_model_has_a_line_like_every_call(upstream: FaultUpstream) -> None:
    async with gateway(upstream) as found:
        await send(found.url, chat_body("one"), {"x-llmgw-key": INTERN})
        (line,) = found.log.requests

        assert (line["status"], line["outcome"], line["key"], line["model"]) == (
            403,
            "forbidden_model",
            "intern",
            "one",
        )
        assert line["level"] == "info"


async def test_models_are_listed_as_far_as_the_key_goes(upstream: FaultUpstream) -> None:
    async with gateway(upstream) as found:
        listed = {
            key: [
                model["id"]
                for model in (await send(found.url, b"", {"x-api-key": key}, "/v1/models", "GET")).json["data"]
            ]
            for key in (SEARCH, INTERN)
        }
        one = await send(found.url, b"", {"x-api-key": INTERN}, "/v1/models/one", "GET")
        two = await send(found.url, b"", {"x-api-key": INTERN}, "/v1/models/two", "GET")

        assert listed == {SEARCH: ["chat", "one", "two"], INTERN: ["two"]}
        assert (one.status, one.json["error"]["code"], two.status) == (403, "forbidden_model", 200)


async def test_how_the_process_is_may_be_asked_without_a_key(upstream: FaultUpstream) -> None:
    async with gateway(upstream) as found:
        answers = [await get(found.url, path) for path in ("/", "/healthz", "/readyz")]

        assert [answer.status for answer in answers] == [200, 200, 200]
        assert_nowhere(SEARCH, found, upstream, *answers)


# What a key says of its owner.


async def test_rules_know_the_key_and_its_word_wins(upstream: FaultUpstream) -> None:
    async with gateway(upstream, condition=BY_KEY) as found:
        said = {"x-llmgw-metadata": '{"tier": "free"}'}
        paid = await send(found.url, chat_body("by-rule"), {"x-api-key": SEARCH, **said})
        (line,) = found.log.requests

        assert paid.headers["x-llmgw-target"] == "one"
        assert (line["key"], line["team"], line["user"]) == ("search-prod", "search", "svc")


async def test_credentials_are_no_facts(upstream: FaultUpstream) -> None:
    async with gateway(upstream, condition=BY_CREDENTIAL) as found:
        given = {"x-api-key": SEARCH, "authorization": f"Bearer {SEARCH}", "x-llmgw-key": SEARCH}
        answer = await send(found.url, chat_body("by-rule"), given)

        assert answer.headers["x-llmgw-target"] == "two"


# The door.


async def test_with_keys_hosts_proxies_and_pages_do_not_matter(upstream: FaultUpstream) -> None:
    async with gateway(upstream) as found:
        given = {"x-forwarded-for": "203.0.113.7", "origin": "https://evil.example", "x-api-key": SEARCH}
        async with raw_client(found.url) as client:
            await client.send(request_bytes("POST", CHAT, "llm.example", json.dumps(chat_body()).encode(), given))
            answer = await client.read_answer()

        assert answer.status == 200
        assert "access-control-allow-origin" not in answer.headers


async def test_with_keys_any_address_may_be_listened_on(upstream: FaultUpstream, tmp_path: Path) -> None:
    upstream.script(otherwise=json_answer(chat_answer("hello")))
    async with serving(chain(upstream.url) + KEYS, tmp_path, "--host", "0.0.0.0", env=ENV) as server:
        answers = [await send(server.url, chat_body("one"), headers) for headers in ({}, {"x-api-key": SEARCH})]

        assert [answer.status for answer in answers] == [401, 200]


async def test_when_the_keys_are_gone_the_door_closes(upstream: FaultUpstream, tmp_path: Path) -> None:
    config = chain(upstream.url)
    upstream.script(otherwise=json_answer(chat_answer("hello")))
    async with serving(config + KEYS, tmp_path, env=ENV) as server:
        await server.reload(config)
        await server.line("reloaded")
        async with raw_client(server.url) as client:
            await client.send(request_bytes("POST", CHAT, "llm.example", json.dumps(chat_body()).encode(), {}))
            answer = await client.read_answer()

        assert (answer.status, answer.json["error"]["code"]) == (403, "forbidden_origin")


# The order.


async def test_a_body_is_not_read_for_nobody(upstream: FaultUpstream) -> None:
    async with gateway(upstream) as found, raw_client(found.url) as client:
        await client.send(
            f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\nexpect: 100-continue\r\n\r\n".encode()
        )
        answer = await client.read_answer()

        assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_key")


async def test_with_a_key_a_body_is_waited_for(upstream: FaultUpstream) -> None:
    body = json.dumps(chat_body()).encode()
    async with gateway(upstream) as found, raw_client(found.url) as client:
        head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nx-api-key: {SEARCH}\r\ncontent-length: {len(body)}\r\n"
        await client.send(f"{head}expect: 100-continue\r\n\r\n".encode())
        told = await client.read_until(b"\r\n\r\n")
        await client.send(body)
        answer = await client.read_answer()

        assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert answer.status == 200


async def test_the_key_is_asked_for_before_the_body_is_found_wanting(upstream: FaultUpstream) -> None:
    async with gateway(upstream) as found:
        for body in (b"no json", b"{}", b""):
            answer = await send(found.url, body)

            assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_key")


# Rotation.


async def test_a_secret_is_rotated_without_a_gap(upstream: FaultUpstream, tmp_path: Path) -> None:
    upstream.script(otherwise=json_answer(chat_answer("hello")))
    secret = tmp_path / "secret"
    secret.write_text("the-first-secret-of-this-key\n")
    config = chain(upstream.url, more='keys: [{name: k, secret: "${file:secret}"}]')
    async with serving(config, tmp_path) as server:

        async def statuses() -> list[int]:
            texts = ("the-first-secret-of-this-key", "the-second-secret-of-this-key")
            return [(await send(server.url, chat_body(), {"x-api-key": text})).status for text in texts]

        before = await statuses()
        secret.write_text("the-second-secret-of-this-key\n")
        overlap = '[{value: the-first-secret-of-this-key, not_after: 2999-12-31}, "${file:secret}"]'
        await server.reload(config.replace('"${file:secret}"', overlap))
        await server.line("reloaded")
        both = await statuses()
        await server.reload(config)
        await server.line("reloaded", 1)

        assert (before, both, await statuses()) == ([200, 401], [200, 200], [401, 200])


# The caller's own credential.

OWN = "sk-ant-oat-the-callers-own-token"
SEATS = """
providers:
  seats: {{like: anthropic, base_url: "{url}", auth: client}}
  ours: {{like: openai, base_url: "{url}/v1", api_key: sk-the-key-of-the-house}}
models: {{seat: seats/claude-x, ours: ours/gpt-x}}
routes: {{both: {{fallback: [seat, ours]}}}}
defaults: {{retry: {{attempts: 1}}}}
"""
CLAUDE_ANSWER = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude-x",
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}


@asynccontextmanager
async def seats(upstream: FaultUpstream, keys: str = KEYS.replace('["tw*"]', '["*"]')) -> AsyncIterator[Served]:
    upstream.script(otherwise=json_answer(CLAUDE_ANSWER))
    async with served(SEATS.format(url=upstream.url) + keys, ENV) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "own", "expected"),
    [
        (MESSAGES, {"authorization": f"Bearer {OWN}"}, {"authorization": f"Bearer {OWN}"}),
        (MESSAGES, {"x-api-key": OWN}, {"x-api-key": OWN}),
        (CHAT, {"authorization": f"Bearer {OWN}"}, {"x-api-key": OWN}),
        (CHAT, {"x-goog-api-key": OWN}, {"x-api-key": OWN}),
    ],
)
async def test_the_callers_own_credential_goes_where_the_provider_wants_it(
    upstream: FaultUpstream, path: str, own: dict[str, str], expected: dict[str, str]
) -> None:
    async with seats(upstream) as found:
        body = {**CLAUDES, "model": "seat"}
        answer = await send(found.url, body, {"x-llmgw-key": INTERN, **own}, path)
        (request,) = upstream.requests
        given = {name.lower(): value for name, value in request.headers}
        carried = {name: given[name] for name in ("authorization", "x-api-key", "x-goog-api-key") if name in given}

        assert (answer.status, carried) == (200, expected)
        assert "x-llmgw-key" not in given
        assert_nowhere(INTERN, found, upstream, answer)
        assert OWN not in json.dumps(found.log.lines)


async def test_it_goes_to_no_other_provider(upstream: FaultUpstream) -> None:
    async with seats(upstream) as found:
        upstream.script(json_answer({"error": {"message": "full"}}, 529), otherwise=json_answer(chat_answer("hello")))
        given = {"x-llmgw-key": SEARCH, "authorization": f"Bearer {OWN}"}
        answer = await send(found.url, chat_body("both"), given)
        first, second = upstream.requests

        assert answer.headers["x-llmgw-target"] == "ours"
        assert (first.header("x-api-key"), second.header("authorization")) == (OWN, "Bearer sk-the-key-of-the-house")
        assert OWN not in f"{second.headers}"


async def test_what_the_provider_says_of_it_is_masked(upstream: FaultUpstream) -> None:
    async with seats(upstream) as found:
        told = {"type": "error", "error": {"type": "authentication_error", "message": f"bad token {OWN}"}}
        upstream.script(otherwise=json_answer(told, 401))
        given = {"x-llmgw-key": SEARCH, "authorization": f"Bearer {OWN}"}
        answer = await send(found.url, {**CLAUDES, "model": "seat"}, given, MESSAGES)

        assert answer.status == 502
        assert "bad token ***" in answer.json["error"]["message"]
        assert OWN not in json.dumps(found.log.lines)


async def test_without_it_the_remedy_is_told(upstream: FaultUpstream) -> None:
    async with seats(upstream) as found:
        answer = await send(found.url, {**CLAUDES, "model": "seat"}, {"x-api-key": SEARCH}, MESSAGES)
        (line,) = found.log.requests

        assert (answer.status, answer.json["error"]["code"]) == (401, "missing_credential")
        assert answer.json["error"]["message"] == (
            "the provider 'seats' is called with your own credential: send it in Authorization or x-api-key, "
            "and the gateway's key in x-llmgw-key"
        )
        assert (line["outcome"], line["key"], upstream.requests) == ("missing_credential", "search-prod", [])


async def test_without_it_others_of_the_route_answer(upstream: FaultUpstream) -> None:
    async with seats(upstream) as found:
        upstream.script(otherwise=json_answer(chat_answer("hello")))
        answer = await send(found.url, chat_body("both"), {"x-api-key": SEARCH})

        assert (answer.status, answer.headers["x-llmgw-target"]) == (200, "ours")


async def test_without_keys_of_ours_all_that_comes_is_the_callers_own(upstream: FaultUpstream) -> None:
    async with seats(upstream, keys="") as found:
        answer = await send(found.url, {**CLAUDES, "model": "seat"}, {"x-api-key": OWN}, MESSAGES)
        lacking = await send(found.url, {**CLAUDES, "model": "seat"}, {}, MESSAGES)

        assert (answer.status, upstream.requests[0].header("x-api-key")) == (200, OWN)
        assert (lacking.status, lacking.json["error"]["code"]) == (401, "missing_credential")
        assert "x-llmgw-key" not in lacking.json["error"]["message"]


# A secret that is planted everywhere.

PLANTED = {
    "x-request-id": SEARCH,
    "x-llmgw-metadata": json.dumps({"note": SEARCH}),
    "user-agent": SEARCH,
    "cookie": f"session={SEARCH}",
    "authorization": f"Bearer {SEARCH}",
    "x-goog-api-key": SEARCH,
}


@pytest.mark.parametrize("bodies", [False, True])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_key_that_is_planted_everywhere_is_told_nowhere(
    upstream: FaultUpstream, stream: bool, bodies: bool
) -> None:
    """Also not where the caller puts it into the body: there it goes on to the model, and to nobody else."""
    logs = f"telemetry: {{logs: {{bodies: {str(bodies).lower()}}}}}\n"
    repeated = {"error": {"message": f"what is {SEARCH} or \\u{ord(SEARCH[0]):04x}{SEARCH[1:]}?", "code": SEARCH}}
    async with gateway(upstream, KEYS + logs) as found:
        answers = []
        body = {**chat_body("chat", stream=stream, text=SEARCH), "user": SEARCH, SEARCH: SEARCH}
        for behaviour in (
            event_stream(chat_events("hello")) if stream else json_answer(chat_answer("hello")),
            json_answer(repeated, 400),
            json_answer(repeated, 500),
            json_answer(repeated, 401),
        ):
            upstream.script(otherwise=behaviour)
            answers.append(await send(found.url, body, PLANTED, f"{CHAT}?key={SEARCH}&api-version={SEARCH}"))
        odd = [{**body, "model": SEARCH}, {**body, "messages": SEARCH}, SEARCH.encode(), {"model": SEARCH}]
        answers += [await send(found.url, one, PLANTED, f"{CHAT}?key={SEARCH}") for one in odd]
        answers.append(await send(found.url, body, {**PLANTED, "x-llmgw-timeout": SEARCH}))
        answers.append(await send(found.url, b"", PLANTED, f"/v1/models/{SEARCH}?key={SEARCH}", "GET"))
        answers.append(await send(found.url, body, PLANTED, f"/v1/nowhere?key={SEARCH}"))

        assert {answer.status for answer in answers} >= {200, 400, 404, 502}
        assert_nowhere(SEARCH, found, upstream, *answers)
        assert "***" in json.dumps(found.log.lines)
