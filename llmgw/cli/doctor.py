"""`llmgw doctor`: one real call to every target, and for each that fails what to do about it."""

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llmgw import replies
from llmgw.adapters.config_files import Built, build
from llmgw.adapters.model_names import model_names
from llmgw.adapters.system import SystemClock
from llmgw.adapters.upstreams import Upstreams
from llmgw.cli.checkup import Finding, check
from llmgw.cli.env_file import environment
from llmgw.cli.remedies import remedy, usual_of_cloud
from llmgw.cli.render import Line, count, seconds, show, show_json
from llmgw.cli.sources import sources
from llmgw.errors import FailureClass
from llmgw.graph.credentials import told
from llmgw.graph.model import STAR, Graph, Leaf, Node, Target, children
from llmgw.graph.providers import Providers, UsableProvider
from llmgw.graph.report import Report

AT_ONCE_MAX = 4
MESSAGE_CHARS_MAX = 300
_CLIENTS_OWN = "is called with its caller's own credential, and there is no caller"


@dataclass(frozen=True, slots=True)
class Checked:
    """A finding, and what to do about it; empty where it answered."""

    finding: Finding
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patients:
    """Who is called, and who is not, with the reason."""

    targets: tuple[Target, ...]
    skipped: Mapping[str, str]


def doctor(configs: Sequence[str], env_file: Path | None, model: str | None, *, as_json: bool) -> int:
    """0 if every target that was called has answered, and there was one. Raises ConfigError."""
    env = environment(env_file)
    built = build(sources(configs), env, need_secrets=False)
    graph = built.checked()
    patients = _all(graph) if model is None else _led_to(graph, model)
    if patients is None:
        show([((replies.unknown_model(graph, model or ""), "bold red"),)], sys.stderr)
        return 1
    checked = asyncio.run(_examined(patients, Doctor(built, env), shown=not as_json))
    if as_json:
        show_json(_json(checked, patients.skipped), sys.stdout)
    else:
        show(_end_lines(checked, patients.skipped), sys.stdout)
    return 0 if checked and not any(one.finding.failure for one in checked) else 1


# Whom to call.


def _all(graph: Graph) -> Patients:
    """Every target of the file that can be called as it stands."""
    skipped = {name: f"left the graph: {reason}" for name, reason in graph.absent.items() if name in graph.targets}
    patterns = [name for name in graph.targets if STAR in name and name not in skipped]
    skipped |= {name: f"stands for many names: --model {name.replace(STAR, 'NAME')} tries one" for name in patterns}
    skipped |= {name: _CLIENTS_OWN for name, target in graph.targets.items() if target.client_auth is not None}
    return Patients(tuple(target for name, target in graph.targets.items() if name not in skipped), skipped)


def _led_to(graph: Graph, name: str) -> Patients | None:
    """The targets behind a name that a client may ask for, whatever the conditions; or the one of that id."""
    resolved = graph.resolve(name)
    if resolved is not None:
        found = {target.id: target.concrete(resolved.star) for target in _leaves(resolved.route.node)}
        skipped = {target.id: _CLIENTS_OWN for target in found.values() if target.client_auth is not None}
        return Patients(tuple(target for target in found.values() if target.id not in skipped), skipped)
    target = graph.targets.get(name) if name not in graph.absent else None
    return None if target is None or STAR in name else Patients((target,), {})


def _leaves(node: Node) -> Iterator[Target]:
    if isinstance(node, Leaf):
        yield node.target
    for child in children(node):
        yield from _leaves(child)


# Calling them.


