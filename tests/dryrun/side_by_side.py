"""One request to the running server and to `llmgw test-route`, to hold what they say against each other."""

import asyncio
import contextlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec

from llmgw.cli.pretended import Asked
from llmgw.cli.test_route import test_route as dry_run
from llmgw.routing.health import HealthSnapshot
from tests.dryrun.scenarios import Ask, Scenario
from tests.partners import bodies
from tests.partners.behaviours import RESET_BEFORE_HEADERS, event_stream, garbage_json, json_answer
from tests.partners.exchange import ReceivedRequest
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.provider_errors import provider_errors, rate_limited_without_hint
from tests.partners.steps import Behaviour
from tests.served import Served, served
from tests.server.calls import eventually

ERRORS = {error.failure: error.behaviour for error in reversed(provider_errors())}


class Upstream:
    """One fault server and one loop for all examples."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.server = FaultUpstream()
        self.runner.run(self.server.__aenter__())

    def close(self) -> None:
        self.runner.run(self.server.__aexit__(None, None, None))
        self.runner.close()


def behaviour(failure: str | None, *, stream: bool) -> Behaviour:
    match failure:
        case None if stream:
            return event_stream(bodies.chat_events("well"))
        case None:
            return json_answer(bodies.chat_answer("well"))
        case "connection":
            return RESET_BEFORE_HEADERS
        case "protocol":
            return garbage_json()
        case "rate_limited":
            return rate_limited_without_hint()
        case _:
            return ERRORS[failure]


def failing(ask: Ask) -> Any:
    """What the fault server does with each request: the class of its model, by its count of attempts."""
    tries: dict[str, int] = {}

    def act(request: ReceivedRequest) -> Behaviour:
        model = request.json["model"]
        tries[model] = tries.get(model, 0) + 1
        failures = ask.fail.get(model)
        if isinstance(failures, list):
            failures = failures[tries[model] - 1] if tries[model] <= len(failures) else None
        return behaviour(failures, stream=ask.stream)

    return act


def once_in_a_row(names: list[str]) -> list[str]:
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


Prepare = Callable[[Served, Ask], None]


def as_it_is(_gateway: Served, _ask: Ask) -> None:
    """Nothing has to be done before a request."""


class Seen(NamedTuple):
    """Of one request: the upstream models that the fault server saw, the target that answered, how all were before.

    `credentials`: which of several keys came with each, by name.
    """

    request_id: str
    status: int
    models: list[str]
    target: str
    health: HealthSnapshot
    credentials: list[str]


def credential(request: ReceivedRequest, gateway: Served) -> str:
    """By the name that is in the key; nothing where there is but one."""
    key = (request.header("authorization") or "").removeprefix("Bearer key-of-")
    names = {one.name for target in gateway.running.graph.targets.values() for one in target.credentials}
    return key if key in names else ""


async def serve_all(scenario: Scenario, upstream: FaultUpstream, prepare: Prepare = as_it_is) -> list[Seen]:
    """Each request in its turn."""
    seen = []
    async with served(scenario.text()) as gateway, aiohttp.ClientSession() as client:
        for ask in scenario.asks:
            await eventually(lambda: not gateway.running.in_flight)
            prepare(gateway, ask)
            upstream.script(failing(ask))
            running, before = gateway.running, len(upstream.requests)
            health = running.gateway.health.snapshot(running.clock.elapsed_s())
            headers = {"x-llmgw-metadata": json.dumps(ask.metadata), "x-team": ask.team}
            async with client.post(f"{gateway.url}/v1/chat/completions", json=ask.body(), headers=headers) as answer:
                await answer.read()
            requests = upstream.requests[before:]
            models = [request.json["model"] for request in requests]
            credentials = [credential(request, gateway) for request in requests]
            target = answer.headers.get("x-llmgw-target", "") if answer.status == 200 else ""
            seen.append(Seen(answer.headers["x-llmgw-request-id"], answer.status, models, target, health, credentials))
    return seen


def rehearsed(file: Path, body: Path, ask: Ask, seen: Seen) -> dict[str, Any]:
    """What the command prints for the same request."""
    body.write_bytes(msgspec.json.encode(ask.body()))
    facts = body.with_name("facts.json")
    facts.write_bytes(msgspec.json.encode(seen.health))
    first = shown_by(file, body, ask, seen.request_id, {})
    on_the_way = {candidate["target"] for candidate in first.get("candidates", [])}
    failures = {name: how for name, how in ask.fail.items() if name in on_the_way}
    return shown_by(file, body, ask, seen.request_id, failures)


def shown_by(
    file: Path, body: Path, ask: Ask, request_id: str, failures: Mapping[str, str | list[str]]
) -> dict[str, Any]:
    fail = [f"{name}={how if isinstance(how, str) else ','.join([*how, ''])}" for name, how in failures.items()]
    asked = Asked(
        metadata=[f"{name}={value}" for name, value in ask.metadata.items()],
        headers=[f"x-team={ask.team}"],
        body=str(body),
        fail=fail,
        seed=request_id,
        spent=[f"{name}={usd!r}" for name, usd in ask.spent.items()],
        facts=str(body.with_name("facts.json")),
    )
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()):
        dry_run([str(file)], None, asked, as_json=True)
    shown: dict[str, Any] = json.loads(printed.getvalue())
    return shown


def assert_alike(shown: Mapping[str, Any], ask: Ask, seen: Seen) -> None:
    """The dry run tells the targets that the server has tried, and how it went."""
    assert shown["targets"] == once_in_a_row(seen.models), ask
    assert [attempt["target"] for attempt in shown["attempts"]] == seen.models, ask
    assert [attempt.get("credential", "") for attempt in shown["attempts"]] == seen.credentials, ask
    assert (shown["answers"] or "") == seen.target, ask
    if shown["error"] and not shown["error"].get("passed_on"):
        assert shown["error"]["status"] == seen.status, ask
