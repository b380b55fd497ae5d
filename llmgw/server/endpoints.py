"""Handlers: bytes in, a `Call`, and the gateway answers. What an endpoint is called and what it takes, no more."""

import asyncio
from typing import Any

import msgspec
from aiohttp import web

import llmgw
from llmgw import replies
from llmgw.call import MODEL_CHARS_MAX, Call
from llmgw.chat.dialect import Dialect
from llmgw.chat.request import ChatRequest
from llmgw.errors import (
    BodyTimeoutError,
    GatewayError,
    InvalidRequestError,
    LedgerUnavailableError,
    OverloadedError,
    UnknownModelError,
)
from llmgw.gateway import RETRY_AFTER_S, STOPPING
from llmgw.graph.model import Graph
from llmgw.graph.principal import Principal
from llmgw.policy import access
from llmgw.server import headers
from llmgw.server.admission import admitted, is_admitted
from llmgw.server.client import HttpClient
from llmgw.server.middlewares import DECIDED, REQUEST_ID, too_large
from llmgw.server.running import RUNNING, Running
from llmgw.server.shown import PRIVATE_HEADERS, Shown, shown
from llmgw.server.spoken import ENDPOINTS, counted_at, said_in, spoken_at
from llmgw.transcript import BODY_BYTES_KEPT_MAX, STOPPED, Transcript, named

_JOURNAL = "the journal only: "


async def chat(request: web.Request) -> web.StreamResponse:
    """`POST /v1/chat/completions` and its kin in other dialects; some name the model in the path.

    At `/v1/messages/count_tokens` and its kin it is not answered: whoever would answer it counts its tokens.
    """
    dialect, counter = spoken_at(request.path, request.headers), counted_at(request.path)
    running = request.app[RUNNING]
    graph = running.graph
    began_s = running.clock.elapsed_s()
    running.begin()
    try:
        given = shown(request.headers, request.query)
        # Asked here too: without keys a call should not pay for a coroutine.
        principal = await admitted(request, _endpoint(request), given) if running.keys.needed else None
        body = await _read_body(request, running)
        model, stream = said_in(request.path, request.match_info, request.query)
        if counter is None:
            chat_request = dialect.read_request(body, model, stream=stream)
        else:
            chat_request = counter.read_count_request(body, model)
        call = _call(request, graph, principal, given, chat_request, dialect)
        return await _answered(request, running, call, body, began_s)
    finally:
        running.end()


async def _answered(
    request: web.Request, running: Running, call: Call, body: bytes, began_s: float
) -> web.StreamResponse:
    transcript = Transcript(
        request_id=call.request_id,
        endpoint=call.endpoint,
        dialect=call.dialect.name,
        model=call.request.model[:MODEL_CHARS_MAX],
        stream=call.request.stream,
        started_s=began_s,
        client_request_id=headers.request_id(call.headers),
        secrets=call.secrets,
    )
    transcript.model = transcript.clean(transcript.model)
    if call.principal is not None:
        transcript.key, transcript.team, transcript.user = named(call.principal)
    if running.logs.bodies:
        transcript.request_body = body[:BODY_BYTES_KEPT_MAX]
        transcript.response_body = bytearray()
    cors = running.door.cors_headers(request.headers)
    client = HttpClient(request, {"x-llmgw-request-id": call.request_id, **cors})
    try:
        await running.gateway.answer(call, client, transcript)
    except GatewayError:
        request[DECIDED] = replies.decided(transcript)
        raise
    return client.response


def _call(
    request: web.Request,
    graph: Graph,
    principal: Principal | None,
    credentials: Shown,
    chat_request: ChatRequest,
    dialect: Dialect,
) -> Call:
    running = request.app[RUNNING]
    given = {name.lower(): value for name, value in request.headers.items()}
    early_s = running.settings.early_keepalive
    return Call(
        request_id=request[REQUEST_ID],
        graph=graph,
        dialect=dialect,
        request=msgspec.structs.replace(
            chat_request,
            id=request[REQUEST_ID],
            user=credentials.masked(chat_request.user),
            metadata=credentials.cleaned(chat_request.metadata),
        ),
        endpoint=_endpoint(request),
        ip=running.door.client_ip(request.headers.getall("X-Forwarded-For", ()), request.remote or ""),
        metadata=credentials.cleaned(headers.metadata(given)),
        headers=credentials.cleaned({name: value for name, value in given.items() if name not in PRIVATE_HEADERS}),
        forwarded=headers.forwarded(given),
        principal=principal,
        own=credentials.own(needs_key=principal is not None),
        secrets=credentials.secrets,
        query=headers.query(request.query, dialect.name),
        counter=counted_at(request.path),
        timeout_s=headers.timeout_s(given),
        early_keepalive_s=float(early_s) if early_s is not None and chat_request.stream else None,
        ping_s=running.patience.ping_s,
    )


