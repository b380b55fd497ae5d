"""Finding a local Ollama: fast, on loopback only, whatever answers there."""

import time

import pytest

from llmgw.cli.ollama import WAIT_S, Ollama, find_ollama, loopback_address
from tests.cli.answering import TAGS, answering, http


def test_its_models_are_found_under_their_short_names() -> None:
    with answering(http(TAGS)) as port:
        found = find_ollama({"OLLAMA_HOST": f"127.0.0.1:{port}"})

    assert found == Ollama(f"http://127.0.0.1:{port}", ("llama3.3", "qwen3:8b"))


@pytest.mark.parametrize("body", ["", "no JSON", "[]", '{"models": {}}', '{"models": null}'])
def test_one_that_tells_no_models_is_still_found(body: str) -> None:
    with answering(http(body)) as port:
        found = find_ollama({"OLLAMA_HOST": f"127.0.0.1:{port}"})

    assert found == Ollama(f"http://127.0.0.1:{port}", ())


@pytest.mark.parametrize("answer", [http("{}", "404 Not Found"), b"SSH-2.0-x\r\n", b""])
def test_something_else_is_not_ollama(answer: bytes) -> None:
    with answering(answer) as port:
        found = find_ollama({"OLLAMA_HOST": f"127.0.0.1:{port}"})

    assert found is None


def test_one_that_never_ends_its_answer_costs_no_more_than_the_wait() -> None:
    with answering(http(TAGS), hold_s=10.0) as port:
        began_s = time.monotonic()
        found = find_ollama({"OLLAMA_HOST": f"127.0.0.1:{port}"})
        took_s = time.monotonic() - began_s

    assert found is None
    assert took_s < WAIT_S + 2.0


@pytest.mark.parametrize(
    ("ollama_host", "expected"),
    [
        ("", ("127.0.0.1", 11434)),
        ("localhost", ("127.0.0.1", 11434)),
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        (":8080", ("127.0.0.1", 8080)),
        ("http://127.0.0.2:8080/", ("127.0.0.2", 8080)),
        ("0.0.0.0", ("127.0.0.1", 11434)),
        ("[::]:8080", ("::1", 8080)),
        ("[::1]", ("::1", 11434)),
        ("https://127.0.0.1", None),
        ("http://127.0.0.1/ollama", None),
        ("192.0.2.1", None),
        ("gpu.example.com:11434", None),
        ("127.0.0.1:port", None),
    ],
)
def test_only_an_address_of_this_machine_is_asked(ollama_host: str, expected: tuple[str, int] | None) -> None:
    assert loopback_address(ollama_host) == expected


def test_another_machine_is_not_called() -> None:
    assert find_ollama({"OLLAMA_HOST": "gpu.example.com"}) is None
