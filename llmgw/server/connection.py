"""One caller's connection: aiohttp's, but what it cannot parse is answered, and logged, as every refusal is.

Its own way would be a plain-text answer and a traceback at error level, for bytes that anybody may send.
"""

from aiohttp import web

from llmgw.dialects.openai_chat import openai_chat
from llmgw.errors import InvalidRequestError
from llmgw.replies import report
from llmgw.server.running import Running

_REASON_CHARS_MAX = 200


class Connection(web.RequestHandler):
    """`head_s` bounds idle connections and heads that never end alike."""

    __slots__ = ("_running",)

    def __init__(self, server: web.Server, running: Running) -> None:
        super().__init__(
            server,
            loop=running.loop,
            access_log=None,
            keepalive_timeout=running.patience.head_s,
            logger=running.logger,
        )
        self._running = running

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        ...
