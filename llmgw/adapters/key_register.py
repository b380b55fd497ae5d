"""All keys in one place, for whoever administers them: the file's, which only the file changes, and the ledger's.

What `llmgw keys` and `/admin/keys` say and do is here, so that both say and do the same.
"""

import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from llmgw.adapters.new_key import NewKey, check, metadata_text
from llmgw.adapters.sqlite.key_book import KeyBook, KeyDigest, ManagedKey
from llmgw.adapters.sqlite.reading import key_uses
from llmgw.config.secrets import digest
from llmgw.config.units import DURATION_PATTERN, duration_s
from llmgw.errors import InvalidRequestError, KeyExistsError
from llmgw.graph.keys import end_of, zone_of
from llmgw.graph.model import Graph
from llmgw.graph.principal import Principal

PREFIX = "llmgw-"  # by which scanners of repositories, and `validate`, know a secret of ours
OVERLAP_S_MAX = 90 * 24 * 3600.0
_SECRET_BYTES = 32
_WHEN = "write 2027-01-31, 2027-01-31T14:30, 30d, now or never"


@dataclass(frozen=True, slots=True)
class Registered:
    """A key as it is told. Of one in the file it is not known since when it is there."""

    key: ManagedKey
    source: str  # file or ledger
    state: str  # active, expired, revoked; of the ledger's that has the name of one in the file: shadowed
    last_used_ms: int | None = None

    def as_dict(self, *, with_digests: bool = False) -> dict[str, Any]:
        """As programs read it: times as RFC 3339 in UTC."""
        key = self.key
        told = {
            "name": key.name,
            "source": self.source,
            "state": self.state,
            "team": key.team,
            "user": key.user,
            "models": key.models,
            "endpoints": key.endpoints,
            "metadata": dict(key.metadata),
            "created": time_text(key.created_ms or None),
            "expires": time_text(key.expires_ms),
            "revoked": time_text(key.revoked_ms),
            "last_used": time_text(self.last_used_ms),
        }
        return {**told, "secrets": [_digest_told(one) for one in key.digests]} if with_digests else told


