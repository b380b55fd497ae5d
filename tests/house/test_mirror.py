"""The tests mirror the house: who reads a module knows where its tests are, and the other way round."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "llmgw"
TESTS = ROOT / "tests"

# Modules that have no test file of their own, each with the reason.
WITHOUT_TESTS = {
    "__main__.py": "one call; tests/server/test_process.py runs it",
    "ports.py": "Protocols only; the adapters prove their fit where they are defined",
    "call.py": "one frozen dataclass",
    "graph/principal.py": "one frozen dataclass",
    "graph/cache_rules.py": "frozen dataclasses",
}

# Test files that belong to no single module, by their folder.
OF_NO_MODULE = {
    "benchmarks": "of the tools in benchmarks/, outside of llmgw",
    "conformance": "one suite over every dialect and every recording",
    "contracts": "one suite per port, over everything that fulfils it",
    "dryrun": "`test-route` against the running server",
    "frameworks": "agent frameworks against the running gateway",
    "golden": "cases, and what drives them",
    "house": "of the code itself",
    "matrix": "every client dialect before every upstream dialect",
    "money": "limits, budgets and the ledger end to end, under load and under kill -9",
    "partners": "of the test partners",
    "replay": "recorded traffic through the running gateway",
    "semantic": "labelled pairs of questions, and what the semantic cache makes of them",
    "sdk": "the real SDKs against the running gateway",
}

# The server end to end: what several modules do together, through real sockets.
END_TO_END = {
    "policy/test_bills_of_recordings.py",
    "dialects/test_every_decoder.py",
    "dialects/test_every_ending.py",
    "routing/test_fleet.py",
    "server/test_access.py",
    "server/test_bad_input.py",
    "server/test_cohere_and_ollama.py",
    "server/test_pools.py",
    "server/test_bedrock.py",
    "server/test_cache.py",
    "server/test_cache_endings.py",
    "server/test_claude_code.py",
    "server/test_concurrency.py",
    "server/test_counts.py",
    "server/test_several_keys.py",
    "server/test_failures.py",
    "server/test_hangups.py",
    "server/test_managed_keys.py",
    "server/test_process.py",
    "server/test_semantic.py",
    "server/test_streams.py",
}


def modules() -> Iterator[Path]:
    return (path.relative_to(HOUSE) for path in HOUSE.rglob("*.py") if path.name != "__init__.py")


def mirrored() -> Iterator[Path]:
    found = (path.relative_to(TESTS) for path in TESTS.rglob("test_*.py") if "node_modules" not in path.parts)
    return (path for path in found if path.parts[0] not in OF_NO_MODULE)


def test_every_module_has_its_test_file() -> None:
    wanted = {str(module.with_name(f"test_{module.name}")) for module in modules() if str(module) not in WITHOUT_TESTS}

    assert sorted(wanted - set(map(str, mirrored()))) == []


def test_every_test_file_has_its_module() -> None:
    wanted = {str(module.with_name(f"test_{module.name}")) for module in modules()} | END_TO_END

    assert sorted(set(map(str, mirrored())) - wanted) == []


def test_exceptions_are_needed() -> None:
    """A list of exceptions that only grows is none."""
    with_tests = {str(path.with_name(path.name.removeprefix("test_"))) for path in mirrored()}

    assert [name for name in WITHOUT_TESTS if not (HOUSE / name).exists() or name in with_tests] == []
    assert [name for name in END_TO_END if (HOUSE / name.replace("test_", "")).exists()] == []
