"""`llmgw keys` without a ledger: a key for the file, and the digest of a secret that is there. Keeps nothing."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC
from time import time
from typing import Any

from llmgw.adapters.key_register import moment_ms, new_secret, time_text
from llmgw.adapters.new_key import NewKey, check, metadata_text
from llmgw.cli.render import Line, show, show_json
from llmgw.cli.yaml_text import quoted
from llmgw.config.secrets import digest
from llmgw.graph.header_values import key_fault

_INPUT_CHARS_MAX = 10_000


def create(asked: NewKey, *, as_json: bool) -> int:
    """A fresh key: its secret for whoever calls, its digest for the file. Raises InvalidRequestError."""
    check(asked)
    secret = None if asked.sha256 is not None else new_secret()
    entry = _entry(asked, asked.sha256 or digest(secret or ""))
    if as_json:
        show_json({**entry, **({} if secret is None else {"secret": secret})}, sys.stdout)
    else:
        show(_lines(secret, entry), sys.stdout)
    return 0


def _entry(asked: NewKey, sha256: str) -> Mapping[str, Any]:
    """Of the file; what is not said is left out."""
    entry = {
        "name": asked.name,
        "sha256": sha256,
        "team": asked.team,
        "user": asked.user,
        "models": list(asked.models or ()),
        "endpoints": list(asked.endpoints or ()),
        "metadata": metadata_text(asked),
        "expires": _expires(asked),
    }
    return {key: value for key, value in entry.items() if value}


def _expires(asked: NewKey) -> str | None:
    """A day stays one, for it ends in the time zone of the file; the file knows no durations."""
    at_ms = None if asked.expires is None else moment_ms(asked.expires, UTC, time())
    return asked.expires if at_ms is not None and "-" in (asked.expires or "") else time_text(at_ms)


def _lines(secret: str | None, entry: Mapping[str, Any]) -> Iterator[Line]:
    if secret is not None:
        yield (("secret  ", "dim"), (secret, "bold"))
        yield (("sha256  ", "dim"), entry["sha256"])
        yield ()
        yield ("The secret is shown this once: give it to whoever calls. Into the file goes only its digest:",)
        yield ()
    yield ("keys:",)
    yield (f"  - {_flow(entry)}",)


def _flow(value: Any) -> str:
    """As YAML on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_name(name)}: {_flow(item)}' for name, item in value.items())}}}"
    return f"[{', '.join(map(quoted, value))}]" if isinstance(value, list) else quoted(value)


def _name(text: str) -> str:
    return text if text.isidentifier() else quoted(text)


def tell_digest(*, as_json: bool) -> int:
    """Of the secret on standard input; the line break at its end is not part of it."""
    secret = sys.stdin.read(_INPUT_CHARS_MAX + 1).rstrip("\r\n")
    if not secret or len(secret) > _INPUT_CHARS_MAX:
        show([(("no secret came in", "bold red"), ': printf %s "$SECRET" | llmgw keys digest')], sys.stderr)
        return 1
    if fault := key_fault(secret):
        show([(("warning", "yellow"), f": the secret {fault}: no client could send it as it is")], sys.stderr)
    if as_json:
        show_json({"sha256": digest(secret)}, sys.stdout)
    else:
        show([(digest(secret),)], sys.stdout)
    return 0
