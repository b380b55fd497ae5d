"""`/admin/budgets`: how each bucket stands, for whoever shows the admin key."""

import json

import pytest

from llmgw.adapters.memory_quota import MemoryQuota
from llmgw.server.admin_budgets import PATH
from tests.served import served
from tests.server.calls import chat_body
from tests.server.test_access import send

ADMIN = "sk-the-admin-key-of-a-test"
CALLER = "sk-the-secret-of-a-caller-1"
CONFIG = f"""
server: {{admin_key: {ADMIN}}}
providers: {{simulator: {{simulate: {{output_tokens: 3}}}}}}
models: {{m: {{target: simulator/m, price: {{input_usd_per_mtok: 0, output_usd_per_mtok: 1}}}}}}
routes: {{chat: {{fallback: [m]}}}}
keys: [{{name: k, secret: {CALLER}, team: red}}]
budgets: [{{name: team, each: [key.team, model], per: day, limit_usd: 2, enforce: shadow}}]
"""


async def asked(secret: str, query: str = "") -> tuple[int, bytes, int]:
    """Status and body of the standings, after one call."""
    async with served(CONFIG) as gateway:
        called = await send(gateway.url, chat_body(), {"authorization": f"Bearer {CALLER}"})
        answer = await send(gateway.url, b"", {"authorization": f"Bearer {secret}"}, f"{PATH}{query}", "GET")
    return answer.status, answer.body, called.status


async def test_each_bucket_stands_as_the_counters_say() -> None:
    status, body, called = await asked(ADMIN)
    document = json.loads(body)
    (standing,) = document["budgets"]
    began_ms = standing.pop("window_began_ms")

    assert (status, called, document["truncated"]) == (200, 200, False)
    assert began_ms % 86_400_000 == 0
    assert standing == {
        "budget": "team",
        "bucket": {"key.team": "red", "model": "chat"},
        "enforce": "shadow",
        "limit_usd": "2.000000000",
        "spent_usd": "0.000003000",
        "reserved_usd": "0.000000000",
        "in_flight": 0,
    }


async def test_one_budget_may_be_asked_for() -> None:
    status, body, _ = await asked(ADMIN, "?budget=team")
    wrong_status, wrong, _ = await asked(ADMIN, "?budget=teams")

    assert (status, [it["budget"] for it in json.loads(body)["budgets"]]) == (200, ["team"])
    assert (wrong_status, json.loads(wrong)["error"]["message"]) == (400, "there is no budget 'teams'")


async def test_an_answer_that_is_cut_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryQuota.most_used, "__defaults__", (0,))
    _, body, _ = await asked(ADMIN)

    assert json.loads(body) == {"budgets": [], "truncated": True}


async def test_a_callers_key_opens_nothing_here() -> None:
    status, body, _ = await asked(CALLER)

    assert status == 401
    assert b"red" not in body
