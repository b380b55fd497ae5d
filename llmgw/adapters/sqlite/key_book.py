"""Managed keys in the ledger's database: what they are called, what they open, and the digests of their secrets.

A secret is never here, only its SHA-256. Whatever changes raises a number, by which a server sees cheaply that it has
to read them again. A name is never given to a second key: usage and budgets know keys by their names.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import msgspec

from llmgw.adapters.sqlite.transactions import transaction
from llmgw.errors import InvalidRequestError, KeyExistsError, UnknownKeyError
from llmgw.graph.principal import Principal

KEYS_MAX = 100_000
SECRETS_MAX = 8  # of a key, at the same time

_COLUMNS = 'name, team, "user", models, endpoints, metadata, created_ms, expires_ms, revoked_ms'


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """One secret of a key, by its SHA-256 in hex. `not_after_ms` None: as long as the key itself."""

    digest: str
    created_ms: int
    not_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ManagedKey:
    """As `Principal`; times in Unix time, in ms."""

    name: str
    team: str = ""
    user: str = ""
    models: tuple[str, ...] | None = None
    endpoints: tuple[str, ...] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_ms: int = 0
    expires_ms: int | None = None
    revoked_ms: int | None = None
    digests: tuple[KeyDigest, ...] = ()

    def principals(self) -> Iterator[tuple[str, Principal]]:
        """One for each digest, each ending when its secret does."""
        for one in self.digests:
            yield one.digest, self._principal(one)

    def _principal(self, one: KeyDigest) -> Principal:
        ends_ms = [end_ms for end_ms in (self.expires_ms, one.not_after_ms) if end_ms is not None]
        ends_s = min(ends_ms) / 1000 if ends_ms else None
        return Principal(
            key=self.name,
            team=self.team,
            user=self.user,
            models=self.models,
            endpoints=None if self.endpoints is None else frozenset(self.endpoints),
            metadata=MappingProxyType(dict(self.metadata)),
            expires_s=ends_s if self.revoked_ms is None else 0.0,  # at once, whatever the clocks say
        )


class KeyBook:
    """Over one connection, which is used by one thread at a time. Every change is whole, or has not happened."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def version(self) -> int:
        """Another one after every change."""
        (version,) = self._connection.execute("SELECT version FROM keys_version").fetchone()
        return int(version)

    def all(self) -> tuple[ManagedKey, ...]:
        """By name, also those that hold no more."""
        digests: dict[str, list[KeyDigest]] = {}
        with self._reading():
            for name, *rest in self._connection.execute(
                "SELECT name, digest, created_ms, not_after_ms FROM key_digest ORDER BY created_ms, digest"
            ):
                digests.setdefault(name, []).append(KeyDigest(*rest))
            rows = self._connection.execute(f"SELECT {_COLUMNS} FROM managed_key ORDER BY name").fetchall()  # noqa: S608 - ours
        return tuple(_key(row, digests.get(row[0], [])) for row in rows)

    def one(self, name: str) -> ManagedKey:
        """Raises UnknownKeyError."""
        with self._reading():
            return self._one(name)

    def load(self) -> tuple[int, Mapping[str, Principal]]:
        """The version, and everybody by the digests of their secrets."""
        with self._reading():
            version = self.version()
            found = {digest: principal for key in self.all() for digest, principal in key.principals()}
        return version, MappingProxyType(found)

    def add(self, key: ManagedKey) -> None:
        """A new one. Raises KeyExistsError."""
        with self._changing():
            (count,) = self._connection.execute("SELECT count(*) FROM managed_key").fetchone()
            if count >= KEYS_MAX:
                raise InvalidRequestError(f"there are {KEYS_MAX} keys, which is the most that the ledger keeps")
            if self._connection.execute("SELECT 1 FROM managed_key WHERE name = ?", (key.name,)).fetchone():
                raise KeyExistsError(f"there is a key '{key.name}' already, or was: names are given once", param="name")
            self._insert(key)

    def rotate(self, name: str, fresh: KeyDigest, old_until_ms: int) -> None:
        """Another secret; those that there are hold until then at most. Raises UnknownKeyError, InvalidRequestError."""
        with self._changing():
            key = self._one(name)
            _not_revoked(key)
            self._connection.execute(
                "UPDATE key_digest SET not_after_ms = min(coalesce(not_after_ms, ?2), ?2) WHERE name = ?1",
                (name, old_until_ms),
            )
            self._connection.execute(
                "DELETE FROM key_digest WHERE name = ? AND not_after_ms <= ?", (name, fresh.created_ms)
            )
            self._insert_digest(name, fresh)
            self._check_secrets(name)

    def revoke(self, name: str, now_ms: int) -> None:
        """For good. Raises UnknownKeyError."""
        with self._changing():
            self._one(name)
            self._connection.execute(
                "UPDATE managed_key SET revoked_ms = coalesce(revoked_ms, ?) WHERE name = ?", (now_ms, name)
            )

    def expire(self, name: str, at_ms: int | None) -> None:
        """It holds until then; None: for ever. Raises UnknownKeyError or InvalidRequestError."""
        with self._changing():
            _not_revoked(self._one(name))
            self._connection.execute("UPDATE managed_key SET expires_ms = ? WHERE name = ?", (at_ms, name))

    def _one(self, name: str) -> ManagedKey:
        row = self._connection.execute(f"SELECT {_COLUMNS} FROM managed_key WHERE name = ?", (name,)).fetchone()  # noqa: S608 - ours
        if row is None:
            # Without the name: it may be a secret that somebody took for one.
            raise UnknownKeyError("no key of that name in the ledger; `llmgw keys list` names all")
        digests = self._connection.execute(
            "SELECT digest, created_ms, not_after_ms FROM key_digest WHERE name = ? ORDER BY created_ms, digest",
            (name,),
        )
        return _key(row, [KeyDigest(*found) for found in digests])

    def _insert(self, key: ManagedKey) -> None:
        terms = (_json(key.models), _json(key.endpoints), _json(key.metadata))
        self._connection.execute(
            f"INSERT INTO managed_key ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
            (key.name, key.team, key.user, *terms, key.created_ms, key.expires_ms, key.revoked_ms),
        )
        for digest in key.digests:
            self._insert_digest(key.name, digest)

    def _insert_digest(self, name: str, one: KeyDigest) -> None:
        try:
            self._connection.execute(
                "INSERT INTO key_digest (digest, name, created_ms, not_after_ms) VALUES (?, ?, ?, ?)",
                (one.digest, name, one.created_ms, one.not_after_ms),
            )
        except sqlite3.IntegrityError:
            raise KeyExistsError("the secret is another key's already: each says who calls", param="sha256") from None

    def _check_secrets(self, name: str) -> None:
        (count,) = self._connection.execute("SELECT count(*) FROM key_digest WHERE name = ?", (name,)).fetchone()
        if count > SECRETS_MAX:
            raise InvalidRequestError(
                f"the key '{name}' has {SECRETS_MAX} secrets that hold: rotate it with a shorter overlap, or later"
            )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """All that is read is of one moment."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with transaction(self._connection):
            yield
            self._connection.execute("UPDATE keys_version SET version = version + 1")


def _key(row: Sequence[Any], digests: Sequence[KeyDigest]) -> ManagedKey:
    name, team, user, models, endpoints, metadata, created_ms, expires_ms, revoked_ms = row
    return ManagedKey(
        name=name,
        team=team,
        user=user,
        models=_names(models),
        endpoints=_names(endpoints),
        metadata=msgspec.json.decode(metadata, type=dict[str, str]),
        created_ms=created_ms,
        expires_ms=expires_ms,
        revoked_ms=revoked_ms,
        digests=tuple(digests),
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else msgspec.json.decode(text, type=tuple[str, ...])


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _not_revoked(key: ManagedKey) -> None:
    """What has been taken from somebody is not given back by the same name."""
    if key.revoked_ms is not None:
        raise InvalidRequestError(f"the key '{key.name}' has been revoked: make another one")
