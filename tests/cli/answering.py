"""A server on loopback that gives one answer."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TAGS = json.dumps({"models": [{"name": "llama3.3:latest"}, {"name": "qwen3:8b"}, {"name": "bad name\n"}, {}, 7]})


@contextmanager
def answering(answer: bytes, *, hold_s: float = 0.0) -> Iterator[int]:
    """A server on loopback that reads one request, sends `answer` and closes after a while."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
            done.wait(hold_s)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        done.set()
        thread.join()
        listener.close()


def http(body: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.0 {status}\r\nContent-Type: application/json\r\n\r\n{body}".encode()
