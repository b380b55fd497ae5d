"""The composition: which path leads to which handler."""

from aiohttp import web

from llmgw.server import admin_budgets, admin_health, endpoints
from llmgw.server.admin import AdminDesk
from llmgw.server.admin_cache import CacheDesk
from llmgw.server.admin_usage import UsageDesk
from llmgw.server.middlewares import identify, tell_errors
from llmgw.server.running import RUNNING, Running
from llmgw.server.spoken import CHAT_PATHS, COUNT_PATHS


def make_app(running: Running) -> web.Application:
    """The aiohttp application around one `Running`."""
    app = web.Application(middlewares=[identify, tell_errors], client_max_size=running.settings.max_body)
    app[RUNNING] = running
    for path in _either_way(*CHAT_PATHS, *COUNT_PATHS):
        app.router.add_post(path, endpoints.chat, expect_handler=endpoints.expect)
        app.router.add_options(path, endpoints.preflight)
    for prefix in ("/v1", "", "/openai/v1", "/v1beta", "/gemini/v1beta"):
        for path in _either_way(f"{prefix}/models"):
            app.router.add_get(path, endpoints.models)
            app.router.add_options(path, endpoints.preflight)
        app.router.add_get(f"{prefix}/models/{{id:.+}}", endpoints.model)
        app.router.add_options(f"{prefix}/models/{{id:.+}}", endpoints.preflight)
    app.router.add_get("/", endpoints.root)
    app.router.add_get("/healthz", endpoints.healthz)
    app.router.add_get("/readyz", endpoints.readyz)
    if running.settings.admin_key is not None:  # without one there are no such paths
        desk = AdminDesk(running.settings.admin_key)
        app.on_cleanup.append(desk.close)
        desk.add_routes(app.router)
        UsageDesk(desk).add_routes(app.router)
        admin_budgets.add_route(desk, app.router)
        admin_health.add_route(desk, app.router)
        CacheDesk(desk, lambda _: running.memory.store).add_routes(app.router)
    return app


def _either_way(*paths: str) -> tuple[str, ...]:
    """As they are, and with the slash at the end that many type. No redirect: clients would not follow with a POST."""
    return (*paths, *(f"{path}/" for path in paths))
