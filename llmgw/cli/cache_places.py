"""Where `llmgw cache` finds what is kept: in the file, or with the gateway that has it in its memory.

The gateway is asked with the admin key of the file. No proxy is used and no redirect followed: the key goes there only.
"""

import http.client
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, urlencode, urlsplit

import msgspec
import typer

from llmgw.adapters.cache_stock import (
    CacheStats,
    Listed,
    Wanted,
    WrongFilterError,
    partial_key,
    read_wanted,
)
from llmgw.adapters.config_files import Built, build
from llmgw.adapters.sqlite import cache_tables
from llmgw.adapters.sqlite.cache_file import NotOurCacheError, cache_file, is_damaged
from llmgw.cli.env_file import environment
from llmgw.cli.sources import sources
from llmgw.config.secrets import Secret
from llmgw.errors import GatewayError

ANSWER_S_MAX = 30.0
ANSWER_BYTES_MAX = 64 * 1024 * 1024
_DAMAGED = "a gateway moves it aside at its next start, and begins a new one; or move it away"
_FILE_TELLS = "leave out --url, and the file of `cache.store` tells it without a gateway"
_ADMIN_KEY = ("server", "admin_key")

Answer = TypeVar("Answer")

Filters = Mapping[str, str]
"""By the names of `cache_stock.FILTERS`, as they were written; of `key` the beginning will do."""


class CannotAskError(GatewayError):
    """What is kept cannot be had. The message says what to do."""


class Place(Protocol):
    """All of these raise CannotAskError. `rules`: the names of those of the file."""

    @property
    def rules(self) -> Collection[str]: ...
    def stats(self) -> CacheStats: ...
    def entries(self, filters: Filters, most: int) -> Sequence[Listed]: ...
    def purge(self, filters: Filters) -> int: ...


class InFile:
    """Whether or not a gateway uses it: one that does drops what is thrown away within a second."""

    def __init__(self, path: Path, max_bytes: int, rules: Collection[str]) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self.rules = rules

    def stats(self) -> CacheStats:
        with self._opened() as connection:
            return cache_tables.stats(connection, self._max_bytes)

    def entries(self, filters: Filters, most: int) -> Sequence[Listed]:
        with self._opened() as connection:
            wanted = _wanted(connection, filters)
            return [] if wanted is None else cache_tables.entries(connection, wanted, most, _now_ms())

    def purge(self, filters: Filters) -> int:
        with self._opened() as connection:
            wanted = _wanted(connection, filters)
            return 0 if wanted is None else len(cache_tables.purge(connection, wanted, _now_ms()))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            raise CannotAskError(f"nothing has been kept yet: there is no cache at {self._path}")
        try:
            with cache_file(self._path) as connection:
                yield connection
        except NotOurCacheError as error:
            raise CannotAskError(str(error)) from None
        except (sqlite3.Error, OSError) as error:
            remedy = f"; {_DAMAGED}" if isinstance(error, sqlite3.Error) and is_damaged(error) else ""
            raise CannotAskError(f"the cache at {self._path} cannot be used: {error}{remedy}") from None