class KeyRegister:
    """Of one moment: for one command, or one request."""

    def __init__(self, connection: sqlite3.Connection, graph: Graph, timezone: str, now_s: float) -> None:
        self._connection = connection
        self._book = KeyBook(connection)
        self._graph = graph
        self._zone = zone_of(timezone)
        self._now_s = now_s

    def list(self) -> tuple[Registered, ...]:
        """The file's first."""
        used = key_uses(self._connection)
        keys = [*map(self._of_file, self._graph.principals.values()), *map(self._of_ledger, self._book.all())]
        return tuple(_used(found, used) for found in keys)

    def show(self, name: str) -> Registered:
        """Raises UnknownKeyError."""
        principal = self._graph.principals.get(name)
        found = self._of_ledger(self._book.one(name)) if principal is None else self._of_file(principal)
        return _used(found, key_uses(self._connection))

    def create(self, asked: NewKey) -> tuple[Registered, str | None]:
        """The key, and its secret, this once; None: the caller has it. Raises RequestError."""
        key, secret = self._made(asked)
        self._book.add(key)
        return self._of_ledger(key), secret

    def rotate(self, name: str, overlap_s: float) -> tuple[Registered, str]:
        """Another secret, shown this once; the old ones hold for so long. Raises RequestError."""
        self._check_managed(name)
        if not 0 <= overlap_s <= OVERLAP_S_MAX:
            raise InvalidRequestError(f"an overlap is at most {OVERLAP_S_MAX / 86400:g}d", param="overlap")
        secret = new_secret()
        self._book.rotate(name, KeyDigest(digest(secret), self._now_ms), self._now_ms + int(overlap_s * 1000))
        return self.show(name), secret

    def revoke(self, name: str) -> Registered:
        """For good. Raises RequestError."""
        self._check_managed(name)
        self._book.revoke(name, self._now_ms)
        return self.show(name)

    def expire(self, name: str, when: str) -> Registered:
        """It holds until then. Raises RequestError."""
        self._check_managed(name)
        self._book.expire(name, moment_ms(when, self._zone, self._now_s))
        return self.show(name)

    @property
    def _now_ms(self) -> int:
        return int(self._now_s * 1000)

    def _made(self, asked: NewKey) -> tuple[ManagedKey, str | None]:
        check(asked)
        if asked.name in self._graph.principals:
            raise KeyExistsError(f"the file has a key '{asked.name}' already", param="name")
        secret = new_secret() if asked.sha256 is None else None
        sha256 = (asked.sha256 or "").lower() if secret is None else digest(secret)
        if sha256 in self._graph.digests:
            raise KeyExistsError("the secret is that of a key in the file", param="sha256")
        made = ManagedKey(
            name=asked.name,
            team=asked.team,
            user=asked.user,
            models=asked.models,
            endpoints=asked.endpoints,
            metadata=metadata_text(asked),
            created_ms=self._now_ms,
            expires_ms=self._end_ms(asked),
            digests=(KeyDigest(sha256, self._now_ms),),
        )
        return made, secret

    def _end_ms(self, asked: NewKey) -> int | None:
        ends_ms = None if asked.expires is None else moment_ms(asked.expires, self._zone, self._now_s)
        if ends_ms is not None and ends_ms <= self._now_ms:
            raise InvalidRequestError(f"expires: '{asked.expires}' has passed already", param="expires")
        return ends_ms

    def _check_managed(self, name: str) -> None:
        if name in self._graph.principals:
            raise InvalidRequestError(f"the key '{name}' is in the file: change it there, and reload")

    def _of_file(self, principal: Principal) -> Registered:
        ends_s = principal.expires_s
        key = ManagedKey(
            name=principal.key,
            team=principal.team,
            user=principal.user,
            models=principal.models,
            endpoints=None if principal.endpoints is None else tuple(sorted(principal.endpoints)),
            metadata=principal.metadata,
            expires_ms=_ms(ends_s),
            digests=tuple(self._digests_of(principal)),
        )
        return Registered(key, "file", self._state(key))

    def _digests_of(self, principal: Principal) -> Iterator[KeyDigest]:
        for sha256, shown in self._graph.digests.items():
            if shown.key == principal.key:
                yield KeyDigest(sha256, 0, _ms(shown.expires_s) if shown.expires_s != principal.expires_s else None)

    def _of_ledger(self, key: ManagedKey) -> Registered:
        return Registered(key, "ledger", "shadowed" if key.name in self._graph.principals else self._state(key))

    def _state(self, key: ManagedKey) -> str:
        if key.revoked_ms is not None:
            return "revoked"
        return "expired" if key.expires_ms is not None and key.expires_ms <= self._now_ms else "active"


def new_secret() -> str:
    """That nobody can guess."""
    return f"{PREFIX}{secrets.token_urlsafe(_SECRET_BYTES)}"


def moment_ms(when: str, zone: tzinfo, now_s: float) -> int | None:
    """In Unix time, of a day, a time, a duration from now on, `now` or `never` (None). Raises InvalidRequestError."""
    if when == "never":
        return None
    try:
        return int(_moment_s(when, zone, now_s) * 1000)
    except (ValueError, OverflowError):
        raise InvalidRequestError(f"expires: '{when[:40]}' is not a time: {_WHEN}", param="expires") from None


def _moment_s(when: str, zone: tzinfo, now_s: float) -> float:
    if when == "now":
        return now_s
    if not re.fullmatch(DURATION_PATTERN, when):
        return end_of(when, zone)
    return (datetime.fromtimestamp(now_s, UTC) + timedelta(seconds=duration_s(when))).timestamp()


def time_text(at_ms: int | None) -> str | None:
    """`2027-01-31T14:30:00Z`."""
    return None if at_ms is None else f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _used(found: Registered, last_used: Mapping[str, int]) -> Registered:
    return Registered(found.key, found.source, found.state, last_used.get(found.key.name))


def _digest_told(one: KeyDigest) -> dict[str, str | None]:
    return {
        "sha256": one.digest,
        "created": time_text(one.created_ms or None),
        "not_after": time_text(one.not_after_ms),
    }


def _ms(moment_s: float | None) -> int | None:
    return None if moment_s is None else int(moment_s * 1000)
