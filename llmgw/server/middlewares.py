"""What is truly around a request: its id, and errors as the caller's dialect says them. Two, and no third."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import ceil

from aiohttp import web

from llmgw import replies
from llmgw.adapters.system import new_request_id
from llmgw.chat.dialect import ErrorReport
from llmgw.errors import (
    BodyTimeoutError,
    ClientGoneError,
    GatewayError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotKeptError,
    OverloadedError,
    RateLimitedError,
    RequestTooLargeError,
)
from llmgw.routing.exhausted import RouteExhaustedError
from llmgw.server.admission import PRINCIPAL
from llmgw.server.running import NAME, RUNNING
from llmgw.server.shown import shown
from llmgw.server.spoken import ADMIN, spoken_at
from llmgw.server.unknown_path import names_method, unknown_path
from llmgw.transcript import named

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST_ID = web.RequestKey("request_id", str)
# What a handler has learnt by the time it fails: which target was tried last, and how it was reached.
DECIDED = web.RequestKey("decided", dict[str, str])

PATH_CHARS_MAX = 200
KEY_NAMES = "/admin/keys/"  # what follows is one


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every request has an id of ours; it is on every answer and in every log line."""
    running = request.app[RUNNING]
    request[REQUEST_ID] = new_request_id(running.clock.now_s())
    response = await handler(request)
    if not response.prepared:
        response.headers["server"] = NAME
        response.headers["x-llmgw-request-id"] = request[REQUEST_ID]
        response.headers.update(running.door.cors_headers(request.headers))
        if running.draining:
            response.force_close()
    return response


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The one place where an exception becomes an answer."""
    running = request.app[RUNNING]
    try:
        if not running.keys.needed and not _has_a_door_of_its_own(request):
            running.door.check(request.headers, request.remote or "")
        return await handler(request)
    except web.HTTPException as error:
        return _refuse(request, _ours(request, error), allow=error.headers.get("Allow"))
    except ClientGoneError:
        return web.Response(status=499)
    except GatewayError as error:
        if DECIDED in request:
            return _answer(request, error)
        return _refuse(request, error)
    except Exception:
        running.logger.exception("internal_error", request_id=request[REQUEST_ID], path=_path(request))
        if request.writer.output_size:
            raise  # the connection is cut: what has begun must not look whole
        return _answer(request, GatewayError("internal error"))


def _has_a_door_of_its_own(request: web.Request) -> bool:
    """From anywhere one may ask whether we are alive; and administer, for then there is a key to show."""
    is_for_admins = request.path.startswith(ADMIN) and request.app[RUNNING].settings.admin_key is not None
    return is_for_admins or request.path == "/healthz"


def _refuse(request: web.Request, error: GatewayError, allow: str | None = None) -> web.Response:
    """Turned away before it became a call: so there is no transcript, and this is its line in the log."""
    told = _report(request, error)
    request.app[RUNNING].logger.info(
        "refused",
        request_id=request[REQUEST_ID],
        method=request.method,
        path=_path(request),
        status=told.status,
        code=told.code,
        error=told.message,
        **_caller(request),
    )
    response = _answer(request, error)
    if allow is not None:
        response.headers["allow"] = allow
    return response


def _path(request: web.Request) -> str:
    """Without the query, where keys are usual, and without what somebody put into the path by mistake.

    An admin may well paste a secret where the name of its key belongs.
    """
    if request.path.startswith(KEY_NAMES):
        return f"{KEY_NAMES}..."
    return shown(request.headers, request.query).masked(request.path)[:PATH_CHARS_MAX]


def _caller(request: web.Request) -> dict[str, str]:
    """Whose key it was, as far as that is known; also of one that has expired."""
    if PRINCIPAL not in request:
        return {}
    fields = zip(("key", "team", "user"), named(request[PRINCIPAL]), strict=True)
    return {name: value for name, value in fields if value}


def _report(request: web.Request, error: GatewayError) -> ErrorReport:
    """Without the key, which may stand in what the caller gave for a name."""
    told = replies.report(error)
    return replace(told, message=shown(request.headers, request.query).masked(told.message))


def _answer(request: web.Request, error: GatewayError) -> web.Response:
    dialect = spoken_at(request.path, request.headers)
    headers = dict(request.get(DECIDED, {}))
    if isinstance(error, RouteExhaustedError):
        # The plan is spent: an SDK that repeated it would only multiply the load.
        headers["x-should-retry"] = "false"
        passed_on = error.passed_on
        if passed_on is not None:
            told_headers, body = replies.passed_on(passed_on, dialect)
            return web.Response(status=passed_on.status, headers={**headers, **told_headers}, body=body)
    if isinstance(error, NotKeptError):  # a 504 that SDKs would ask again for, and get again
        headers["x-should-retry"] = "false"
    wait_s = (
        error.retry_after_s if isinstance(error, RouteExhaustedError | OverloadedError | RateLimitedError) else None
    )
    if wait_s is not None:
        headers["retry-after"] = str(max(1, ceil(wait_s)))
    told = _report(request, error)
    headers["content-type"] = "application/json"
    if told.status == 401:
        headers["www-authenticate"] = "Bearer"
    response = web.Response(status=told.status, headers=headers, body=dialect.write_error(told))
    if isinstance(error, RequestTooLargeError | BodyTimeoutError):
        response.force_close()  # the rest of the body is not wanted
    return response


def _ours(request: web.Request, error: web.HTTPException) -> GatewayError:
    """Aiohttp's own refusals, in our words."""
    path = request.path[:PATH_CHARS_MAX]
    if isinstance(error, web.HTTPNotFound) or names_method(path):
        return unknown_path(path)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods - {"OPTIONS"}))
        return MethodNotAllowedError(f"{request.method} is not for {path}; it takes {allowed}")
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return too_large(request.app[RUNNING].settings.max_body)
    return InvalidRequestError(f"{error.status} {error.reason}")


def too_large(bytes_max: int) -> RequestTooLargeError:
    """The body is over the limit, and where that is set."""
    return RequestTooLargeError(f"the body is over {bytes_max} bytes (server.max_body)")
