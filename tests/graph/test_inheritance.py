import pytest

from llmgw.config.model import ProviderEntry
from llmgw.config.secrets import Secret
from llmgw.graph.inheritance import inherit, secrets, unsaid


def with_header(name: str, value: str) -> ProviderEntry:
    return ProviderEntry(headers={name: Secret(value)})


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "cookie", "x-vendor-token"])
def test_a_header_that_is_called_like_a_credential_is_secret(name: str) -> None:
    assert secrets(with_header(name, "v"), []) == {("headers", name)}


def test_a_header_that_looks_like_a_key_is_secret_and_another_one_is_not() -> None:
    assert secrets(with_header("x-a", "sk-" + "a" * 40), []) == {("headers", "x-a")}
    assert secrets(with_header("x-team", "search"), []) == set()


@pytest.mark.parametrize(("proxy", "is_secret"), [("http://p:1", False), ("http://u:p@p:1", True), ("http://[", True)])
def test_a_proxy_is_secret_if_it_holds_a_password_or_nobody_can_tell(proxy: str, is_secret: bool) -> None:
    assert bool(secrets(ProviderEntry(proxy=Secret(proxy)), [])) == is_secret


def test_only_headers_and_proxy_can_be_withheld() -> None:
    references = [("api_key",), ("base_url",), ("headers", "x-a"), ("proxy",)]

    assert secrets(ProviderEntry(), references) == {("headers", "x-a"), ("proxy",)}


def test_what_is_withheld_stays_where_it_is() -> None:
    parent = ProviderEntry(headers={"x-a": Secret("a"), "x-b": Secret("b")}, proxy=Secret("http://p"), optional=True)
    found = inherit(ProviderEntry(), parent, [("headers", "x-a"), ("proxy",)])

    assert found == with_header("x-b", "b")


def test_what_is_said_itself_is_missed_by_nobody() -> None:
    withheld = [("headers", "X-A"), ("headers", "x-b"), ("proxy",)]

    assert unsaid(with_header("x-a", "1"), [], withheld) == [("headers", "x-b"), ("proxy",)]
    assert unsaid(ProviderEntry(), [("proxy",), ("headers", "X-B")], withheld) == [("headers", "X-A")]
