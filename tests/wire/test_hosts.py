"""Which hosts are this very machine."""

import pytest

from llmgw.wire.hosts import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "::1", "localhost", "app.localhost"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "10.0.0.1", "203.0.113.7", "localhost.example", "127.1", "llm.lan", "\udcff"]
)
def test_other_machines_or_none(host: str) -> None:
    assert not is_loopback(host)