class AtGateway:
    """Of one that runs, by its `/admin/cache`. `has_file`: the same could be read in a file."""

    def __init__(self, url: str, key: Secret, rules: Collection[str], *, has_file: bool) -> None:
        self._url = url
        self._parts = _split(url)
        self._key = key
        self._has_file = has_file
        self.rules = rules

    def stats(self) -> CacheStats:
        return self._ask("GET", "/stats", {}, CacheStats)

    def entries(self, filters: Filters, most: int) -> Sequence[Listed]:
        return self._ask("GET", "", {**filters, "limit": str(most)}, _Entries).entries

    def purge(self, filters: Filters) -> int:
        return self._ask("DELETE", "", filters or {"all": "1"}, _Purged).purged

    def _ask(self, method: str, path: str, query: Filters, kind: type[Answer]) -> Answer:
        whole = f"{self._parts.path.rstrip('/')}/admin/cache{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            status, body = self._answer(method, whole)
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise CannotAskError(self._silent(_why(error))) from None
        if status != 200:
            raise CannotAskError(f"{self._url} says {status}: {_told(status, body)}")
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.DecodeError:
            raise CannotAskError(f"{self._url} is no gateway that tells of its cache") from None

    def _silent(self, why: str) -> str:
        if self._has_file:
            return f"{self._url} does not answer ({why}): is it running? Or {_FILE_TELLS}"
        return (
            f"what is kept is in the memory of the gateway, and {self._url} does not answer ({why}): is it "
            "running? --url says where; with `cache.store: sqlite:///cache.db` the file tells it without"
        )

    def _answer(self, method: str, path: str) -> tuple[int, bytes]:
        is_secure = self._parts.scheme == "https"
        kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        with closing(kind(self._parts.hostname or "", self._parts.port, timeout=ANSWER_S_MAX)) as connection:
            connection.request(method, path, headers={"authorization": f"Bearer {self._key.reveal()}"})
            response = connection.getresponse()
            return response.status, response.read(ANSWER_BYTES_MAX)


class _Entries(msgspec.Struct):
    entries: list[Listed]


class _Purged(msgspec.Struct):
    purged: int


class _Error(msgspec.Struct):
    message: str


class _Refusal(msgspec.Struct):
    error: _Error


def place(configs: Sequence[str], env_file: Path | None, url: str | None) -> Place:
    """By the file; `url`: of the gateway there. Raises ConfigError, CannotAskError or BadParameter."""
    built = build(sources(configs), environment(env_file), need_secrets=False)
    rules = built.checked().cache
    names = [rule.name for rule in rules.rules]
    if url is None and rules.store is not None:
        return InFile(Path(rules.store), rules.max_bytes, names)
    has_file = rules.store is not None
    return AtGateway(url or _usual_url(built), _admin_key(built, has_file=has_file), names, has_file=has_file)


def _wanted(connection: sqlite3.Connection, filters: Filters) -> Wanted | None:
    """None: nothing has a key that begins so."""
    try:
        start = partial_key(filters)
        return read_wanted(filters, () if start is None else cache_tables.keys(connection, start))
    except WrongFilterError as error:
        raise CannotAskError(str(error)) from None


def _admin_key(built: Built, *, has_file: bool) -> Secret:
    loaded = built.loaded
    missing = [one.message for one in loaded.missing if one.path == _ADMIN_KEY]
    if missing:
        raise CannotAskError(f"the gateway wants its admin key: {missing[0]}")
    if loaded.config.server.admin_key is None and has_file:
        raise CannotAskError(f"the gateway tells nobody without an admin key: set `server.admin_key`, or {_FILE_TELLS}")
    if loaded.config.server.admin_key is None:
        raise CannotAskError(
            "what is kept is in the memory of the gateway, which tells it to nobody without an admin key: set "
            "`server.admin_key`, or `cache.store: sqlite:///cache.db`"
        )
    return loaded.config.server.admin_key


def _usual_url(built: Built) -> str:
    server = built.loaded.config.server
    is_everywhere = server.host in (None, "", "0.0.0.0", "::")  # noqa: S104 - not to bind
    host = "127.0.0.1" if is_everywhere or server.host is None else server.host
    shown = f"[{host}]" if ":" in host else host
    return f"{'http' if server.tls is None else 'https'}://{shown}:{server.port}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0:
            return parts
    except ValueError:
        pass
    raise typer.BadParameter(f"'{url}' is no address, as in http://127.0.0.1:4000", param_hint="--url")


def _told(status: int, body: bytes) -> str:
    try:
        message = msgspec.json.decode(body, type=_Refusal).error.message
    except msgspec.DecodeError:
        message = "and no reason"
    return f"{message} (`server.admin_key` of the file was shown)" if status == 401 else message


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _now_ms() -> int:
    return int(time.time() * 1000)
