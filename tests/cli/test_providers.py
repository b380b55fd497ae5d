"""`llmgw providers`: for people in a pipe and on a terminal, and for programs."""

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from llmgw.cli.providers import _FAMILIES
from llmgw.providers.catalog import rows
from tests.cli.machine import called, command, environment


def names(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines()[1:]]


def test_all_are_listed_a_line_each() -> None:
    listed = called("providers")

    assert (listed.returncode, listed.stderr) == (0, "")
    assert names(listed.stdout) == [row.name for row in rows()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("groq", ["groq"]),
        ("GROK", ["xai"]),
        ("together_ai", ["together"]),
        ("api.moonshot.cn", ["moonshot-cn"]),
        ("127.0.0.1:11434", ["ollama", "ollama-generate", "ollama-openai"]),
        ("built in", ["simulator"]),
        ("kimi", ["moonshot", "moonshot-cn"]),
        (
            "Claude-haiku",
            ["anthropic", "azure-anthropic", "bedrock", "bedrock-invoke", "openrouter", "vertex-anthropic"],
        ),
    ],
)
def test_a_text_is_looked_for_in_names_aliases_and_addresses(text: str, expected: list[str]) -> None:
    assert names(called("providers", text).stdout) == expected


def test_a_line_tells_the_key_the_address_and_where_to_read_on() -> None:
    lines = called("providers", "together", env={"TOGETHER_API_KEY": "k"}).stdout.splitlines()

    assert [re.split(r"\s{2,}", line) for line in lines] == [
        ["name", "aliases", "key from", "set", "speaks", "base URL", "docs"],
        [
            "together",
            "together_ai, together-ai, togetherai",
            "TOGETHER_API_KEY",
            "yes",
            "openai_chat, openai_completions",
            "https://api.together.xyz/v1",
            "https://docs.together.ai/docs/openai-api-compatibility",
        ],
    ]


def test_whether_a_key_is_set_is_told_and_never_the_key(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GROQ_API_KEY=planted\n")
    by_file = called("providers", "groq", "--env-file", str(tmp_path / ".env")).stdout
    by_none = called("providers", "groq", env={"GROQ_API_KEY": ""}).stdout

    assert [" yes " in by_file, " no " in by_none, "planted" in by_file] == [True, True, False]


def test_programs_read_a_list() -> None:
    told = json.loads(called("providers", "codestral", "--json", env={"CODESTRAL_API_KEY": "k"}).stdout)

    assert told == [
        {
            "name": "codestral",
            "aliases": [],
            "dialect": "openai_chat",
            "also": [],
            "base_url": "https://codestral.mistral.ai/v1",
            "key_env": "CODESTRAL_API_KEY",
            "key_is_set": True,
            "auth": "bearer",
            "takes_stream_options": False,
            "unsupported": [],
            "local": False,
            "docs": "https://docs.mistral.ai/api",
        }
    ]


def test_what_there_is_not_is_null_for_programs() -> None:
    azure, ollama = (json.loads(called("providers", name, "--json").stdout)[0] for name in ("azure", "ollama_chat"))

    assert (azure["base_url"], ollama["key_env"], ollama["key_is_set"]) == (None, None, False)


def test_every_family_of_models_leads_to_rows() -> None:
    names = {name for family in _FAMILIES.values() for name in family}

    assert names - {row.name for row in rows()} == set()


def test_the_help_names_the_fields_that_programs_read() -> None:
    (row,) = json.loads(called("providers", "groq", "--json").stdout)
    told = " ".join(called("providers", "--help").stdout.split())

    assert f"With --json: a list of {', '.join(row)}." in told


@pytest.mark.parametrize(
    ("text", "instead"),
    [("opnai", "did you mean openai?"), ("Togehter", "did you mean together?"), ("q" * 9, "`llmgw providers` lists")],
)
def test_nothing_found_is_1_and_says_what_may_be_meant(text: str, instead: str) -> None:
    plain, as_json = called("providers", text), called("providers", text, "--json")

    assert (plain.returncode, plain.stdout) == (1, "")
    assert plain.stderr.startswith(f"no provider has '{text}' in its names or its address: {instead}")
    assert (as_json.returncode, json.loads(as_json.stdout), as_json.stderr) == (1, [], plain.stderr)


def test_a_terminal_gets_a_table_that_fits() -> None:
    primary, secondary = pty.openpty()
    env = environment({"TERM": "xterm-256color", "COLUMNS": "100"})
    with subprocess.Popen(command("providers", "groq"), stdout=secondary, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(secondary)
        text = os.read(primary, 65536).decode()
        process.wait(timeout=60)
    os.close(primary)
    seen = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", text)

    assert process.returncode == 0
    assert "\x1b]8;" in text  # the page is a link, however it is broken
    assert max(map(len, seen.splitlines())) <= 100
    assert "GROQ_API_KEY" in seen
