"""`llmgw cache explain`: are two requests the same to the cache? By the code that decides it; nothing is looked up.

The bodies alone tell which fields differ. With a file, its rules are asked too: which one is about each request,
whether anything beside the bodies keeps the two apart (other targets, another scope), and of a semantic rule whether
their questions could be alike: all that can be told without a vector, for none is made.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from llmgw import replies
from llmgw.adapters.config_files import build
from llmgw.chat.request import ChatRequest
from llmgw.cli import request_body
from llmgw.cli.env_file import environment
from llmgw.cli.pretended import ENDPOINT, IP, moment
from llmgw.cli.render import Line, show, show_json
from llmgw.cli.sources import sources
from llmgw.errors import GatewayError, RequestError, UnknownModelError
from llmgw.graph.model import Graph
from llmgw.policy import cache_compare, cache_key, caching
from llmgw.policy.cache_compare import Alike, Comparison
from llmgw.policy.cache_key import UnkeyableError
from llmgw.policy.caching import Decision
from llmgw.routing import facts
from llmgw.routing.dice import Dice
from llmgw.routing.health_board import ALL_WELL
from llmgw.routing.walk import walk

NAMES = "AB"
BODY_BYTES_MAX = 64 * 1024 * 1024  # without a file nothing else says


class CannotCompareError(GatewayError):
    """One of the two is no request. The message says which, and why."""


@dataclass(frozen=True, slots=True)
class Explained:
    """`decisions`: of each request, what a file's rules say; None: no rule is about it. Empty: there was no file.

    `alike`: of two that are not the same, what a semantic rule could say; None: there is none about both.
    """

    differ: tuple[str, ...]
    ignored: tuple[str, ...]
    decisions: tuple[Decision | None, ...] = ()
    alike: Alike | None = None

    @property
    def same(self) -> bool:
        keys = {b"" if decision is None else decision.key for decision in self.decisions}
        return not self.differ and (not self.decisions or (len(keys) == 1 and keys != {b""}))


def explain(
    configs: Sequence[str],
    bodies: Sequence[str],
    *,
    dialect: str | None,
    model: str | None,
    env_file: Path | None,
    as_json: bool,
) -> int:
    """0: the same, 1: not. Raises ConfigError, or BadParameter for a flag at fault."""
    try:
        explained = _explained(configs, bodies, dialect, model, env_file)
    except CannotCompareError as error:
        show([((str(error), "bold red"),)], sys.stderr)
        return 1
    if as_json:
        show_json(_as_dict(explained), sys.stdout)
    else:
        show(_lines(explained), sys.stdout)
    return 0 if explained.same else 1


def _explained(
    configs: Sequence[str], bodies: Sequence[str], dialect: str | None, model: str | None, env_file: Path | None
) -> Explained:
    graph, bytes_max = _graph(configs, env_file) if configs else (None, BODY_BYTES_MAX)
    path_model = model or ("any" if graph is None and dialect == request_body.GEMINI else "")
    spoken = request_body.dialect(dialect).name
    requests, decisions = [], list[Decision | None]()
    for name, file in zip(NAMES, bodies, strict=True):
        with _told_of(f"{name} ({file})"):
            request = _request(file, bytes_max, dialect, path_model)
            cache_key.read(request.fields, spoken)
            requests.append(request)
            if graph is not None:
                decisions.append(_decided(graph, request, spoken))
    compared = cache_compare.explain(requests[0].fields, requests[1].fields, spoken)
    explained = Explained(compared.differ, compared.ignored, tuple(decisions))
    return explained if explained.same else replace(explained, alike=_alike(explained.decisions, compared))


def _request(file: str, bytes_max: int, dialect: str | None, path_model: str) -> ChatRequest:
    content = request_body.content(file, bytes_max, "FILES")
    return request_body.read(content, dialect, path_model, stream=False if dialect == request_body.GEMINI else None)


def _alike(decisions: Sequence[Decision | None], compared: Comparison) -> Alike | None:
    match decisions:
        case [Decision() as one, Decision() as other]:
            return cache_compare.alike(one, other, compared)
        case _:
            return None


@contextmanager
def _told_of(body: str) -> Iterator[None]:
    """What is wrong is told with the file that it is about."""
    try:
        yield
    except (RequestError, UnkeyableError) as error:
        raise CannotCompareError(f"{body}: {error}") from None
    except typer.BadParameter as error:
        raise typer.BadParameter(f"{body}: {error.message}", param_hint=error.param_hint) from None


def _graph(configs: Sequence[str], env_file: Path | None) -> tuple[Graph, int]:
    built = build(sources(configs), environment(env_file), need_secrets=False)
    return built.checked(), built.loaded.config.server.max_body


def _decided(graph: Graph, request: ChatRequest, dialect: str) -> Decision | None:
    """As for a caller without a key, at this moment."""
    resolved = graph.resolve(request.model)
    if resolved is None:
        raise UnknownModelError(replies.unknown_model(graph, request.model))
    known = facts.of_request(
        request, endpoint=ENDPOINT, ip=IP, metadata={}, headers={}, moment=lambda: moment(None, graph.timezone)
    )
    candidates = walk(resolved, known, ALL_WELL, Dice(0)).candidates
    told = caching.Asked(
        request=request, dialect=dialect, candidates=[(one.path, one.target.fingerprint) for one in candidates]
    )
    return caching.decide(graph.cache, known, told)


def _lines(explained: Explained) -> Iterator[Line]:
    if explained.same:
        where = "" if explained.decisions else ", where a rule is about them (name the file, and it is asked too)"
        yield (("the same", "green"), f": one is answered with the answer to the other{where}")
    else:
        yield (("not the same", "yellow"), f": {_why(explained)}")
    for path in explained.differ:
        yield ("  ", (path, "bold"))
    if explained.ignored:
        yield (("they differ too in what is of no account: ", "dim"), ", ".join(explained.ignored))
    for name, decision in zip(NAMES, explained.decisions, strict=False):
        yield (f"{name}: {_told(decision)}",)
    if explained.alike is not None:
        yield from _alike_lines(explained.alike)


def _alike_lines(alike: Alike) -> Iterator[Line]:
    if alike.barrier:
        yield (("nothing makes them alike", "yellow"), f": {alike.barrier}")
        for path in alike.context:
            yield ("  ", (path, "bold"))
        return
    yield (f"alike questions may be answered with one another: from a similarity of {alike.threshold:g} on",)
    if alike.difference is not None:
        yield (("slots: not these two", "yellow"), ", however similar, for they differ in ", (alike.difference, "bold"))
    else:
        yield ("slots: these two agree" if alike.slots else "slots: not looked at, for the rule says slots: false",)
    yield (("how similar they are is not told, for no vector is made here", "dim"),)


def _why(explained: Explained) -> str:
    if explained.differ:
        return "one field says no" if len(explained.differ) == 1 else f"{len(explained.differ)} fields say no"
    if not any(decision is not None and decision.key for decision in explained.decisions):
        return "neither is asked of the cache"
    return "what is beside the bodies keeps them apart"


def _told(decision: Decision | None) -> str:
    if decision is None:
        return "no rule is about it"
    where = f"rule {decision.rule.name}"
    return f"{where}, not looked for: {decision.bypass}" if decision.bypass else f"{where}, for {decision.scope}"


def _as_dict(explained: Explained) -> dict[str, object]:
    told: dict[str, object] = {
        "same": explained.same,
        "differ": list(explained.differ),
        "ignored": list(explained.ignored),
    }
    if explained.decisions:
        told["alike"] = None if explained.alike is None else _alike_dict(explained.alike)
        told["decisions"] = [
            None
            if decision is None
            else {"rule": decision.rule.name, "scope": decision.scope, "bypass": decision.bypass}
            for decision in explained.decisions
        ]
    return told


def _alike_dict(alike: Alike) -> dict[str, object]:
    return {
        "possible": alike.possible,
        "threshold": alike.threshold,
        "slots": alike.slots,
        "difference": alike.difference,
        "barrier": alike.barrier or None,
        "context": list(alike.context),
    }
