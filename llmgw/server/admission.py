"""Who calls: asked before anything of the body is read, and noted for the log even where the answer is no."""

from aiohttp import web

from llmgw.config.secrets import digest
from llmgw.errors import RequestError
from llmgw.graph.principal import Principal
from llmgw.policy import access
from llmgw.server.running import RUNNING
from llmgw.server.shown import Shown, shown

PRINCIPAL = web.RequestKey("principal", Principal)


async def admitted(request: web.Request, endpoint: str | None = None, given: Shown | None = None) -> Principal | None:
    """The principal, or None where nobody needs a key. Raises UnauthorizedError or ForbiddenEndpointError.

    `given`: what the request shows, if that has been looked at.
    """
    running = request.app[RUNNING]
    keys = running.keys
    if not keys.needed:
        return None
    given = given or shown(request.headers, request.query)
    if not given.key:
        raise access.without_key()
    found = await keys.find(digest(given.key))
    if found is not None:
        request[PRINCIPAL] = found
    principal = access.authenticated(found, given.place, running.clock.now_s())
    if endpoint is not None:
        access.check_endpoint(principal, endpoint)
    return principal


async def is_admitted(request: web.Request, endpoint: str) -> bool:
    """Whether it would be."""
    try:
        await admitted(request, endpoint)
    except RequestError:
        return False
    return True
