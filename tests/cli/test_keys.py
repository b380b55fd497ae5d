"""A key to paste, and the digest of one that is there. Nothing is kept."""

import json
from datetime import UTC, datetime

import pytest

from llmgw.config.secrets import digest, literal_key_shape
from tests.cli.machine import called, llmgw
from tests.graph.files import MODELS, problems, sound


def test_what_is_printed_is_a_key_of_the_file() -> None:
    told = llmgw("keys", "create", "--name", "search-prod", "--team", "search", "--user", "svc")
    secret = told.stdout.split()[1]
    section = told.stdout[told.stdout.index("keys:") :]
    graph = sound(MODELS + section)

    assert (told.returncode, told.stderr) == (0, "")
    assert secret not in section
    assert graph.digests[digest(secret)] == graph.principals["search-prod"]
    assert (graph.principals["search-prod"].team, graph.principals["search-prod"].user) == ("search", "svc")


def test_the_same_for_programs() -> None:
    told = json.loads(llmgw("keys", "create", "--name", "k", "--json").stdout)

    assert told == {"name": "k", "sha256": digest(told["secret"]), "secret": told["secret"]}


def test_no_two_secrets_are_alike_and_each_is_known_as_one() -> None:
    secrets = {json.loads(llmgw("keys", "create", "--name", "k", "--json").stdout)["secret"] for _ in range(2)}

    assert len(secrets) == 2
    assert {literal_key_shape(secret) for secret in secrets} == {"llmgw-…"}
    (found,) = problems(f"{MODELS}keys: [{{name: k, secret: {secrets.pop()}}}]\n")

    assert found.startswith("2:26: keys[0].secret: warning: a key (llmgw-…) stands in the file in the open")


def test_all_that_can_be_said_of_a_key_is_said_in_the_files_words() -> None:
    said = ("--models", "gpt,c*", "--endpoints", "chat", "--metadata", "tier=paid", "--metadata", "x y={z}")
    told = called("keys", "create", "--name", "k", *said, "--expires", "2099-12-31").stdout
    principal = sound(MODELS + told[told.index("keys:") :]).principals["k"]

    assert (principal.models, principal.endpoints) == (("gpt", "c*"), frozenset({"chat"}))
    assert (dict(principal.metadata), principal.expires_s) == ({"tier": "paid", "x y": "{z}"}, 4102444800.0)


def test_a_duration_is_told_as_the_time_that_it_is() -> None:
    told = json.loads(called("keys", "create", "--name", "k", "--expires", "2h", "--json").stdout)

    assert datetime.fromisoformat(told["expires"]) > datetime.now(UTC)


def test_who_has_a_secret_gets_no_other() -> None:
    told = called("keys", "create", "--name", "k", "--sha256", digest("mine")).stdout

    assert told == f'keys:\n  - {{name: "k", sha256: "{digest("mine")}"}}\n'


@pytest.mark.parametrize("name", ["", "two words"])
def test_a_name_that_is_none(name: str) -> None:
    told = llmgw("keys", "create", "--name", name)

    assert told.returncode == 2
    assert "--name" in told.stderr


@pytest.mark.parametrize("given", ["a-secret", "a-secret\n", "a-secret\r\n"])
def test_the_digest_of_what_comes_in(given: str) -> None:
    told = llmgw("keys", "digest", given=given)

    assert (told.returncode, told.stdout, told.stderr) == (0, f"{digest('a-secret')}\n", "")
    assert json.loads(llmgw("keys", "digest", "--json", given=given).stdout) == {"sha256": digest("a-secret")}


def test_nothing_has_no_digest() -> None:
    told = llmgw("keys", "digest", given="\n")

    assert (told.returncode, told.stdout) == (1, "")
    assert "no secret came in" in told.stderr


def test_what_no_header_can_carry_is_told() -> None:
    told = llmgw("keys", "digest", given="a secret with a blank at the end \n")

    assert told.returncode == 0
    assert "begins or ends with white space" in told.stderr
