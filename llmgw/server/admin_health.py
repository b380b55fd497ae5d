"""`GET /admin/health`: how the targets are, as decisions see them at this moment; `test-route --facts` reads it."""

from aiohttp import web

from llmgw.server.admin import AdminDesk, answer
from llmgw.server.running import RUNNING

PATH = "/admin/health"


def add_route(desk: AdminDesk, router: web.UrlDispatcher) -> None:
    desk.add(router, "GET", PATH, _health)


async def _health(request: web.Request) -> web.Response:
    """Targets that nobody has asked so far are not in it: nothing is known of them."""
    running = request.app[RUNNING]
    return answer(running.gateway.health.snapshot(running.clock.elapsed_s(), running.clock.now_s()))