class Doctor:
    """Calls targets. Knows of each provider what it would need."""

    def __init__(self, built: Built, env: Mapping[str, str]) -> None:
        self._providers = Providers(built.loaded, env, Report(built.loaded), need_secrets=False)
        self._clock = SystemClock()
        self._upstreams = Upstreams(self._clock)
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)

    async def examine(self, target: Target) -> Checked:
        provider = self._provider(target)
        if provider.unset:
            why = f"not called: {told(provider.unset)}"
            finding = Finding(target, failure=FailureClass.UNAUTHORIZED, message=why)
            return Checked(finding, "; ".join(lack.hint for lack in provider.unset))
        async with self._turns:
            finding = await check(target, self._upstreams, self._clock)
            names = await self._names(finding, provider)
        if not finding.failure:
            return Checked(finding)
        message = finding.message.removesuffix(f"; {usual_of_cloud(provider)}")
        return Checked(replace(finding, message=message), remedy(finding, provider, names))

    async def close(self) -> None:
        await self._upstreams.close()

    def _provider(self, target: Target) -> UsableProvider:
        provider = self._providers.get(target.provider, ("models",))
        if provider is None:
            raise AssertionError(f"{target.id} has a provider, or it would not be a target")
        return provider

    async def _names(self, finding: Finding, provider: UsableProvider) -> tuple[str, ...]:
        """Asked of the provider only where a name is not known there, and where a list is usual."""
        if finding.failure != FailureClass.NOT_FOUND or provider.cloud is not None or not provider.row.base_url:
            return ()
        path = _LISTS.get(provider.row.dialect, "/models")
        return await model_names(f"{provider.base_url}{path}", finding.target)


# Of dialects whose base URL is the root.
_LISTS: Mapping[str, str] = {"cohere_chat": "/v1/models", "ollama_chat": "/api/tags"}


async def _examined(patients: Patients, doctor: Doctor, *, shown: bool) -> list[Checked]:
    """In the order of the file, each told as soon as those before it are."""
    checked = []
    try:
        async with asyncio.TaskGroup() as group:
            for task in [group.create_task(doctor.examine(target)) for target in patients.targets]:
                checked.append(await task)
                if shown:
                    show(_lines(checked[-1]), sys.stdout)
                    sys.stdout.flush()
    finally:
        await doctor.close()
    return checked


# Telling.


def _lines(checked: Checked) -> Iterator[Line]:
    finding = checked.finding
    name = (finding.target.id, "bold")
    called = f"  {finding.target.provider}/{finding.target.edits.model}"
    if not finding.failure:
        model = f" as {_one_line(finding.model)}" if finding.model else ""
        yield (("ok  ", "bold green"), name, (called, "dim"), f": answers{model} in {seconds(finding.elapsed_s)}")
        return
    status = f"{finding.status} " if finding.status is not None else ""
    told = f": {status}{_one_line(finding.message)}"
    yield ((f"{finding.failure}  ", "bold red"), name, (called, "dim"), told)
    yield ("    ", (checked.remedy, "green"))


def _end_lines(checked: Sequence[Checked], skipped: Mapping[str, str]) -> Iterator[Line]:
    for name, reason in skipped.items():
        yield (("skipped  ", "yellow"), (name, "bold"), f": {reason}")
    answering = sum(not one.finding.failure for one in checked)
    if not checked:
        yield (("no target could be tried", "bold red"),)
    elif answering == len(checked):
        yield (("fine", "bold green"), f": {count(answering, 'target')} answer{'s' if answering == 1 else ''}")
    else:
        yield ((f"{answering} of {count(len(checked), 'target')} answer", "bold red"),)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:MESSAGE_CHARS_MAX]


def _json(checked: Sequence[Checked], skipped: Mapping[str, str]) -> dict[str, Any]:
    """The stable shape for programs; the command's help names its fields."""
    return {
        "answers": sum(not one.finding.failure for one in checked),
        "targets": [_target_json(one) for one in checked],
        "skipped": [{"target": name, "reason": reason} for name, reason in skipped.items()],
    }


def _target_json(checked: Checked) -> dict[str, Any]:
    finding = checked.finding
    return {
        "target": finding.target.id,
        "provider": finding.target.provider,
        "upstream_model": finding.target.edits.model,
        "answers": not finding.failure,
        "elapsed_s": round(finding.elapsed_s, 3),
        "model": finding.model or None,
        "failure": finding.failure or None,
        "status": finding.status,
        "message": finding.message or None,
        "remedy": checked.remedy or None,
    }
