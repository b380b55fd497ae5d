"""Keys administered through the real server: what is changed holds at once, and only the admin key opens this door."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from llmgw.adapters.beside import beside
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.key_book import KeyBook
from llmgw.config.secrets import digest
from llmgw.server import admin as module
from tests.cli.machine import called
from tests.partners.behaviours import json_answer
from tests.partners.bodies import chat_answer
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.raw_client import RawAnswer, raw_client, request_bytes
from tests.served import Served, served
from tests.server.calls import CHAT, chat_body, eventually
from tests.server.routes import chain
from tests.server.test_access import ENV, KEYS, SEARCH, send

ADMIN = "the-secret-of-the-administrators"
BEARER = {"authorization": f"Bearer {ADMIN}"}
SERVER = 'server: {admin_key: "${ADMIN}"}\n'


@asynccontextmanager
async def gateway(upstream: FaultUpstream, ledger: Path | None, more: str = SERVER) -> AsyncIterator[Served]:
    upstream.script(otherwise=json_answer(chat_answer("hello")))
    async with served(chain(upstream.url, upstream.url, more=more), {**ENV, "ADMIN": ADMIN}, ledger=ledger) as found:
        yield found


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "llmgw.db"


async def ask(
    found: Served, method: str, path: str, body: object = b"", headers: Mapping[str, str] = BEARER
) -> RawAnswer:
    return await send(found.url, body, headers, f"/admin/{path}", method)


async def made(found: Served, **terms: Any) -> dict[str, Any]:
    answer = await ask(found, "POST", "keys", {"name": "k", **terms})
    assert answer.status == 201
    told: dict[str, Any] = answer.json
    return told


async def statuses(found: Served, *secrets: str) -> list[int]:
    return [(await send(found.url, chat_body("one"), {"x-api-key": secret})).status for secret in secrets]


# What can be done.


async def test_a_key_holds_at_once_and_its_secret_is_told_once(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger, SERVER + KEYS) as found:
        told = await made(found, team="t", user="u", models=["o*"], metadata={"seats": 3}, expires="90d")
        shown = (await ask(found, "GET", "keys/k")).json
        listed = (await ask(found, "GET", "keys")).json["keys"]

        assert await statuses(found, told["secret"], SEARCH) == [200, 200]
        assert shown == {name: value for name, value in told.items() if name != "secret"}
        assert (shown["team"], shown["models"], shown["metadata"]) == ("t", ["o*"], {"seats": "3"})
        assert shown["secrets"][0]["sha256"] == digest(told["secret"])
        assert [(key["name"], key["source"]) for key in listed] == [
            ("search-prod", "file"),
            ("intern", "file"),
            ("gone", "file"),
            ("k", "ledger"),
        ]
        assert [key for key in listed if "secrets" in key or "secret" in key] == []


async def test_rules_lists_and_logs_know_it_like_one_of_the_file(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        told = await made(found, team="t", user="u", models=["tw*"])
        given = {"x-api-key": told["secret"]}
        models = (await send(found.url, b"", given, "/v1/models", "GET")).json["data"]
        answers = [await send(found.url, chat_body(name), given) for name in ("one", "two")]
        line = found.log.requests[-1]

        assert [model["id"] for model in models] == ["two"]
        assert [answer.status for answer in answers] == [403, 200]
        assert (line["key"], line["team"], line["user"]) == ("k", "t", "u")


async def test_with_the_first_key_nobody_calls_without(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        before = (await send(found.url, chat_body("one"))).status
        await made(found)

        assert (before, (await send(found.url, chat_body("one"))).status) == (200, 401)


async def test_rotation_has_no_gap(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        first = (await made(found))["secret"]
        second = (await ask(found, "POST", "keys/k/rotate")).json["secret"]
        both = await statuses(found, first, second)
        third = (await ask(found, "POST", "keys/k/rotate", {"overlap": "0s"})).json["secret"]

        assert (both, await statuses(found, first, second, third)) == ([200, 200], [401, 401, 200])


@pytest.mark.parametrize(
    ("method", "path", "body", "state"),
    [
        ("POST", "keys/k/revoke", b"", "revoked"),
        ("DELETE", "keys/k", b"", "revoked"),
        ("POST", "keys/k/expire", {"expires": "now"}, "expired"),
    ],
)
async def test_a_key_ends_at_once(
    upstream: FaultUpstream, ledger: Path, method: str, path: str, body: object, state: str
) -> None:
    async with gateway(upstream, ledger) as found:
        secret = (await made(found))["secret"]
        before = await statuses(found, secret)
        ended = await ask(found, method, path, body)

        assert (ended.status, ended.json["state"]) == (200, state)
        assert (before, await statuses(found, secret)) == ([200], [401])
        assert [line["key"] for line in found.log.of("refused")] == ["k"]  # whose it was, the log still knows


async def test_the_end_of_a_key_can_be_moved(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        secret = (await made(found))["secret"]
        for when, status in (("now", 401), ("never", 200), ("30d", 200)):
            await ask(found, "POST", "keys/k/expire", {"expires": when})

            assert await statuses(found, secret) == [status]


async def test_what_the_command_changes_the_server_sees_within_a_second(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        config = ledger.with_name("a.yaml")
        config.write_text("models: {gpt: simulator/gpt}\n")
        keys = found.running.books.keys
        assert keys is not None
        secret = json.loads(called("keys", "create", str(config), "--name", "k", "--json").stdout)["secret"]
        await eventually(lambda: digest(secret) in keys._by_digest, within_s=3.0)
        before = await statuses(found, secret)
        called("keys", "revoke", "k", str(config))
        await eventually(lambda: keys._version == 2, within_s=3.0)

        assert (before, await statuses(found, secret)) == ([200], [401])


async def test_when_each_was_used_last_is_known(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger, SERVER + KEYS) as found:
        secret = (await made(found))["secret"]
        await statuses(found, secret)
        used = {key["name"]: key["last_used"] for key in (await ask(found, "GET", "keys")).json["keys"]}

        assert [name for name, at in used.items() if at is not None] == ["k"]


async def test_each_change_has_its_line(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        await made(found)
        for path, body in (("rotate", b""), ("expire", {"expires": "1d"}), ("revoke", b"")):
            await ask(found, "POST", f"keys/k/{path}", body)
        lines = [line for line in found.log.lines if line.get("key") == "k" and line["event"] != "request"]

        assert [line["event"] for line in lines] == ["key_created", "key_rotated", "key_expires", "key_revoked"]
        assert all(line["request_id"] for line in lines)


# The door.


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {ADMIN}x"},
        {"authorization": f"Bearer {ADMIN[:-1]}"},
        {"authorization": f"Basic {ADMIN}"},
        {"authorization": f"Bearer {SEARCH}"},
        {"x-api-key": ADMIN},
        {"x-llmgw-key": ADMIN},
        {"api-key": ADMIN},
        {"x-goog-api-key": ADMIN},
    ],
)
async def test_only_the_admin_key_opens_it_and_only_as_a_bearer(
    upstream: FaultUpstream, ledger: Path, headers: dict[str, str]
) -> None:
    async with gateway(upstream, ledger, SERVER + KEYS) as found:
        asked = [
            ("GET", "keys"),
            ("POST", "keys"),
            ("GET", "keys/k"),
            ("DELETE", "keys/k"),
            ("POST", "keys/k/rotate"),
            ("POST", "keys/k/revoke"),
            ("POST", "keys/k/expire"),
            ("GET", "usage"),
            ("GET", "usage?requests=1"),
        ]
        answers = [await ask(found, method, path, b"{}", headers) for method, path in asked]
        in_query = await ask(found, "GET", f"keys?key={ADMIN}", b"", headers)

        assert {(answer.status, answer.json["error"]["code"]) for answer in [*answers, in_query]} == {
            (401, "invalid_key")
        }


async def test_it_opens_no_door_of_callers(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger, SERVER + KEYS) as found:
        for name in ("authorization", "x-api-key", "x-llmgw-key"):
            given = {name: f"Bearer {ADMIN}" if name == "authorization" else ADMIN}
            called_with_it = [
                await send(found.url, chat_body("one"), given),
                await send(found.url, b"", given, "/v1/models", "GET"),
            ]

            assert [answer.status for answer in called_with_it] == [401, 401]
        assert upstream.requests == []


async def test_without_an_admin_key_there_is_no_such_path(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger, KEYS) as found:
        answers = [await ask(found, "GET", path) for path in ("keys", "keys/k", "usage")]

        assert [(answer.status, answer.json["error"]["code"]) for answer in answers] == [(404, "unknown_path")] * 3


async def test_whoever_shows_it_may_come_from_anywhere(upstream: FaultUpstream, ledger: Path) -> None:
    """Also while there are no keys, or nobody could make the first one."""
    async with gateway(upstream, ledger) as found, raw_client(found.url) as client:
        await client.send(
            request_bytes("GET", "/admin/keys", "llm.example", b"", {"x-forwarded-for": "1.2.3.4", **BEARER})
        )
        admin = await client.read_answer()
        await client.send(request_bytes("POST", CHAT, "llm.example", b"{}", {}))
        caller = await client.read_answer()

        assert (admin.status, caller.status) == (200, 403)


# What cannot be.


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "keys/nobody", b"", 404, "no key of that name"),
        ("GET", "keys/messages", b"", 404, "no key of that name"),
        ("POST", "keys/nobody/rotate", b"", 404, "no key of that name"),
        ("POST", "keys/nobody/revoke", b"", 404, "no key of that name"),
        ("POST", "keys/nobody/expire", {"expires": "now"}, 404, "no key of that name"),
        ("POST", "keys/search-prod/revoke", b"", 400, "is in the file: change it there"),
        ("POST", "keys/search-prod/expire", {"expires": "soon"}, 400, "is in the file"),
        ("POST", "keys/x/rotate", {"overlap": "60"}, 400, "overlap: not a duration"),
        ("POST", "keys/x/rotate", {"for": "60"}, 400, "unknown field `for`"),
        ("POST", "keys/x/expire", b"", 400, "`expires`"),
        ("POST", "keys", b"", 400, "`name`"),
        ("POST", "keys", b"{", 400, "is not what this takes"),
        ("POST", "keys", b"\xff\xfe", 400, "is not what this takes"),
        ("POST", "keys", b"[" * 60_000, 400, "is not what this takes"),
        ("POST", "keys", b" " * 70_000, 413, "over 65536 bytes"),
        ("POST", "keys", {"name": "k", "secret": "mine"}, 400, "unknown field `secret`"),
        ("POST", "keys", {"name": "two words"}, 400, "name is one word"),
        ("POST", "keys", {"name": "search-prod"}, 409, "the file has a key 'search-prod' already"),
        ("POST", "keys", {"name": "k", "models": "one"}, 400, "$.models"),
        ("POST", "keys", {"name": "k", "metadata": {"a": {}}}, 400, "$.metadata"),
        ("PUT", "keys", b"", 405, "GET, POST"),
    ],
)
async def test_what_cannot_be_is_told_in_openais_shape(  # noqa: PLR0917 - a row of the table
    upstream: FaultUpstream, ledger: Path, method: str, path: str, body: object, status: int, words: str
) -> None:
    async with gateway(upstream, ledger, SERVER + KEYS) as found:
        answer = await ask(found, method, path, body)

        assert answer.status == status
        assert words in answer.json["error"]["message"]
        assert answer.json["error"]["type"]


async def test_a_name_is_given_once(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        await made(found)
        answer = await ask(found, "POST", "keys", {"name": "k"})

        assert (answer.status, answer.json["error"]["code"]) == (409, "key_exists")


async def test_where_nothing_is_kept_that_is_told(upstream: FaultUpstream) -> None:
    async with gateway(upstream, None) as found:
        answers = [await ask(found, "GET", path) for path in ("keys", "usage", "usage?requests=1")]

        assert [answer.status for answer in answers] == [400, 400, 400]
        assert "state.ledger is none" in answers[0].json["error"]["message"]


async def test_a_body_that_does_not_come_is_not_waited_for(
    upstream: FaultUpstream, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BODY_S", 0.05)
    async with gateway(upstream, ledger) as found, raw_client(found.url) as client:
        head = f"POST /admin/keys HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {ADMIN}\r\n"
        await client.send(f"{head}content-length: 100\r\n\r\n{{".encode())
        answer = await client.read_answer()

        assert (answer.status, answer.json["error"]["code"]) == (408, "request_timeout")


async def test_a_ledger_that_does_not_answer_is_told(
    upstream: FaultUpstream, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN_S_MAX", 0.2)
    async with gateway(upstream, ledger) as found:
        with database(ledger) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = await ask(found, "POST", "keys", {"name": "k"})
            other.rollback()

        assert (answer.status, answer.json["error"]["code"]) == (503, "ledger_unavailable")


async def test_questions_that_take_too_long_end_and_no_more_than_so_many_are_at_work(
    upstream: FaultUpstream, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(connection: sqlite3.Connection, _: object) -> list[object]:
        return connection.execute(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT sum(x) FROM n"
        ).fetchall()

    def at_work() -> int:
        return sum(thread.name.startswith("admin") for thread in threading.enumerate())

    monkeypatch.setattr(module, "TURN_S_MAX", 0.5)
    async with gateway(upstream, ledger) as found:
        with monkeypatch.context() as patched:
            patched.setattr("llmgw.adapters.sqlite.reading.usage", endless)
            answers = await asyncio.gather(*[ask(found, "GET", "usage") for _ in range(2 * module.TURNS)])
            most = at_work()

        assert [answer.status for answer in answers] == [503] * 2 * module.TURNS
        assert most == module.TURNS
        assert (await ask(found, "GET", "usage")).status == 200  # there is room again
    await eventually(lambda: at_work() == 0)


async def test_callers_are_answered_while_keys_are_administered(upstream: FaultUpstream, ledger: Path) -> None:
    async def administer(found: Served, number: int) -> None:
        await made(found, name=f"k{number}")

    async with gateway(upstream, ledger, SERVER + KEYS) as found:
        async with beside(administer(found, 0)):
            answers = await statuses(found, *[SEARCH] * 5)
            with database(ledger) as connection:
                await eventually(lambda: KeyBook(connection).version() == 1)

        assert answers == [200] * 5


async def test_nobody_on_the_way_keeps_a_secret(upstream: FaultUpstream, ledger: Path) -> None:
    async with gateway(upstream, ledger) as found:
        answer = await ask(found, "POST", "keys", {"name": "k"})

        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/json"


# A secret that is planted everywhere.


async def test_secrets_are_told_nowhere(upstream: FaultUpstream, ledger: Path) -> None:
    """Neither the admin key nor a managed one: not in the log, the ledger's files, an error or another answer."""
    more = f"{SERVER}telemetry: {{logs: {{bodies: true}}}}\n"
    async with gateway(upstream, ledger, more) as found:
        secrets = [ADMIN, (await made(found))["secret"]]
        answers = []
        for secret in secrets:
            planted = {
                "authorization": f"Bearer {secret}",
                "x-llmgw-metadata": json.dumps({"note": secret}),
                "x-request-id": secret,
                "user-agent": secret,
                "cookie": secret,
            }
            body = {**chat_body("one", text=secret), "user": secret, "metadata": {"a": secret}}
            answers += [
                await send(found.url, body, planted),
                await send(found.url, {**body, "model": secret}, planted),
                await send(found.url, secret.encode(), planted),
                await send(found.url, b"", planted, f"/v1/models/{secret}?key={secret}", "GET"),
            ]
            for path in (f"keys/{secret}", f"usage?by={secret}", f"usage?{secret}=1", f"usage?where={secret}", secret):
                answers.append(await ask(found, "GET", path, b"", planted))
            wrong: list[object] = [
                {"name": secret, secret: secret},
                {"name": f"{secret} ", "models": [secret]},
                {"name": "x", "endpoints": [secret]},
                {"name": "x", "sha256": secret},
                {"name": "x", "expires": secret},
                secret.encode(),
            ]
            answers += [await ask(found, "POST", "keys", one, planted) for one in wrong]
        answers += [await ask(found, "GET", path) for path in ("keys", "keys/k", "usage?by=key", "usage?requests=1")]
        answers += [await send(found.url, b"", {}, path, "GET") for path in ("/readyz", "/")]
        told = [f"{answer.headers} {answer.body!r}" for answer in answers]
        kept = {str(path): path.read_bytes() for path in ledger.parent.rglob("*") if path.is_file()}

        assert {answer.status for answer in answers} >= {200, 400, 401, 404}
        for secret in secrets:
            assert [text for text in (*told, *map(json.dumps, found.log.lines)) if secret in text] == []
            assert [path for path, data in kept.items() if secret.encode() in data] == []
