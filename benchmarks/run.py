"""One run: the same load through each proxy in turn, round after round, and a table of ratios.

Rounds are interleaved (A B C, B C A, ...) and the proxies pinned to a core of their own, so that what the machine does
besides disturbs all alike. Everything is on loopback, bounded in time, and written into a temporary directory only.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from benchmarks.contestants import DIRECT, NAMES, Contestant, Place, contestants, upstream_command
from benchmarks.load import Address, ChatLoad, Measurement, StreamLoad, run_chat, run_streams, summary
from benchmarks.processes import NotReadyError, Running, free_port, pinned_to, rss_bytes_of, running, seconds_of
from benchmarks.report import Results, report

LATENCY_WORKLOAD = "chat, 1 connection"
WARM_UP = ChatLoad(connections=16, duration_s=0.3)
PYTHON_PASS = (sys.executable, "-c", "pass")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. No round begins that would not end within `budget_s`; the first one always does."""

    rounds: int = 7
    starts: int = 5
    duration_s: float = 2.0
    streams: int = 100
    events: int = 50
    budget_s: float = 300.0

    @property
    def end_s(self) -> int:
        """When the run is ended whatever it does."""
        return int(self.budget_s * 2)

    def workloads(self) -> dict[str, ChatLoad | StreamLoad]:
        return {
            LATENCY_WORKLOAD: ChatLoad(1, duration_s=self.duration_s),
            "chat, 16 connections": ChatLoad(16, duration_s=self.duration_s),
            "chat, 64 connections": ChatLoad(64, duration_s=self.duration_s),
            f"{self.streams} streams, 20 ms apart": StreamLoad(self.streams, self.events, interval_ms=20),
            f"{self.streams} streams, no pause": StreamLoad(self.streams, self.events * 10, interval_ms=0),
        }


FULL = Plan()
QUICK = Plan(rounds=3, starts=2, duration_s=0.5, budget_s=50.0)


@dataclass(frozen=True, slots=True)
class Cores:
    """The proxy has a core for itself; load and upstream share the next, unless there is a third."""

    proxy: int
    load: int
    upstream: int

    @classmethod
    def of_this_machine(cls) -> "Cores":
        free = sorted(os.sched_getaffinity(0))
        load = free[1 % len(free)]
        return cls(proxy=free[0], load=load, upstream=free[2] if len(free) > 2 else load)


def measure(load: ChatLoad | StreamLoad, port: int, pid: int | None) -> Measurement:
    running_load: Coroutine[object, object, Measurement]
    if isinstance(load, ChatLoad):
        running_load = run_chat(Address(port), load, pid)
    else:
        running_load = run_streams(Address(port), load, pid)
    return uvloop.run(running_load)


def run(plan: Plan, cores: Cores, names: tuple[str, ...], nginx: str | None) -> tuple[Results, list[Contestant]]:
    results = Results()
    with tempfile.TemporaryDirectory(prefix="llmgw-bench-") as name, pinned_to(cores.load), ExitStack() as stack:
        directory = Path(name)
        upstream = stack.enter_context(running(upstream_command(free_port()), cores.upstream, directory))
        entrants = contestants(names, Place(upstream.command.port, directory, nginx))
        entrants = [_try_starts(entrant, plan, cores, directory, results) for entrant in entrants]
        commands = [entrant.command for entrant in entrants if entrant.command]
        proxies = [stack.enter_context(running(command, cores.proxy, directory)) for command in commands]
        results.rss_idle_bytes = {proxy.command.name: rss_bytes_of(proxy.pid) for proxy in proxies}
        _rounds(plan, upstream, proxies, results)
        results.rss_after_bytes = {proxy.command.name: rss_bytes_of(proxy.pid) for proxy in proxies}
    return results, entrants


def _try_starts(entrant: Contestant, plan: Plan, cores: Cores, directory: Path, results: Results) -> Contestant:
    """From start to ready in ratio to an empty Python; one that cannot start leaves the run and says why."""
    if not entrant.command:
        return entrant
    ratios = results.ready_ratios.setdefault(entrant.name, [])
    try:
        for _ in range(plan.starts):
            empty_s = seconds_of(PYTHON_PASS, cores.proxy)
            with running(entrant.command, cores.proxy, directory) as up:
                ratios.append(up.ready_s / empty_s)
    except NotReadyError as error:
        return replace(entrant, command=None, absent=f"did not start: {error}")
    return entrant