def _endpoint(request: web.Request) -> str:
    return "chat" if counted_at(request.path) is None else "count_tokens"


async def _read_body(request: web.Request, running: Running) -> bytes:
    """The body, once, bounded in size and time."""
    bytes_max, body_s = running.settings.max_body, running.patience.body_s
    if (request.content_length or 0) > bytes_max:
        raise too_large(bytes_max)
    try:
        if request.content.is_eof():  # it came with its head, as most do: there is nothing to wait for
            return await request.read()
        async with asyncio.timeout(body_s) as scope:
            with running.reading(scope):
                return await request.read()
    except TimeoutError:
        if running.stopped:
            raise OverloadedError(STOPPING, code=STOPPED, retry_after_s=RETRY_AFTER_S) from None
        raise BodyTimeoutError(f"the body did not arrive within {body_s:g} s") from None
    except web.RequestPayloadError:
        raise InvalidRequestError("the body is not encoded as its headers say") from None


# What there is, and how it is.


async def models(request: web.Request) -> web.Response:
    """`GET /v1/models`: the names that this caller may use. Patterns are left out: clients offer what is listed."""
    running = request.app[RUNNING]
    graph = running.graph
    principal = await admitted(request)
    dialect = spoken_at(request.path, request.headers)
    return _written(dialect.write_models(access.names(principal, graph), int(running.started_at_s)))


async def model(request: web.Request) -> web.Response:
    """`GET /v1/models/{id}`, for any name that a call could use."""
    running = request.app[RUNNING]
    graph, name = running.graph, request.match_info["id"]
    principal = await admitted(request)
    access.check_model(principal, name, graph)
    if graph.resolve(name) is None:
        raise UnknownModelError(replies.unknown_model(graph, name, principal), param="model")
    return _written(spoken_at(request.path, request.headers).write_model(name, int(running.started_at_s)))


async def healthz(_request: web.Request) -> web.Response:
    """Alive: the loop turns."""
    return _json({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Ready to take calls, with which config, and what is missing from it."""
    running = request.app[RUNNING]
    ledger = _ledger(running)
    status = "draining" if running.draining else "ready" if _is_sound(ledger) else "unready"
    told = {
        "status": status,
        "ledger": ledger,
        "cache": _cache(running),
        "config": running.graph.digest,
        "version": llmgw.__version__,
        "in_flight": running.in_flight,
        "absent": dict(running.graph.absent),
    }
    return _json(told, status=200 if status == "ready" else 503)


def _is_sound(ledger: str) -> bool:
    return ledger in ("none", "ok") or ledger.startswith(_JOURNAL)


def _ledger(running: Running) -> str:
    """Whether calls can be booked; while only the database cannot be written, the journal takes them."""
    ledger = running.books.ledger
    if ledger is None:
        return "none"
    try:
        ledger.check()
    except LedgerUnavailableError as error:
        return error.message
    return f"{_JOURNAL}{ledger.trouble}" if ledger.trouble else "ok"


def _cache(running: Running) -> str:
    """It may be unwell, and calls are answered all the same. Whoever asks here is not told where its file lies."""
    if not running.graph.cache.rules:
        return "off"
    return "memory only: its file cannot be used, and the log says why" if running.memory.store.trouble else "ok"


async def root(_request: web.Request) -> web.Response:
    """`GET /` and `HEAD /`: that somebody is here, and where to go."""
    return _json({"name": "llmgw", "version": llmgw.__version__, "endpoints": [*ENDPOINTS, "/v1/models"]})


async def expect(request: web.Request) -> None:
    """`Expect: 100-continue`: go on, unless the body will be refused anyway. Other expectations are passed over."""
    wanted = (request.content_length or 0) <= request.app[RUNNING].settings.max_body
    wanted = wanted and await is_admitted(request, _endpoint(request))
    if wanted and request.headers["Expect"].lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # of the answer nothing has been sent


async def preflight(_request: web.Request) -> web.Response:
    """`OPTIONS`: the headers that a browser asks for are put on by the middleware, if the origin may call."""
    return web.Response(status=204)


def _json(value: Any, status: int = 200) -> web.Response:
    return _written(msgspec.json.encode(value), status)


def _written(body: bytes, status: int = 200) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")
