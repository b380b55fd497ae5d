"""The tables, as they came to be: each migration is one entry, and none is ever changed once it has been released.

The number of the last one that was applied stands in the file (`user_version`). Rows of requests are kept in order
of their ids, which is that of time, so that they need no index: a range of time is a range of ids.
"""

import sqlite3
from contextlib import closing

from llmgw.adapters.sqlite.transactions import transaction
from llmgw.errors import GatewayError

_FACTS = """
    "key" TEXT NOT NULL, team TEXT NOT NULL, "user" TEXT NOT NULL, model TEXT NOT NULL, route TEXT NOT NULL,
    target TEXT NOT NULL, provider TEXT NOT NULL, endpoint TEXT NOT NULL, status INTEGER NOT NULL,
    outcome TEXT NOT NULL
"""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        f"""
        CREATE TABLE entry (
            request_id TEXT NOT NULL, attempt INTEGER NOT NULL, at_ms INTEGER NOT NULL, {_FACTS},
            request_user TEXT NOT NULL, stream INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cached_input_tokens INTEGER NOT NULL,
            reasoning_tokens INTEGER NOT NULL, cache_write_input_tokens INTEGER NOT NULL,
            cache_write_1h_input_tokens INTEGER NOT NULL, audio_input_tokens INTEGER NOT NULL,
            cached_audio_input_tokens INTEGER NOT NULL, audio_output_tokens INTEGER NOT NULL,
            image_input_tokens INTEGER NOT NULL, image_output_tokens INTEGER NOT NULL, service_tier TEXT NOT NULL,
            cost_nanousd INTEGER, saved_nanousd INTEGER NOT NULL, estimated INTEGER NOT NULL, overrun INTEGER NOT NULL,
            latency_ms REAL NOT NULL, first_token_ms REAL, client_request_id TEXT NOT NULL, metadata TEXT NOT NULL,
            PRIMARY KEY (request_id, attempt)
        ) WITHOUT ROWID
        """,
        f"""
        CREATE TABLE daily (
            day TEXT NOT NULL, {_FACTS},
            requests INTEGER NOT NULL, attempts INTEGER NOT NULL, errors INTEGER NOT NULL, unpriced INTEGER NOT NULL,
            estimated INTEGER NOT NULL, input_tokens INTEGER NOT NULL, cached_input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL, cost_nanousd INTEGER NOT NULL,
            saved_nanousd INTEGER NOT NULL,
            PRIMARY KEY (day, "key", team, "user", model, route, target, provider, endpoint, status, outcome)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE spend (
            budget TEXT NOT NULL, bucket TEXT NOT NULL, slot INTEGER NOT NULL, nanousd INTEGER NOT NULL,
            PRIMARY KEY (budget, bucket, slot)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE reservation (
            request_id TEXT NOT NULL, number INTEGER NOT NULL, owner TEXT NOT NULL, entry BLOB NOT NULL,
            PRIMARY KEY (request_id, number)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE key_use (key TEXT NOT NULL PRIMARY KEY, last_ms INTEGER NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE segment (
            owner TEXT NOT NULL, number INTEGER NOT NULL, applied INTEGER NOT NULL, PRIMARY KEY (owner, number)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE managed_key (
            name TEXT NOT NULL PRIMARY KEY, team TEXT NOT NULL, "user" TEXT NOT NULL, models TEXT, endpoints TEXT,
            metadata TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER, revoked_ms INTEGER
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE key_digest (
            digest TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, created_ms INTEGER NOT NULL, not_after_ms INTEGER
        ) WITHOUT ROWID
        """,
        "CREATE INDEX key_digest_by_name ON key_digest (name)",
        "CREATE TABLE keys_version (version INTEGER NOT NULL)",
        "INSERT INTO keys_version VALUES (0)",
    ),
    ("CREATE TABLE known_budget (id TEXT NOT NULL PRIMARY KEY, since_ms INTEGER NOT NULL) WITHOUT ROWID",),
    ("ALTER TABLE known_budget ADD COLUMN window_s REAL",),
    (
        "ALTER TABLE entry ADD COLUMN cached TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE daily ADD COLUMN cached INTEGER NOT NULL DEFAULT 0",
    ),
    ("ALTER TABLE daily RENAME COLUMN cached TO from_cache",),
)


class NewerLedgerError(GatewayError):
    """The file was made by a newer version, and nobody knows what stands in it."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date, whoever else does so at the same time. Raises NewerLedgerError."""
    if version(connection) == len(MIGRATIONS):
        return
    with transaction(connection):
        done = version(connection)
        if done > len(MIGRATIONS):
            raise NewerLedgerError(f"the ledger is of a newer llmgw (version {done} of it, here {len(MIGRATIONS)})")
        for statements in MIGRATIONS[done:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def version(connection: sqlite3.Connection) -> int:
    """How many migrations the file has seen."""
    with closing(connection.execute("PRAGMA user_version")) as found:
        return int(found.fetchone()[0])
