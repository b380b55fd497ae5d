"""`GET /admin/budgets`: how the budgets stand at this moment, bucket by bucket, reservations included."""

from aiohttp import web

from llmgw.adapters.counters import BucketStanding
from llmgw.errors import InvalidRequestError
from llmgw.graph.rules import BudgetRule
from llmgw.policy.cost import as_usd
from llmgw.server.admin import AdminDesk, answer
from llmgw.server.running import RUNNING

PATH = "/admin/budgets"


def add_route(desk: AdminDesk, router: web.UrlDispatcher) -> None:
    desk.add(router, "GET", PATH, _standings)


async def _standings(request: web.Request) -> web.Response:
    """The most used first, as many as there is room for; `?budget=NAME`: of one."""
    running = request.app[RUNNING]
    name = request.query.get("budget", "")
    rules = {rule.scope.name: rule for rule in running.graph.rules.budgets if name in ("", rule.scope.name)}
    if name and not rules:
        raise InvalidRequestError(f"there is no budget {name!r}", param="budget")
    found = await running.books.quota.most_used({rule.id for rule in rules.values()})
    standings = [_as_dict(one, rules[one.budget]) for one in found.standings]
    return answer({"budgets": standings, "truncated": found.is_cut})


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
