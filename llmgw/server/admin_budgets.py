"""`GET /admin/budgets`: how the budgets stand at this moment, bucket by bucket, reservations included."""

from aiohttp import web

from llmgw.adapters.counters import BucketStanding
from llmgw.graph.rules import BudgetRule
from llmgw.policy.cost import as_usd
from llmgw.server.admin import AdminDesk, answer
from llmgw.server.running import RUNNING

PATH = "/admin/budgets"


def add_route(desk: AdminDesk, router: web.UrlDispatcher) -> None:
    desk.add(router, "GET", PATH, _standings)


async def _standings(request: web.Request) -> web.Response:
    running = request.app[RUNNING]
    rules = {rule.scope.name: rule for rule in running.graph.rules.budgets}
    standings = [one for one in running.books.quota.standings() if one.budget in rules]
    return answer({"budgets": [_as_dict(one, rules[one.budget]) for one in standings]})


def _as_dict(one: BucketStanding, rule: BudgetRule) -> dict[str, object]:
    return {
        "budget": one.budget,
        "bucket": dict(zip(rule.scope.each, one.values, strict=True)),
        "enforce": "hard" if rule.is_hard else "shadow",
        "limit_usd": None if one.limit_nanousd is None else as_usd(one.limit_nanousd),
        "spent_usd": as_usd(one.spent_nanousd),
        "reserved_usd": as_usd(one.reserved_nanousd),
        "in_flight": one.in_flight,
        "window_began_ms": one.slot,
    }
