"""Managed keys by command: each change is in the ledger of the file, and no secret is."""

import json
from pathlib import Path
from typing import Any

import pytest

from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.key_book import KeyBook
from llmgw.config.secrets import digest
from tests.cli.machine import called, llmgw

OF_FILE = digest("the-secret-of-the-file")
FILE = f"""
models: {{gpt: simulator/gpt}}
keys: [{{name: of-file, sha256: {OF_FILE}, team: t, models: [gpt]}}]
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "a.yaml").write_text(FILE)
    return str(tmp_path / "a.yaml")


def told(*args: str) -> Any:
    """What a command says as JSON."""
    ended = called("keys", *args, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    return json.loads(ended.stdout)


def digests(config: str) -> set[str]:
    with database(Path(config).with_name("llmgw.db")) as connection:
        return {*KeyBook(connection).load()[1]}


def test_a_key_from_its_beginning_to_its_end(config: str) -> None:
    created = told("create", config, "--name", "k", "--team", "t", "--models", "gpt,c*", "--expires", "90d")
    rotated = told("rotate", "k", config, "--overlap", "2h")
    expiring = told("expire", "k", "2099-12-31", config)
    revoked = told("revoke", "k", config)

    assert (created["state"], created["models"], created["expires"] is None) == ("active", ["gpt", "c*"], False)
    assert {one["sha256"] for one in rotated["secrets"]} == {digest(created["secret"]), digest(rotated["secret"])}
    assert [one["not_after"] is None for one in rotated["secrets"]].count(False) == 1
    assert (expiring["expires"], revoked["state"]) == ("2100-01-01T00:00:00Z", "revoked")
    assert digests(config) == {digest(created["secret"]), digest(rotated["secret"])}
    assert "secret" not in expiring
    assert "secret" not in revoked


def test_people_see_the_same(config: str) -> None:
    created = called("keys", "create", config, "--name", "k", "--metadata", "tier=paid", "--endpoints", "chat").stdout
    secret = created.split()[1]
    listed = called("keys", "list", config).stdout.splitlines()
    shown = called("keys", "show", "k", config).stdout

    assert digest(secret) in digests(config)
    assert [line.split()[:3] for line in listed] == [
        ["name", "from", "state"],
        ["of-file", "file", "active"],
        ["k", "ledger", "active"],
    ]
    assert digest(secret) not in "".join(listed)
    assert "metadata   tier=paid\n" in shown
    assert f"sha256     {digest(secret)}" in shown
    assert secret not in shown


def test_to_look_makes_no_ledger(config: str) -> None:
    listed = told("list", config)
    shown = told("show", "of-file", config)

    assert [(key["name"], key["source"]) for key in listed] == [("of-file", "file")]
    assert shown["secrets"] == [{"sha256": OF_FILE, "created": None, "not_after": None}]
    assert not Path(config).with_name("llmgw.db").exists()


def test_without_any_key_it_says_who_may_call(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("models: {gpt: simulator/gpt}\n")
    ended = called("keys", "list", str(tmp_path / "a.yaml"))

    assert (ended.returncode, ended.stdout) == (0, "no keys: whoever is on this machine may call, and nobody else\n")


def test_the_usual_file_need_not_be_named(tmp_path: Path) -> None:
    (tmp_path / "llmgw.yaml").write_text(FILE)
    ended = llmgw("keys", "list", "--json", cwd=tmp_path)

    assert [key["name"] for key in json.loads(ended.stdout)] == ["of-file"]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("show", "nobody"), 1, "no key of that name in the ledger; `llmgw keys list` names all"),
        (("revoke", "nobody"), 1, "no key of that name"),
        (("rotate", "nobody"), 1, "no key of that name"),
        (("expire", "nobody", "now"), 1, "no key of that name"),
        (("revoke", "of-file"), 1, "is in the file: change it there"),
        (("expire", "of-file", "soon"), 2, "WHEN"),
        (("rotate", "of-file", "--overlap", "60"), 2, "--overlap"),
        (("create", "--name", "of-file"), 1, "the file has a key 'of-file' already"),
        (("create", "--name", "two words"), 2, "--name"),
        (("create",), 2, "--name"),
        (("create", "--name", "k", "--endpoints", "audio"), 2, "--endpoints"),
        (("create", "--name", "k", "--sha256", "abc"), 2, "--sha256"),
        (("create", "--name", "k", "--expires", "2020-01-01"), 2, "--expires"),
        (("create", "--name", "k", "--metadata", "tier"), 2, "--metadata"),
    ],
)
def test_what_cannot_be_is_told(config: str, args: tuple[str, ...], code: int, words: str) -> None:
    ended = called("keys", *args, config)

    assert (ended.returncode, ended.stdout) == (code, "")
    assert words in ended.stderr


def test_a_name_is_wanted() -> None:
    assert [called("keys", command).returncode for command in ("show", "rotate", "revoke", "expire")] == [2, 2, 2, 2]


def test_where_nothing_is_kept_there_is_no_place_for_keys(tmp_path: Path) -> None:
    config = tmp_path / "a.yaml"
    config.write_text(f"{FILE}state: {{ledger: none}}\n")
    listed, created = called("keys", "list", str(config)), called("keys", "create", str(config), "--name", "k")

    assert (listed.returncode, created.returncode) == (0, 1)
    assert "state.ledger is none" in created.stderr


def test_what_is_no_ledger_is_told(config: str) -> None:
    Path(config).with_name("llmgw.db").write_bytes(b"no database " * 1000)
    ended = [called("keys", "list", config), called("keys", "create", config, "--name", "k")]

    assert [one.returncode for one in ended] == [1, 1]
    assert ["cannot be used" in one.stderr for one in ended] == [True, True]


def test_a_bad_file_is_told_as_ever(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("modles: {}\n")
    ended = called("keys", "list", str(tmp_path / "a.yaml"))

    assert ended.returncode == 1
    assert "did you mean" in ended.stderr
