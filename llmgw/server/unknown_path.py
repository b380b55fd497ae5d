"""What to say to a path that is not ours: as a rule it is another API's, another product's, or `/v1` is there twice."""

import re

from llmgw.errors import UnknownPathError
from llmgw.server.spoken import ENDPOINTS

_ENDPOINTS = f"POST {', '.join(ENDPOINTS)}; GET /v1/models, /healthz, /readyz"

# What Google's SDKs make of a base URL with a version.
_DOUBLED = re.compile(r"/v1(?:beta)?/v1(?:alpha|beta)?(?=/|$)")

# By their first word after the prefix; what is below them belongs to them.
_NOT_YET = frozenset(
    {
        *("assistants", "audio", "batches", "cachedContents", "conversations", "embeddings", "files"),
        *("fine_tuning", "images", "interactions", "moderations", "realtime", "rerank", "threads", "uploads"),
        *("vector_stores", "videos"),
    }
)
# By what follows the colon, as Google calls them.
_METHODS_NOT_YET = frozenset(
    {
        *("embedContent", "batchEmbedContents", "asyncBatchEmbedContent", "batchGenerateContent", "computeTokens"),
        *("predict", "predictLongRunning"),
    }
)
# Below an endpoint of ours; but for what has a name of its own, an id follows.
_STORED = {"responses": "stored responses are", "completions": "stored completions are"}
_BESIDE = frozenset({"input_tokens", "compact"})
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


def names_method(path: str) -> bool:
    """Whether it is a call of Google's to a model that could else be looked at there."""
    return path.rpartition(":")[2] in _METHODS_NOT_YET


def _hint(path: str) -> str:
    if "/v1/v1" in f"{path}/".replace("/v1/v1beta", "/"):
        return ": it has /v1 twice, because the client adds one of its own; leave it out of the base URL"
    if doubled := _DOUBLED.search(path):
        return f": it has {doubled[0]}, because the client adds a version of its own; leave yours out of the base URL"
    ours = _ALSO_CALLED.get(path.rstrip("/"))
    if ours is not None:
        return f": here it is {ours}"
    what = _not_yet(path.rstrip("/").split("/"))
    return "" if what is None else f": {what} not in this version yet"


def _not_yet(parts: list[str]) -> str | None:
    name = next((part for part in parts if part in _NOT_YET), None)
    method = parts[-1].rpartition(":")[2]
    if name is None and method in _METHODS_NOT_YET:
        name = method
    if name is None and parts[-1] in _BESIDE:
        name = "/".join(parts[-2:])
    return f"{name} is" if name else next((_STORED[part] for part in parts[:-1] if part in _STORED), None)
