"""Which path leads where."""

from aiohttp import web

from llmgw.server import endpoints
from llmgw.server.app import make_app
from llmgw.server.spoken import CHAT_PATHS
from tests.served import served
from tests.server.routes import chain


async def test_every_path_has_its_handlers() -> None:
    async with served(chain("http://127.0.0.1:9")) as gateway:
        app = make_app(gateway.running)
    routes = {
        (route.method, resource.canonical): route.handler for resource in app.router.resources() for route in resource
    }

    paths = [path.replace(":.+}", "}") for path in CHAT_PATHS]
    assert all(routes["POST", path] is endpoints.chat for path in paths)
    assert all(routes["OPTIONS", path] is endpoints.preflight for path in [*paths, "/v1/models", "/models/{id}"])
    assert all(routes["GET", f"{prefix}/models"] is endpoints.models for prefix in ("", "/v1", "/openai/v1"))
    assert {"/", "/healthz", "/readyz"} <= {path for method, path in routes if method == "HEAD"}
    assert isinstance(app, web.Application)
    assert len(app.middlewares) == 2


async def test_administrators_have_paths_only_where_they_have_a_key() -> None:
    config = chain("http://127.0.0.1:9")
    found = []
    for more in ("", "server: {admin_key: the-secret-of-the-administrators}\n"):
        async with served(config + more) as gateway:
            routes = make_app(gateway.running).router.routes()
        found.append({f"{route.method} {resource.canonical}" for route in routes if (resource := route.resource)})

    assert sorted(found[1] - found[0]) == [
        "DELETE /admin/cache",
        "DELETE /admin/keys/{name}",
        "GET /admin/budgets",
        "GET /admin/cache",
        "GET /admin/cache/stats",
        "GET /admin/health",
        "GET /admin/keys",
        "GET /admin/keys/{name}",
        "GET /admin/usage",
        "POST /admin/cache/purge",
        "POST /admin/keys",
        "POST /admin/keys/{name}/expire",
        "POST /admin/keys/{name}/revoke",
        "POST /admin/keys/{name}/rotate",
    ]
