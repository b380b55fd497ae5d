"""Processes of a benchmark: started on a core, awaited, read through /proc, and ended by their own pid.

Linux only: pinning and the numbers of another process come from there.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

READY_S_MAX = 20.0
STOP_S_MAX = 10.0
POLL_S = 0.002

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class NotReadyError(RuntimeError):
    """The process ended, or did not answer in time; the message has the end of its output."""


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    argv: tuple[str, ...]
    port: int
    env: Mapping[str, str] = field(default_factory=dict)
    ready_path: str = "/readyz"


@dataclass(frozen=True, slots=True)
class Running:
    command: Command
    process: "subprocess.Popen[bytes]"
    output: Path
    ready_s: float = 0.0

    @property
    def pid(self) -> int:
        return self.process.pid

    def forget_output(self) -> None:
        """A log of every request would fill the disk: the file is written in append mode, so it starts anew."""
        os.truncate(self.output, 0)

    def last_words(self) -> str:
        return self.output.read_text(errors="replace")[-800:].strip() or "no output"

    def stop(self) -> None:
        _end(self.process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def pinned_to(core: int) -> Iterator[None]:
    """What is started inside runs on this core for good; the caller itself goes back to where it was."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def start(command: Command, core: int, directory: Path) -> Running:
    """Starts it and waits until its ready path answers 200."""
    output = directory / f"{command.name}.out"
    with output.open("ab") as sink, pinned_to(core):
        started_s = time.perf_counter()
        process = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **command.env},
        )
    up = Running(command, process, output)
    try:
        _await_ready(up, started_s + READY_S_MAX)
    except BaseException:
        up.stop()
        raise
    return replace(up, ready_s=time.perf_counter() - started_s)


@contextlib.contextmanager
def running(command: Command, core: int, directory: Path) -> Iterator[Running]:
    up = start(command, core, directory)
    try:
        yield up
    finally:
        up.stop()


def _await_ready(up: Running, until_s: float) -> None:
    while not _is_ready(up.command):
        if up.process.poll() is not None:
            raise NotReadyError(f"ended with status {up.process.returncode}: {up.last_words()}")
        if time.perf_counter() > until_s:
            raise NotReadyError(f"not ready after {READY_S_MAX:.0f} s: {up.last_words()}")
        time.sleep(POLL_S)


def _is_ready(command: Command) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", command.port), timeout=1) as line:
        head = f"GET {command.ready_path} HTTP/1.1\r\nHost: 127.0.0.1:{command.port}\r\nConnection: close\r\n\r\n"
        line.sendall(head.encode())
        return line.recv(64).startswith(b"HTTP/1.1 200")
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def seconds_of(argv: tuple[str, ...], core: int) -> float:
    """How long a command takes from start to end."""
    with pinned_to(core):
        started_s = time.perf_counter()
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=READY_S_MAX)
        return time.perf_counter() - started_s


def cpu_s_of(pid: int) -> float:
    """CPU seconds so far, of the process and its children: in nanoseconds where the kernel counts so, else in ticks."""
    own_s = _scheduled_s(pid)
    return (own_s if own_s is not None else _ticks_s(pid)) + sum(cpu_s_of(child) for child in _children(pid))


def rss_bytes_of(pid: int) -> int:
    """Resident memory of the process and its children; pages they share count twice."""
    status = (_PROC / str(pid) / "status").read_text()
    own_kib = int(status.partition("VmRSS:")[2].split()[0])
    return own_kib * 1024 + sum(rss_bytes_of(child) for child in _children(pid))


def _scheduled_s(pid: int) -> float | None:
    tasks = (_PROC / str(pid) / "task").glob("*/schedstat")
    total_ns = sum(int(task.read_text().split()[0]) for task in tasks)
    return total_ns / 1e9 if total_ns else None


def _ticks_s(pid: int) -> float:
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S  # utime and stime


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in (_PROC / str(pid) / "task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found
