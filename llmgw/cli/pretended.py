"""A request that nobody sent: flags, or a body in a file, become what the server would know of it.

Flags become the request of a test in the file, a body is read as the server reads one: facts are made where the
server and the file's tests make theirs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

import msgspec
import typer

from llmgw.accounting import Bounding
from llmgw.chat.request import ChatRequest
from llmgw.cli import request_body
from llmgw.config.model import TestRequest
from llmgw.errors import FailureClass, InvalidRequestError
from llmgw.graph.model import Graph, Target
from llmgw.graph.patterns import STAR, by_precedence, closest
from llmgw.graph.principal import Principal
from llmgw.policy import access
from llmgw.preparing import Preparing
from llmgw.routing import facts
from llmgw.routing.dice import seed_of
from llmgw.routing.facts import Facts
from llmgw.routing.health import HealthSnapshot
from llmgw.routing.health_board import HealthBoard
from llmgw.routing.plan import Unfit, fit
from llmgw.routing.rehearsal import Pretence
from llmgw.server import headers
from llmgw.server.dry_books import DryBooks

ENDPOINT = "chat"
IP = "127.0.0.1"
FACTS_BYTES_MAX = 64 * 1024 * 1024
SEED = "0"
NOTHING_ABSENT: Mapping[str, str] = {}
_ASSUME = "--assume-keys plays it as if every key were set"


def nothing(_target: Target) -> tuple[str, ...]:
    """Without a body there is nothing to leave out."""
    return ()


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
    dialect: str | None = None  # of the body
    fail: Sequence[str] = ()
    assume_keys: bool = False
    at: str | None = None
    seed: str | None = None
    key: str | None = None
    spent: Sequence[str] = ()
    facts: str | None = None  # a file


@dataclass(frozen=True, slots=True)
class Question:
    """What a decision needs to know of the request, once it is admitted.

    `timeout_s` may lower the route's deadline; `left_out` are the fields that would not go to a target. `request` is
    there if it has a body, in its `dialect`.
    """

    model: str
    facts: Facts
    stream: bool
    timeout_s: float | None
    books: DryBooks
    headers: Mapping[str, str]
    unfit: Unfit = fit
    bounding: Bounding | None = None
    left_out: Callable[[Target], tuple[str, ...]] = nothing
    request: ChatRequest | None = None
    dialect: str = ""


def question(asked: Asked, graph: Graph, body_bytes_max: int) -> Question:
    """Raises RequestError for what the server would refuse, BadParameter for flags that make no sense."""
    if asked.key is not None and asked.key not in graph.principals:
        raise typer.BadParameter(_no_key(asked.key, tuple(graph.principals)), param_hint="--key")
    given = {name.lower(): value for name, value in pairs(asked.headers, "--header").items()}
    metadata = {**headers.metadata(given), **pairs(asked.metadata, "--metadata")}
    at = moment(asked.at, graph.timezone)
    if asked.body is not None:
        return _of_body(asked, request_body.content(asked.body, body_bytes_max), metadata, given, at, graph)
    if asked.dialect is not None:
        raise typer.BadParameter("it is the dialect of a body: give --request FILE too", param_hint="--dialect")
    if asked.model is None:
        raise typer.BadParameter("say what is asked for: --model NAME, or --request FILE", param_hint="--model")
    request = TestRequest(
        model=asked.model,
        metadata=metadata,
        headers=given,
        user=asked.user,
        ip=IP,
        endpoint=ENDPOINT,
        stream=asked.stream,
        input_tokens=asked.input_tokens,
        max_tokens=asked.max_tokens,
        tools=asked.tools,
        images=asked.images,
    )
    principal, books = _principal(asked, asked.model, at, graph), _books(asked, at, graph)
    known = facts.pretended(request, at, principal, books.used)
    return Question(asked.model, known, asked.stream, headers.timeout_s(given), books, given)


def board(asked: Asked) -> HealthBoard:
    """How the targets are. Raises BadParameter for a file that cannot be read."""
    if asked.facts is None:
        return HealthBoard()
    body = request_body.content(asked.facts, FACTS_BYTES_MAX, "--facts")
    try:
        return HealthBoard.of(msgspec.json.decode(body, type=HealthSnapshot))
    except msgspec.DecodeError as error:
        message = f"'{asked.facts}' is not what /admin/health tells: {error}"
        raise typer.BadParameter(message, param_hint="--facts") from None


def _principal(asked: Asked, model: str, at: datetime, graph: Graph) -> Principal | None:
    return access.admitted(graph, asked.key, model, ENDPOINT, at.timestamp())


def _books(asked: Asked, at: datetime, graph: Graph) -> DryBooks:
    return DryBooks(graph, spent(asked.spent, graph), at.timestamp())


def spent(texts: Iterable[str], graph: Graph) -> dict[str, float]:
    """`B=USD` flags: what is spent of a budget, in the bucket of this request."""
    known = [rule.scope.name for rule in graph.rules.budgets]
    found = {}
    for name, text in pairs(texts, "--spent").items():
        if name not in known:
            names = _instead(name, known).replace("targets", "budgets") if known else "the file has no budgets"
            raise typer.BadParameter(f"'{name}' is not a budget: {names}", param_hint="--spent")
        try:
            found[name] = float(text)
        except ValueError:
            raise typer.BadParameter(f"'{text}' is no amount of dollars", param_hint="--spent") from None
        if not 0 <= found[name] < float("inf"):
            raise typer.BadParameter(f"'{text}' is no amount of dollars", param_hint="--spent")
    return found


def _no_key(name: str, known: Sequence[str]) -> str:
    if not known:
        return "the file has no keys"
    close = get_close_matches(name, known, n=1)
    return f"'{name}' is not a key: {f'did you mean {close[0]!r}?' if close else 'keys: ' + ', '.join(known[:20])}"


def _of_body(
    asked: Asked, body: bytes, metadata: Mapping[str, str], given: Mapping[str, str], at: datetime, graph: Graph
) -> Question:
    """`--model` wins over the body's, as a path does that names one."""
    dialect = request_body.dialect(asked.dialect)
    is_in_path = dialect.name == request_body.GEMINI  # whether to stream
    in_body = (asked.user, asked.input_tokens, asked.max_tokens, asked.stream and not is_in_path)
    if any(value not in (None, False) for value in (*in_body, asked.tools, asked.images)):
        message = "the body says it all: leave out --user, --input-tokens, --max-tokens, --stream, --tools and --images"
        raise typer.BadParameter(message, param_hint="--request")
    books = _books(asked, at, graph)
    request = request_body.read(body, asked.dialect, asked.model or "", stream=asked.stream if is_in_path else None)
    known = facts.of_request(
        request,
        endpoint=ENDPOINT,
        ip=IP,
        metadata=metadata,
        headers=given,
        principal=_principal(asked, request.model, at, graph),
        moment=lambda: at,
        used=books.used,
    )
    preparing = Preparing(request, dialect, int(at.timestamp()))
    timeout_s = headers.timeout_s(given)
    return Question(
        request.model,
        known,
        request.stream,
        timeout_s,
        books,
        given,
        preparing.unfit,
        preparing.bounds,
        lambda target: _left_out(preparing, target),
        request,
        dialect.name,
    )


def _left_out(preparing: Preparing, target: Target) -> tuple[str, ...]:
    """Also of a target whose turn does not come; one that cannot take the request at all says so when it does."""
    try:
        return preparing.ready(target).dropped
    except InvalidRequestError:
        return ()


def moment(text: str | None, timezone: str) -> datetime:
    """`--at` in the file's timezone, unless it says another; without it, now."""
    zone = ZoneInfo(timezone)
    if text is None:
        return datetime.now(zone)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"'{text}' is not a time; write 2026-12-31T23:59, in the file's timezone, or with an offset"
        raise typer.BadParameter(message, param_hint="--at") from None
    return at.astimezone(zone) if at.tzinfo is not None else at.replace(tzinfo=zone)


def pairs(texts: Iterable[str], flag: str) -> dict[str, str]:
    """`K=V` flags; the value may be empty and may hold further equals signs."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"'{text}' is not K=V", param_hint=flag)
        found[name.strip()] = value
    return found


def pretence(texts: Iterable[str], known: Sequence[str], absent: Mapping[str, str] = NOTHING_ABSENT) -> Pretence:
    """`T=CLASS` (always) and `T=CLASS,CLASS` (on its first attempts; `T=CLASS,` on the first only).

    `absent` targets have left the graph, and why: what is not there cannot fail, and saying nothing would deceive.
    """
    failures: dict[str, FailureClass | tuple[FailureClass, ...]] = {}
    for target, written in pairs(texts, "--fail").items():
        if gone := _gone(target, known, absent):
            message = f"'{target}' has left the graph ({gone}), so it can fail nothing; {_ASSUME}"
            raise typer.BadParameter(message, param_hint="--fail")
        if target not in known:
            raise typer.BadParameter(f"'{target}' is not a target: {_instead(target, known)}", param_hint="--fail")
        classes = tuple(_failure(name.strip()) for name in written.split(",") if name.strip())
        if not classes:
            raise typer.BadParameter(f"'{target}=' names no class: {_classes()}", param_hint="--fail")
        failures[target] = classes if "," in written else classes[0]
    return failures


def _gone(target: str, known: Sequence[str], absent: Mapping[str, str]) -> str | None:
    """Why the target is not there, if it is not; it may be one of a pattern's, unless it has a name of its own."""
    if target in absent or target in known:
        return absent.get(target)
    found = closest(by_precedence(name for name in absent if STAR in name), target)
    return absent[found[0]] if found else None


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
