"""Ports at which nothing answers: connections to them are refused, or never come about.

Each is a real bound socket of ours for as long as the `with` lasts, so that nobody else can take the port meanwhile.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

HOST = "127.0.0.1"
BACKLOG_FILLERS = 8
"""More pending connections than a backlog of zero holds; the kernel drops those that come after."""


@contextmanager
def refusing_url() -> Iterator[str]:
    """A base URL whose port is bound but not listening: every connection is refused."""
    with closing(socket.socket()) as bound:
        bound.bind((HOST, 0))
        yield f"http://{HOST}:{bound.getsockname()[1]}"


@contextmanager
def unanswering_url() -> Iterator[str]:
    """A base URL whose port accepts no connection: its queue is full, so that connecting hangs."""
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.socket()))
        listener.bind((HOST, 0))
        listener.listen(0)
        for _ in range(BACKLOG_FILLERS):
            filler = stack.enter_context(closing(socket.socket()))
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://{HOST}:{listener.getsockname()[1]}"
