"""A request that nobody sent: flags, or a body in a file, become what the server would know of it.

Flags become the request of a test in the file, a body is read as the server reads one: facts are made where the
server and the file's tests make theirs.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import typer

from llmgw.cli.sources import STDIN
from llmgw.config.model import TestRequest
from llmgw.dialects.openai_chat import openai_chat
from llmgw.errors import FailureClass, InvalidRequestError, RequestTooLargeError
from llmgw.graph.model import STAR, Graph
from llmgw.routing.dice import seed_of
from llmgw.routing.rehearsal import Pretence

SEED = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The flags of `test-route` as they were given."""

    model: str | None = None
    metadata: Sequence[str] = ()
    headers: Sequence[str] = ()
    user: str | None = None
    input_tokens: int | None = None
    max_tokens: int | None = None
    stream: bool = False
    tools: bool = False
    images: bool = False
    body: str | None = None
    fail: Sequence[str] = ()
    at: str | None = None
    seed: str | None = None


def pairs(texts: Iterable[str], flag: str) -> dict[str, str]:
    """`K=V` flags; the value may be empty and may hold further equals signs."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"'{text}' is not K=V", param_hint=flag)
        found[name.strip()] = value
    return found


def pretence(texts: Iterable[str], known: Sequence[str]) -> Pretence:
    """`T=CLASS` (always) and `T=CLASS,CLASS` (on its first attempts; `T=CLASS,` on the first only)."""
    failures: dict[str, FailureClass | tuple[FailureClass, ...]] = {}
    for target, written in pairs(texts, "--fail").items():
        if target not in known:
            raise typer.BadParameter(f"'{target}' is not a target: {_instead(target, known)}", param_hint="--fail")
        classes = tuple(_failure(name.strip()) for name in written.split(",") if name.strip())
        if not classes:
            raise typer.BadParameter(f"'{target}=' names no class: {_classes()}", param_hint="--fail")
        failures[target] = classes if "," in written else classes[0]
    return failures


def _failure(name: str) -> FailureClass:
    try:
        return FailureClass(name)
    except ValueError:
        raise typer.BadParameter(f"'{name}' is not a failure class: {_classes()}", param_hint="--fail") from None


def _classes() -> str:
    return ", ".join(failure.value for failure in FailureClass)


def _instead(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"targets: {', '.join(known[:20])}"


def seed(text: str | None) -> int:
    """A number, or the id of a request, whose draws are then repeated."""
    text = text or SEED
    return int(text) if text.isascii() and text.isdigit() else seed_of(text)
