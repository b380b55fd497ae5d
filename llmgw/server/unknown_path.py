"""What to say to a path that is not ours: as a rule it is another API's, another product's, or `/v1` is there twice."""

from llmgw.errors import UnknownPathError

_ENDPOINTS = "POST /v1/chat/completions, POST /v1/messages, GET /v1/models, GET /healthz, GET /readyz"

# By their first word after the prefix; what is below them belongs to them.
_NOT_YET = frozenset(
    {
        *("assistants", "audio", "batches", "completions", "conversations", "count_tokens", "embeddings", "files"),
        *("fine_tuning", "images", "moderations", "realtime", "rerank", "responses", "threads", "uploads"),
        *("vector_stores", "videos"),
    }
)
_ALSO_CALLED = {
    "/health": "/healthz",
    "/healthcheck": "/healthz",
    "/health/liveliness": "/healthz",
    "/health/liveness": "/healthz",
    "/livez": "/healthz",
    "/ping": "/healthz",
    "/health/readiness": "/readyz",
    "/ready": "/readyz",
}


def unknown_path(path: str) -> UnknownPathError:
    """The error for a path without an endpoint, with the way on."""
    return UnknownPathError(f"no endpoint {path}{_hint(path)}; there are: {_ENDPOINTS}")


def _hint(path: str) -> str:
    if "/v1/v1" in path:
        return ": it has /v1 twice, because the client adds one of its own; leave it out of the base URL"
    ours = _ALSO_CALLED.get(path.rstrip("/"))
    if ours is not None:
        return f": here it is {ours}"
    name = next((part for part in path.split("/") if part in _NOT_YET), None)
    return "" if name is None else f": {name} is not in this version yet"