def _rounds(plan: Plan, upstream: Running, proxies: Sequence[Running], results: Results) -> None:
    began_s = time.monotonic()
    for proxy in proxies:
        measure(WARM_UP, proxy.command.port, None)
    for number in range(plan.rounds):
        round_s = time.monotonic()
        for workload, load in plan.workloads().items():
            for up in _rotated([upstream, *proxies], number):
                name, pid = (DIRECT, None) if up is upstream else (up.command.name, up.pid)
                results.add(workload, name, _measured(load, up, pid))
                up.forget_output()
        now_s = time.monotonic()
        print(f"round {number + 1} of {plan.rounds}: {now_s - round_s:.0f} s", file=sys.stderr)
        if now_s - began_s + (now_s - round_s) > plan.budget_s:
            return


def _measured(load: ChatLoad | StreamLoad, up: Running, pid: int | None) -> Measurement:
    try:
        return measure(load, up.command.port, pid)
    except OSError as error:
        raise SystemExit(f"{up.command.name} is gone ({error}): {up.last_words()}") from error


def _rotated(runners: Sequence[Running], by: int) -> Iterator[Running]:
    return (runners[(place + by) % len(runners)] for place in range(len(runners)))


def versions(entrants: Sequence[Contestant], cores: Cores) -> str:
    found = [f"{entrant.name} {entrant.version}" for entrant in entrants if entrant.version]
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}, {_cpu_model()}"
    placed = f"core {cores.proxy}: proxy; core {cores.load}: load; core {cores.upstream}: upstream"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return " | ".join([python, f"uvloop {importlib.metadata.version('uvloop')}", *found, kernel, placed])


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")


def as_json(results: Results) -> str:
    rounds = {
        workload: {name: [summary(one) for one in measured] for name, measured in by_name.items()}
        for workload, by_name in results.rounds.items()
    }
    memory = {"rss_idle_bytes": results.rss_idle_bytes, "rss_after_bytes": results.rss_after_bytes}
    return json.dumps({"rounds": rounds, "ready_ratios": results.ready_ratios, **memory}, indent=2)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if unknown := [name for name in names if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return names


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="llmgw beside other proxies: ratios.")
    parser.add_argument("--quick", action="store_true", help="under a minute, for a first look")
    parser.add_argument("--only", type=_names, default=NAMES, metavar="A,B", help=f"of {','.join(NAMES)}")
    parser.add_argument("--nginx", metavar="PATH", help="the binary, or a directory with an unpacked package")
    parser.add_argument("--rounds", type=int, help="so many rounds at most")
    parser.add_argument("--duration-s", type=float, help="of each chat measurement")
    parser.add_argument("--streams", type=int, help="so many at once")
    parser.add_argument("--starts", type=int, help="so many starts of each proxy are timed")
    parser.add_argument("--json", action="store_true", help="every round's numbers instead of the tables")
    return parser.parse_args(argv)


def _plan(given: argparse.Namespace) -> Plan:
    chosen = {name: getattr(given, name) for name in ("rounds", "duration_s", "streams", "starts")}
    return replace(QUICK if given.quick else FULL, **{name: value for name, value in chosen.items() if value})


def _stop(number: int, frame: object) -> None:
    """SIGTERM and the alarm leave through the same `finally`s as a normal end."""
    del frame
    raise SystemExit(f"ended by {signal.Signals(number).name}")


def main(argv: Sequence[str] | None = None) -> None:
    given = _arguments(argv)
    if not sys.platform.startswith("linux"):
        raise SystemExit("the benchmark needs Linux: it pins processes to cores and reads /proc")
    plan = _plan(given)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(plan.end_s)
    cores = Cores.of_this_machine()
    results, entrants = run(plan, cores, given.only, given.nginx)
    if given.json:
        print(as_json(results))
    else:
        print(versions(entrants, cores), report(results, entrants, LATENCY_WORKLOAD), sep="\n\n")


if __name__ == "__main__":
    main()
