"""`llmgw keys` with a file: the keys that its ledger holds beside the file's own. A running server sees each change.

Secrets are shown once, when they are made; digests only by `show`.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import TypeVar

from llmgw.adapters.config_files import Built, build
from llmgw.adapters.key_register import KeyRegister, Registered, time_text
from llmgw.adapters.ledger import CannotOpenLedgerError, ledger_to_read
from llmgw.adapters.new_key import NewKey
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.migrations import NewerLedgerError, migrate
from llmgw.cli.env_file import environment
from llmgw.cli.key_flags import told
from llmgw.cli.render import Line, show, show_json, show_table
from llmgw.cli.sources import needed, sources
from llmgw.config.files import ledger_file
from llmgw.errors import InvalidRequestError

_HEADS = ("name", "from", "state", "team", "user", "models", "expires", "last use")

Answer = TypeVar("Answer")


def run(
    configs: Sequence[str] | None, env_file: Path | None, action: Callable[["KeyCommands"], int], *, as_json: bool
) -> int:
    """The exit code of one command. Raises ConfigError, or BadParameter for a flag at fault."""
    return told(lambda: action(KeyCommands(needed(configs), env_file, as_json=as_json)))


class KeyCommands:
    """Over the ledger of one file. Raises ConfigError, RequestError, or CannotOpenLedgerError."""

    def __init__(self, configs: Sequence[str], env_file: Path | None, *, as_json: bool) -> None:
        self._built = build(sources(configs), environment(env_file), need_secrets=False)
        self._built.checked()
        self._as_json = as_json

    def list(self) -> int:
        with self._reading() as register:
            keys = register.list()
        if self._as_json:
            show_json([found.as_dict() for found in keys], sys.stdout)
        elif keys:
            show_table(_HEADS, map(_row, keys), sys.stdout)
        else:
            show([("no keys: whoever is on this machine may call, and nobody else",)], sys.stdout)
        return 0

    def show(self, name: str) -> int:
        with self._reading() as register:
            return self._tell(register.show(name))

    def create(self, asked: NewKey) -> int:
        found, secret = self._changed(lambda register: register.create(asked))
        return self._tell(found, secret)

    def rotate(self, name: str, overlap_s: float) -> int:
        found, secret = self._changed(lambda register: register.rotate(name, overlap_s))
        return self._tell(found, secret)

    def revoke(self, name: str) -> int:
        return self._tell(self._changed(lambda register: register.revoke(name)))

    def expire(self, name: str, when: str) -> int:
        return self._tell(self._changed(lambda register: register.expire(name, when)))

    def _tell(self, found: Registered, secret: str | None = None) -> int:
        if self._as_json:
            shown = found.as_dict(with_digests=True)
            show_json({**shown, **({} if secret is None else {"secret": secret})}, sys.stdout)
        else:
            show(_lines(found, secret), sys.stdout)
        return 0

    def _changed(self, change: Callable[[KeyRegister], Answer]) -> Answer:
        path = self._ledger()
        if path is None:
            raise InvalidRequestError("state.ledger is none: there is no place for keys but the file")
        try:
            with database(path) as connection:
                return change(self._register(connection))
        except (sqlite3.Error, OSError, NewerLedgerError) as error:
            raise CannotOpenLedgerError(f"the ledger at {path} cannot be used: {error}") from None

    @contextmanager
    def _reading(self) -> Iterator[KeyRegister]:
        """Where no ledger is yet, none is made."""
        path = self._ledger()
        if path is not None and path.exists():
            with ledger_to_read(path, _warn) as connection:
                yield self._register(connection)
            return
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            migrate(connection)
            yield self._register(connection)

    def _register(self, connection: sqlite3.Connection) -> KeyRegister:
        built: Built = self._built
        return KeyRegister(connection, built.graph, built.loaded.config.server.timezone, time())

    def _ledger(self) -> Path | None:
        loaded = self._built.loaded
        found = ledger_file(loaded.config.state, loaded.source)
        return None if found is None else Path(found)


def _warn(text: str) -> None:
    show([(("warning", "yellow"), f": {text}")], sys.stderr)


def _row(found: Registered) -> Sequence[str]:
    key = found.key
    return (
        key.name,
        found.source,
        found.state,
        key.team,
        key.user,
        "all" if key.models is None else ", ".join(key.models),
        time_text(key.expires_ms) or "never",
        time_text(found.last_used_ms) or "",
    )


def _lines(found: Registered, secret: str | None) -> Iterator[Line]:
    fields = found.as_dict()
    width = max(map(len, fields)) + 2
    if secret is not None:
        yield (("secret".ljust(width), "dim"), (secret, "bold"))
    for name, value in fields.items():
        if value or name in ("models", "endpoints", "expires"):
            yield ((name.replace("_", " ").ljust(width), "dim"), _text(name, value))
    for one in found.key.digests:
        until = "" if one.not_after_ms is None else f" until {time_text(one.not_after_ms)}"
        yield (("sha256".ljust(width), "dim"), f"{one.digest}{until}")
    if secret is not None:
        yield ()
        yield ("The secret is shown this once: give it to whoever calls.",)


def _text(name: str, value: object) -> str:
    if value is None:
        return "never" if name == "expires" else "all"
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)
