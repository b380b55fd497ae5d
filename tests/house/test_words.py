"""One word per thing: config keys, log fields and graph fields are words of the glossary; the papers' examples work."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from llmgw.adapters.config_files import Text, build
from llmgw.adapters.journal import line
from llmgw.chat.usage import Usage
from llmgw.config.problems import Severity
from llmgw.errors import FailureClass
from llmgw.graph import model as graph_model
from llmgw.graph import route as graph_route
from llmgw.graph import rules as graph_rules
from llmgw.routing import filetests
from llmgw.server.dry_books import Policies
from llmgw.transcript import AttemptRecord, Transcript
from tests.house.glossary import FOREIGN, words

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schemas" / "llmgw.schema.json").read_text())
LOGGER_CALL = re.compile(r"logger\.(debug|info|warning|error|exception)$")
CLASSES = {failure.value for failure in FailureClass}
EVERY_VARIABLE = {"AZURE_KEY": "k"}


def keys_of(node: Any) -> Iterator[str]:
    """Every key that the schema knows, wherever it stands; what it only knows as a hint is not one."""
    if isinstance(node, Mapping):
        properties = node.get("properties")
        if isinstance(properties, Mapping):
            yield from properties
        for name, value in node.items():
            if not name.startswith("x-"):
                yield from keys_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys_of(value)


def graph_fields() -> Iterator[str]:
    for module in (graph_model, graph_route, graph_rules):
        for kind in vars(module).values():
            if is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module.__name__:
                yield from (field.name for field in fields(kind))


def full_transcript() -> Transcript:
    """Everything that can be in one."""
    return Transcript(
        request_id="0" * 28,
        endpoint="chat",
        model="m",
        stream=True,
        started_s=0.0,
        dialect="d",
        client_request_id="c",
        key="k",
        team="t",
        user="u",
        attempts=[AttemptRecord("t", "p", 1.0, FailureClass.TIMEOUT, 503, "m", 1.0, "d", "o#2")],
        usage=Usage(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "flex"),
        cost_nanousd=1,
        first_token_s=1.0,
        dropped=("seed",),
        error="e",
        request_body=b"{}",
        response_body=bytearray(b"{}"),
    )


def nested(fields_of_line: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields_of_line.items():
        yield name
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Mapping):
                yield from nested(part)


def logged_elsewhere() -> Iterator[str]:
    """Events and fields of all calls of a logger in the source."""
    for path in (ROOT / "llmgw").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and LOGGER_CALL.search(ast.unparse(node.func)):
                yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def unknown(names: AbstractSet[str]) -> dict[str, str]:
    """Names with a word that the glossary does not have, and that word."""
    known = words()
    return {name: word for name in sorted(names - CLASSES) for word in name.split("_") if word not in known}


@pytest.mark.parametrize(
    "names",
    [set(keys_of(SCHEMA)), set(graph_fields()), set(nested(line(full_transcript()))), set(logged_elsewhere())],
    ids=["keys of the config", "fields of the graph", "fields of the canonical line", "fields of other log lines"],
)
def test_names_are_made_of_words_of_the_glossary(names: AbstractSet[str]) -> None:
    assert unknown(names) == {}


def test_foreign_words_are_not_ours() -> None:
    assert words() & set(FOREIGN) == set()


def test_the_glossary_has_no_word_that_nobody_uses() -> None:
    names = {
        *keys_of(SCHEMA),
        *graph_fields(),
        *nested(line(full_transcript())),
        *logged_elsewhere(),
        "event_level_timestamp",
    }
    used = {word for name in names for word in name.split("_")}

    assert sorted(words() - used) == []


# Examples.


def yaml_examples() -> Iterator[Any]:
    """Every block of YAML in the papers, and every file of configs/, by its place."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text()
        for block in re.finditer(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            place = f"{page.name}:{text.count(chr(10), 0, block.start()) + 1}"
            yield pytest.param(block[1], id=place)
    for file in sorted((ROOT / "configs").glob("*.yaml")):
        yield pytest.param(file.read_text(), id=file.name)


@pytest.mark.parametrize("text", list(yaml_examples()))
def test_examples_are_valid_and_their_tests_pass(text: str) -> None:
    built = build([Text("example.yaml", text)], EVERY_VARIABLE, need_secrets=False)
    errors = [str(problem) for problem in built.problems if problem.severity is Severity.ERROR]
    results = filetests.run(built.loaded.config.tests, built.graph, Policies())
    failed = [result for result in results if not result.passed]

    assert errors == []
    assert failed == []
