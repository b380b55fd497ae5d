from collections.abc import Iterable

import pytest

from llmgw.config.files import cache_file, ledger_file
from llmgw.config.load import Loaded, load
from llmgw.config.problems import Severity

PEM = "-----BEGIN CERTIFICATE-----\n"
TEXT = "providers: {a: {like: openai, ca_file: own.pem}}\n"


def loaded(texts: Iterable[tuple[str, str]], files: dict[str, str]) -> Loaded:
    def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory", path)
        if not files[path].isascii():
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "")
        return files[path]

    return load(texts, {}, read)


def said(of: Loaded) -> list[str]:
    return [str(problem) for problem in [*of.problems, *of.missing_problems(severity=Severity.WARNING)]]


@pytest.mark.parametrize(
    ("config", "written", "opened"),
    [
        ("a.yaml", "own.pem", "own.pem"),
        ("etc/a.yaml", "own.pem", "etc/own.pem"),
        ("/etc/llmgw/a.yaml", "../own.pem", "/etc/llmgw/../own.pem"),
        ("etc/a.yaml", "/own.pem", "/own.pem"),
        ("<stdin>", "own.pem", "own.pem"),
    ],
)
def test_relative_paths_are_relative_to_the_file(config: str, written: str, opened: str) -> None:
    text = f"providers: {{a: {{like: openai, ca_file: {written}}}}}\nserver: {{tls: {{cert: {written}, key: k.pem}}}}"
    found = loaded([(config, text)], {opened: PEM})
    tls = found.config.server.tls

    assert said(found) == []
    assert (found.config.providers["a"].ca_file, tls and tls.cert) == (opened, opened)


def test_each_of_several_files_has_its_own_place() -> None:
    server = "server: {tls: {cert: c.pem, key: k.pem}}"
    found = loaded([("a/a.yaml", TEXT), ("b/b.yaml", server)], {"a/own.pem": PEM})
    tls = found.config.server.tls

    assert said(found) == []
    assert (found.config.providers["a"].ca_file, tls and (tls.cert, tls.key)) == ("a/own.pem", ("b/c.pem", "b/k.pem"))


def test_a_certificate_that_is_not_there_is_missing_at_its_place() -> None:
    assert said(loaded([("etc/a.yaml", TEXT)], {})) == [
        (
            "etc/a.yaml:1:40: providers.a.ca_file: warning: the file etc/own.pem cannot be read: "
            "No such file or directory (create it, or name another one)"
        )
    ]


def test_a_path_that_no_file_can_have_is_a_fault() -> None:
    assert "no certificate stands in this file" in said(loaded([("a.yaml", TEXT.replace("own.pem", '"\\0"'))], {}))[0]


@pytest.mark.parametrize("content", ["", "hello", "ü"])
def test_a_file_without_a_certificate_is_a_fault(content: str) -> None:
    assert said(loaded([("a.yaml", TEXT)], {"own.pem": content})) == [
        "a.yaml:1:40: providers.a.ca_file: no certificate stands in this file (PEM: -----BEGIN CERTIFICATE…)"
    ]


CREDENTIALS = "providers: {a: {like: vertex-openai, credentials_file: own.json}}\n"


def test_credentials_lie_beside_the_file_and_are_json() -> None:
    found = loaded([("etc/a.yaml", CREDENTIALS)], {"etc/own.json": '{"type": "service_account"}'})

    assert said(found) == []
    assert found.config.providers["a"].credentials_file == "etc/own.json"
    for other in (PEM, '{"type": ', "{}", "[]"):
        assert said(loaded([("a.yaml", CREDENTIALS)], {"own.json": other})) == [
            (
                "a.yaml:1:56: providers.a.credentials_file: no credentials stand in this file "
                "(JSON, such as the key of a service account)"
            )
        ]
    assert said(loaded([("a.yaml", CREDENTIALS)], {})) == [
        (
            "a.yaml:1:56: providers.a.credentials_file: warning: the file own.json cannot be read: "
            "No such file or directory (create it, or name another one)"
        )
    ]


@pytest.mark.parametrize(
    ("config", "state", "opened"),
    [
        ("a.yaml", "", "llmgw.db"),
        ("etc/a.yaml", "", "etc/llmgw.db"),
        ("etc/a.yaml", "state: {ledger: sqlite:///var/spend.db}", "etc/var/spend.db"),
        ("etc/a.yaml", "state: {ledger: sqlite:////var/spend.db}", "/var/spend.db"),
        ("etc/a.yaml", "state: {ledger: none}", None),
    ],
)
def test_the_ledger_lies_beside_the_file_unless_it_says_otherwise(config: str, state: str, opened: str | None) -> None:
    found = loaded([(config, f"models: {{a: openai/b}}\n{state}")], {})

    assert found.problems == ()
    assert ledger_file(found.config.state, found.source) == opened


def test_of_several_files_the_ledger_is_beside_the_one_that_names_it() -> None:
    found = loaded([("one/a.yaml", "models: {a: openai/b}"), ("two/b.yaml", "state: {ledger: sqlite:///x.db}")], {})

    assert ledger_file(found.config.state, found.source) == "two/x.db"


def test_the_cache_lies_beside_the_file_that_says_so() -> None:
    memory, beside = (
        loaded([("etc/a.yaml", "cache: {}")], {}),
        loaded([("etc/a.yaml", "cache: {store: 'sqlite:///c.db'}")], {}),
    )

    assert cache_file(memory.config.cache, memory.source) is None
    assert cache_file(beside.config.cache, beside.source) == "etc/c.db"
