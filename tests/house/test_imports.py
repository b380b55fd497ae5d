"""Importing any module of the house has no effect but names, and imports point one way."""

import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from grimp import build_graph

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "llmgw").rglob("*.py")
    if path.name != "__main__.py"
)

# Both run in an interpreter of their own, with names of modules as arguments, and print what they have to tell.

FRESH = """
import importlib, io, os, sys, threading

OURS = os.path.join(os.getcwd(), "llmgw") + os.sep
faults = []

def in_ours():
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(OURS):
            return True
        if name.startswith("<frozen importlib") or "/importlib/" in name:
            return False
        frame = frame.f_back
    return False

def audit(event, arguments):
    area = event.partition(".")[0]
    if (event == "open" or area in {"socket", "subprocess", "os", "signal", "shutil", "tempfile"}) and in_ours():
        faults.append(f"{event} {arguments!r}"[:200])

out = sys.stdout
sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
sys.addaudithook(audit)
environment = dict(os.environ)
for name in sys.argv[1:]:
    importlib.import_module(name)
if threading.active_count() != 1:
    faults.append(f"threads: {threading.enumerate()}")
if dict(os.environ) != environment:
    faults.append("the environment was changed")
if sys.stdout.getvalue() or sys.stderr.getvalue():
    faults.append(f"printed: {sys.stdout.getvalue()}{sys.stderr.getvalue()}")
print("\\n".join(faults), file=out)
"""


LOADED = "import sys, llmgw.cli.main; print(*sorted({name.partition('.')[0] for name in sys.modules}))"

SERVING = """
import asyncio, sys
from tests.server.calls import chat
from tests.server.reloads import taken
from tests.served import served

HEAVY = {"moka_py", "numpy", "llmgw.adapters.sqlite_cache", "llmgw.adapters.semantic_index"}
CONFIG = "providers: {sim: {like: simulator}}\\nmodels: {chat: sim/simulator-1}\\n"

async def main():
    async with served(CONFIG) as gateway:
        print((await chat(gateway.url)).status, *sorted(HEAVY & sys.modules.keys()))
        await taken(gateway.running, CONFIG + "cache: {rules: [{name: all, ttl: 1h, scope: everyone}]}")
        print(*sorted(HEAVY & sys.modules.keys()))
        print(*[(await chat(gateway.url)).headers["x-llmgw-cache"] for _ in range(2)])

asyncio.run(main())
"""


def python(*arguments: str) -> str:
    """What it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_any_module_opens_nothing_starts_nothing_prints_nothing() -> None:
    """What libraries do when they are imported is theirs; what our modules call is ours."""
    assert python("-c", FRESH, *NAMES) == ""


def test_any_module_can_be_imported_first() -> None:
    """No module relies on another one having been imported before it: as none imports itself through others."""
    graph = build_graph("llmgw", exclude_type_checking_imports=True, cache_dir=None)
    order = TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})

    order.prepare()  # raises CycleError, which names them


def test_the_commands_import_only_what_they_need() -> None:
    """`llmgw --help` waits for no HTTP library, no schema checker, no CEL."""
    loaded = set(python("-c", LOADED).split())

    assert (
        loaded & {"aiohttp", "uvloop", "jsonschema", "celpy", "common_expression_language", "structlog", "yaml"}
        == set()
    )


def test_a_gateway_without_cache_rules_loads_nothing_that_keeps_answers_until_a_reload_brings_one() -> None:
    """They take megabytes of each process."""
    assert python("-c", SERVING).splitlines() == ["200", "moka_py", "miss hit"]


def test_imports_point_one_way() -> None:
    """The contracts in pyproject.toml."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout
