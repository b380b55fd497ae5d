"""One caller's connection: aiohttp's, but what cannot be parsed is answered, and logged, like every other refusal.

Left alone it would answer in plain text, and log a traceback at error level for bytes that anybody may send.
"""

import asyncio
import re
from logging import Logger
from typing import Any, cast

from aiohttp import web

from llmgw.adapters.system import new_request_id
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import InvalidRequestError
from llmgw.replies import report
from llmgw.server.running import NAME, Running

_QUOTES = re.compile("[:'\"\n]")


class Connection(web.RequestHandler):
    """`patience.head_s` ends idle connections, and heads of requests that never end."""

    __slots__ = ("_running",)

    def __init__(self, runner: web.AppRunner, running: Running) -> None:
        super().__init__(
            cast("web.Server", runner.server),  # there is one after `setup`
            loop=asyncio.get_running_loop(),
            access_log=cast("Logger", None),  # how aiohttp is told to write none
            keepalive_timeout=running.patience.head_s,
            logger=cast("Logger", running.logger),
        )
        self._running = running

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - of what could not be parsed nothing is known
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Status 400 is what could not be parsed; anything else broke an answer that had begun."""
        if status != 400:
            raise ConnectionResetError("so that what was begun does not look whole") from exc
        # The parser goes on to quote the line, and there may be a key in it.
        reason = _QUOTES.split(message or "", maxsplit=1)[0].strip()
        told = report(InvalidRequestError(f"this is not HTTP/1.1 as we read it ({reason})"))
        request_id = new_request_id(self._running.clock.now_s())
        self._running.logger.info("refused", request_id=request_id, status=status, code=told.code, error=told.message)
        headers = {"server": NAME, "x-llmgw-request-id": request_id, "content-type": "application/json"}
        response = web.Response(status=status, headers=headers, body=openai_chat.write_error(told))
        response.force_close()
        return response

    def log_exception(self, *args: Any, **options: Any) -> None:
        """A body that could not be read has been answered; aiohttp stumbles over it once more when it clears up."""
        if not isinstance(options.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **options)
