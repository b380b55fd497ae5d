"""Handlers: bytes in, a `Call`, and the gateway answers. What an endpoint is called and what it takes, no more."""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

import llmgw
from llmgw import replies
from llmgw.call import Call
from llmgw.chat.dialect import Dialect
from llmgw.chat.request import ChatRequest
from llmgw.dialects.openai_chat import openai_chat
from llmgw.errors import BodyTimeoutError, GatewayError, OverloadedError, UnknownModelError
from llmgw.server import headers
from llmgw.server.client import HttpClient
from llmgw.server.middlewares import DECIDED, REQUEST_ID, too_large
from llmgw.server.running import RUNNING, Running
from llmgw.transcript import BODY_BYTES_LOGGED_MAX, Transcript

BODY_S_MAX = 60.0
RETRY_AFTER_S = 1.0


async def chat_completions(request: web.Request) -> web.StreamResponse:
    """`POST /v1/chat/completions`; on Azure's path the deployment is the model."""
    running = request.app[RUNNING]
    with _counted(running):
        began_s = running.clock.elapsed_s()
        body = await _read_body(request, running.settings.max_body)
        chat_request = openai_chat.read_request(body)
        deployment = request.match_info.get("deployment")
        if deployment is not None:
            chat_request = replace(chat_request, model=unquote(deployment))
        call = _call(request, running, chat_request, openai_chat)
        return await _answered(request, running, call, body, began_s)


async def _answered(
    request: web.Request, running: Running, call: Call, body: bytes, began_s: float
) -> web.StreamResponse:
    transcript = Transcript(
        request_id=call.request_id,
        endpoint=call.endpoint,
        model=call.request.model,
        stream=call.request.stream,
        started_s=began_s,
        client_request_id=call.headers.get("x-request-id", "")[: headers.REQUEST_ID_CHARS_MAX] or None,
    )
    if running.logs.bodies:
        transcript.request_body = body[:BODY_BYTES_LOGGED_MAX]
        transcript.response_body = bytearray()
    cors = running.door.cors_headers(request.headers)
    client = HttpClient(request, {"x-llmgw-request-id": call.request_id, **cors})
    try:
        await running.gateway.answer(call, client, transcript)
    except GatewayError:
        request[DECIDED] = replies.decided(transcript)
        raise
    return await client.end()


def _call(request: web.Request, running: Running, chat_request: ChatRequest, dialect: Dialect) -> Call:
    given = {name.lower(): value for name, value in request.headers.items()}
    early_s = running.settings.early_keepalive
    return Call(
        request_id=request[REQUEST_ID],
        graph=running.graph,
        dialect=dialect,
        request=chat_request,
        endpoint="chat",
        ip=running.door.client_ip(request.headers, request.remote or ""),
        metadata=headers.metadata(given),
        headers=given,
        forwarded=headers.forwarded(given),
        timeout_s=headers.timeout_s(given),
        early_keepalive_s=float(early_s) if early_s is not None and chat_request.stream else None,
    )


async def _read_body(request: web.Request, bytes_max: int) -> bytes:
    """The body, once, bounded in size and time."""
    if (request.content_length or 0) > bytes_max:
        raise too_large(bytes_max)
    try:
        async with asyncio.timeout(BODY_S_MAX):
            return await request.read()
    except TimeoutError:
        raise BodyTimeoutError(f"the body did not arrive within {BODY_S_MAX:g} s") from None


class _counted:  # noqa: N801 - reads as a phrase in `with`
    """One more call in flight, if there is room for it."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def __enter__(self) -> None:
        running = self._running
        if running.in_flight >= running.settings.max_in_flight:
            raise OverloadedError(
                f"{running.in_flight} requests are in flight (server.max_in_flight)",
                code="too_many_in_flight",
                retry_after_s=RETRY_AFTER_S,
            )
        running.in_flight += 1

    def __exit__(self, *_: object) -> None:
        self._running.in_flight -= 1


# What there is, and how it is.


async def models(request: web.Request) -> web.Response:
    """`GET /v1/models`: the public names; a pattern stands for all names of its shape."""
    running = request.app[RUNNING]
    return _json({"object": "list", "data": [_model(running, name) for name in running.graph.names()]})


async def model(request: web.Request) -> web.Response:
    """`GET /v1/models/{id}`, for any name that a call could use."""
    running = request.app[RUNNING]
    name = request.match_info["id"]
    if name not in running.graph.names() and running.graph.resolve(name) is None:
        raise UnknownModelError(replies.unknown_model(running.graph, name), param="model")
    return _json(_model(running, name))


async def healthz(_request: web.Request) -> web.Response:
    """Alive: the loop turns."""
    return _json({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Ready to take calls, with which config, and what is missing from it."""
    running = request.app[RUNNING]
    status = "draining" if running.draining else "ready"
    told = {
        "status": status,
        "config": running.graph.digest,
        "version": llmgw.__version__,
        "in_flight": running.in_flight,
        "absent": dict(running.graph.absent),
    }
    return _json(told, status=503 if running.draining else 200)


async def root(_request: web.Request) -> web.Response:
    """`GET /` and `HEAD /`: that somebody is here, and where to go."""
    return _json({"name": "llmgw", "version": llmgw.__version__, "endpoints": ["/v1/chat/completions", "/v1/models"]})


async def preflight(_request: web.Request) -> web.Response:
    """`OPTIONS`: the headers that a browser asks for are put on by the middleware, if the origin may call."""
    return web.Response(status=204)


def _model(running: Running, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(running.started_at_s), "owned_by": "llmgw"}


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")
