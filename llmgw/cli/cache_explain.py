"""`llmgw cache explain`: are two requests the same to the cache? By the code that decides it; nothing is looked up.

The bodies alone tell which fields differ. With a file, its rules are asked too: which one is about each request, and
whether anything beside the bodies keeps the two apart (other targets, another scope).
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmgw import replies
from llmgw.adapters.config_files import build
from llmgw.chat.request import ChatRequest
from llmgw.cli import request_body
from llmgw.cli.env_file import environment
from llmgw.cli.pretended import ENDPOINT, IP, moment
from llmgw.cli.render import Line, show, show_json
from llmgw.cli.sources import sources
from llmgw.errors import RequestError, UnknownModelError
from llmgw.graph.model import Graph
from llmgw.policy import cache_compare, caching
from llmgw.policy.cache_key import UnkeyableError
from llmgw.policy.caching import Decision
from llmgw.routing import facts
from llmgw.routing.dice import Dice
from llmgw.routing.health_board import ALL_WELL
from llmgw.routing.walk import walk

BODY_BYTES_MAX = 64 * 1024 * 1024  # without a file nothing else says


@dataclass(frozen=True, slots=True)
class Explained:
    """`decisions`: of each request, what a file's rules say; None: no rule is about it. Empty: there was no file."""

    differ: tuple[str, ...]
    ignored: tuple[str, ...]
    decisions: tuple[Decision | None, ...] = ()

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
    except (RequestError, UnkeyableError) as error:
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
    graph, body_bytes_max = _graph(configs, env_file) if configs else (None, BODY_BYTES_MAX)
    is_gemini = dialect == request_body.GEMINI
    asked_model = model or ("any" if is_gemini and graph is None else "")
    one, other = (
        request_body.read(
            request_body.content(file, body_bytes_max), dialect, asked_model, stream=False if is_gemini else None
        )
        for file in bodies
    )
    spoken = request_body.dialect(dialect).name
    compared = cache_compare.explain(one.fields, other.fields, spoken)
    if graph is None:
        return Explained(compared.differ, compared.ignored)
    decisions = tuple(_decided(graph, request, spoken) for request in (one, other))
    return Explained(compared.differ, compared.ignored, decisions)


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
        yield (("the same", "green"), ": one is answered with the answer to the other")
    else:
        yield (("not the same", "yellow"), f": {_why(explained)}")
    for path in explained.differ:
        yield ("  ", (path, "bold"))
    if explained.ignored:
        yield (("they differ too in what is of no account: ", "dim"), ", ".join(explained.ignored))
    for name, decision in zip("AB", explained.decisions, strict=False):
        yield (f"{name}: {_told(decision)}",)


def _why(explained: Explained) -> str:
    if explained.differ:
        return "one field says no" if len(explained.differ) == 1 else f"{len(explained.differ)} fields say no"
    if not any(decision is not None and decision.key for decision in explained.decisions):
        return "neither has a key"
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
        told["decisions"] = [
            None
            if decision is None
            else {"rule": decision.rule.name, "scope": decision.scope, "bypass": decision.bypass}
            for decision in explained.decisions
        ]
    return told
