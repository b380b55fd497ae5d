"""`llmgw keys`: make a secret that nobody can guess, and tell the digest of one that is there. Keeps nothing."""

import secrets
import sys
from collections.abc import Iterator

import typer

from llmgw.cli.render import Line, show, show_json
from llmgw.cli.yaml_text import quoted
from llmgw.config.secrets import digest
from llmgw.graph.header_values import key_fault

PREFIX = "llmgw-"  # by which scanners of repositories, and `validate`, know one
_BYTES = 32
_INPUT_CHARS_MAX = 10_000


def create(name: str, team: str | None, user: str | None, *, as_json: bool) -> int:
    """A fresh key: its secret for whoever calls, its digest for the file."""
    if not name or any(char.isspace() for char in name):
        raise typer.BadParameter(f"'{name}' cannot be a key's name: it has no spaces", param_hint="--name")
    secret = f"{PREFIX}{secrets.token_urlsafe(_BYTES)}"
    entry = {
        "name": name,
        "sha256": digest(secret),
        **({"team": team} if team else {}),
        **({"user": user} if user else {}),
    }
    if as_json:
        show_json({**entry, "secret": secret}, sys.stdout)
    else:
        show(_lines(secret, entry), sys.stdout)
    return 0


def _lines(secret: str, entry: dict[str, str]) -> Iterator[Line]:
    yield (("secret  ", "dim"), (secret, "bold"))
    yield (("sha256  ", "dim"), entry["sha256"])
    yield ()
    yield ("The secret is shown this once: give it to whoever calls. Into the file goes only its digest:",)
    yield ()
    yield ("keys:",)
    yield (f"  - {{{', '.join(f'{key}: {quoted(value)}' for key, value in entry.items())}}}",)


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
