"""The composition: which path leads to which handler."""

from aiohttp import web

from llmgw.server import endpoints
from llmgw.server.middlewares import identify, tell_errors
from llmgw.server.running import RUNNING, Running

CHAT_PATHS = (
    "/v1/chat/completions",
    "/chat/completions",
    "/openai/v1/chat/completions",
    "/openai/deployments/{deployment}/chat/completions",
)


def make_app(running: Running) -> web.Application:
    """The aiohttp application around one `Running`."""
    app = web.Application(middlewares=[identify, tell_errors], client_max_size=running.settings.max_body)
    app[RUNNING] = running
    for path in CHAT_PATHS:
        app.router.add_post(path, endpoints.chat_completions, expect_handler=endpoints.expect)
        app.router.add_options(path, endpoints.preflight)
    for prefix in ("/v1", "", "/openai/v1"):
        for path, handler in ((f"{prefix}/models", endpoints.models), (f"{prefix}/models/{{id:.+}}", endpoints.model)):
            app.router.add_get(path, handler)
            app.router.add_options(path, endpoints.preflight)
    app.router.add_get("/", endpoints.root)
    app.router.add_get("/healthz", endpoints.healthz)
    app.router.add_get("/readyz", endpoints.readyz)
    return app
