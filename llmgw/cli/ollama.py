"""Is an Ollama running on this machine, and which models has it? One question on loopback, answered fast or not.

`OLLAMA_HOST` is honoured where it means this machine; another machine is not called unasked. No proxy is used.
"""

import ipaddress
import json
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PORT = 11434
WAIT_S = 0.5
ANSWER_BYTES_MAX = 1024 * 1024
MODELS_MAX = 50

_MODEL_NAME = re.compile(r"[A-Za-z0-9][\w.:/-]{0,99}", re.ASCII)
_LATEST = ":latest"


@dataclass(frozen=True, slots=True)
class Ollama:
    """One that answers. `models` are the names of what it has pulled."""

    base_url: str
    models: tuple[str, ...]


def find_ollama(env: Mapping[str, str]) -> Ollama | None:
    """The local Ollama, or None within `WAIT_S`."""
    address = loopback_address(env.get("OLLAMA_HOST", ""))
    if address is None:
        return None
    host, port = address
    body = _get(host, port, "/api/tags")
    if body is None:
        return None
    shown = f"[{host}]" if ":" in host else host
    return Ollama(f"http://{shown}:{port}", _models(body))


def loopback_address(ollama_host: str) -> tuple[str, int] | None:
    """Host and port of `OLLAMA_HOST` (`host`, `host:port`, `:port` or a URL), or None if it is not this machine.

    `0.0.0.0` tells the server to listen everywhere; from here that is loopback.
    """
    written = ollama_host.strip()
    try:
        parts = urlsplit(written if "://" in written else f"//{written}", scheme="http")
        host, port = parts.hostname or "127.0.0.1", parts.port or PORT
    except ValueError:
        return None
    if parts.scheme != "http" or parts.path not in ("", "/"):
        return None
    if host == "localhost":
        return "127.0.0.1", port
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if address.is_unspecified:
        return ("127.0.0.1" if address.version == 4 else "::1"), port
    return (host, port) if address.is_loopback else None


def _get(host: str, port: int, path: str) -> bytes | None:
    """The body of a 200, or None. HTTP/1.0, so that the answer ends where the connection does."""
    until_s = time.monotonic() + WAIT_S
    request = f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nAccept: application/json\r\n\r\n"
    answer = b""
    try:
        with socket.create_connection((host, port), timeout=WAIT_S) as connection:
            connection.sendall(request.encode())
            while len(answer) <= ANSWER_BYTES_MAX:
                connection.settimeout(max(until_s - time.monotonic(), 0.001))
                chunk = connection.recv(65536)
                if not chunk:
                    break
                answer += chunk
    except OSError:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    return body if head.split(b" ", 2)[1:2] == [b"200"] else None


def _models(body: bytes) -> tuple[str, ...]:
    """The names in `{"models": [{"name": …}]}`; whatever else came is no model."""
    try:
        answer: Any = json.loads(body)
    except ValueError:
        return ()
    models = answer.get("models") if isinstance(answer, dict) else None
    names = [model.get("name") for model in models or () if isinstance(model, dict)] if isinstance(models, list) else []
    fitting = [name.removesuffix(_LATEST) for name in names if isinstance(name, str) and _MODEL_NAME.fullmatch(name)]
    return tuple(dict.fromkeys(fitting))[:MODELS_MAX]
