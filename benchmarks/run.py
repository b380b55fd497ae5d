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
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvloop

from benchmarks.contestants import DIRECT, NAMES, Contestant, Place, contestants, upstream_command
from benchmarks.load import Address, ChatLoad, StreamLoad, run_chat, run_streams
from benchmarks.processes import NotReadyError, Running, free_port, pinned_to, rss_bytes_of, running, seconds_of
from benchmarks.report import Results, report
from benchmarks.tally import Measurement, summary

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
        """When the run begins no further measurement, whatever it does; each is bounded by itself."""
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


class Ending:
    """Whether the run was told to end. A flag and no exception: raised inside a callback of uvloop it would be lost."""

    __slots__ = ("reason",)

    def __init__(self) -> None:
        self.reason = ""

    def note(self, number: int, frame: object) -> None:
        del frame
        self.reason = signal.Signals(number).name

    def check(self) -> None:
        if self.reason:
            raise SystemExit(f"ended by {self.reason}")


@dataclass(frozen=True, slots=True)
class Bench:
    plan: Plan
    cores: Cores
    ending: Ending
    results: Results = field(default_factory=Results)

    def run(self, names: tuple[str, ...], nginx: str | None) -> list[Contestant]:
        """Fills `results`; gives the contestants as they turned out."""
        with (
            tempfile.TemporaryDirectory(prefix="llmgw-bench-") as name,
            pinned_to(self.cores.load),
            ExitStack() as stack,
        ):
            directory = Path(name)
            upstream = stack.enter_context(running(upstream_command(free_port()), self.cores.upstream, directory))
            entrants = contestants(names, Place(upstream.command.port, directory, nginx))
            entrants = [self._try_starts(entrant, directory) for entrant in entrants]
            commands = [entrant.command for entrant in entrants if entrant.command]
            proxies = [stack.enter_context(running(command, self.cores.proxy, directory)) for command in commands]
            self.results.rss_idle_bytes.update({proxy.command.name: rss_bytes_of(proxy.pid) for proxy in proxies})
            self._rounds(upstream, proxies)
            self.results.rss_after_bytes.update({proxy.command.name: rss_bytes_of(proxy.pid) for proxy in proxies})
        return entrants

    def _try_starts(self, entrant: Contestant, directory: Path) -> Contestant:
        """From start to ready in ratio to an empty Python; one that cannot start leaves the run and says why."""
        if not entrant.command:
            return entrant
        ratios = self.results.ready_ratios.setdefault(entrant.name, [])
        try:
            for _ in range(self.plan.starts):
                self.ending.check()
                empty_s = seconds_of(PYTHON_PASS, self.cores.proxy)
                with running(entrant.command, self.cores.proxy, directory) as up:
                    ratios.append(up.ready_s / empty_s)
        except NotReadyError as error:
            return replace(entrant, command=None, absent=f"did not start: {error}")
        return entrant

    def _rounds(self, upstream: Running, proxies: Sequence[Running]) -> None:
        for proxy in proxies:
            self._measure(WARM_UP, proxy, None)
        began_s = time.monotonic()
        for number in range(self.plan.rounds):
            self._round(upstream, _rotated([upstream, *proxies], number))
            used_s = time.monotonic() - began_s
            print(f"round {number + 1} of {self.plan.rounds}, {used_s:.0f} s", file=sys.stderr, flush=True)
            if used_s + used_s / (number + 1) > self.plan.budget_s:
                return

    def _round(self, upstream: Running, order: Sequence[Running]) -> None:
        for workload, load in self.plan.workloads().items():
            for up in order:
                name, pid = (DIRECT, None) if up is upstream else (up.command.name, up.pid)
                self.results.add(workload, name, self._measure(load, up, pid))
                up.forget_output()

    def _measure(self, load: ChatLoad | StreamLoad, up: Running, pid: int | None) -> Measurement:
        self.ending.check()
        address = Address(up.command.port)
        try:
            if isinstance(load, ChatLoad):
                return uvloop.run(run_chat(address, load, pid))
            return uvloop.run(run_streams(address, load, pid))
        except OSError as error:
            raise SystemExit(f"{up.command.name} is gone ({error}): {up.last_words()}") from error


def _rotated(order: Sequence[Running], by: int) -> Sequence[Running]:
    turn = by % len(order)
    return [*order[turn:], *order[:turn]]


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


def main(argv: Sequence[str] | None = None) -> None:
    given = _arguments(argv)
    if not sys.platform.startswith("linux"):
        raise SystemExit("the benchmark needs Linux: it pins processes to cores and reads /proc")
    bench = Bench(_plan(given), Cores.of_this_machine(), Ending())
    signal.signal(signal.SIGTERM, bench.ending.note)
    signal.signal(signal.SIGALRM, bench.ending.note)
    signal.alarm(bench.plan.end_s)
    entrants = bench.run(given.only, given.nginx)
    if given.json:
        print(as_json(bench.results))
    else:
        print(versions(entrants, bench.cores), report(bench.results, entrants, LATENCY_WORKLOAD), sep="\n\n")


if __name__ == "__main__":
    main()
