"""A body in a file is read in the dialect that is said; one of another shape is told what to say."""

from typing import Any

import msgspec
import pytest
import typer

from llmgw.chat.request import ChatRequest
from llmgw.cli.request_body import DIALECTS, content, dialect, read
from llmgw.errors import InvalidRequestError, RequestTooLargeError
from llmgw.server.spoken import CLIENT_DIALECTS

TURNS = [{"role": "user", "content": "Hi"}]
BODIES: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "m", "messages": TURNS},
    "openai_responses": {"model": "m", "input": "Hi"},
    "openai_completions": {"model": "m", "prompt": "Hi"},
    "anthropic_messages": {"model": "m", "max_tokens": 9, "system": "s", "messages": TURNS},
    "gemini_generate": {"contents": [{"parts": [{"text": "Hi"}]}]},
}


def read_of(told: Any, name: str | None, model: str = "") -> ChatRequest:
    return read(msgspec.json.encode(told), name, model, stream=None)


def test_every_dialect_of_callers_can_be_said() -> None:
    assert BODIES.keys() == set(DIALECTS) == CLIENT_DIALECTS.keys()
    assert all(dialect(name) is CLIENT_DIALECTS[name] for name in DIALECTS)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_read_in_its_dialect(name: str) -> None:
    assert read_of(BODIES[name], name, "m").model == "m"


@pytest.mark.parametrize("name", sorted(BODIES.keys() - {"openai_chat"}))
def test_without_a_word_it_is_openais_and_others_are_told_the_flag(name: str) -> None:
    with pytest.raises(typer.BadParameter, match=f"say --dialect {name}"):
        read_of(BODIES[name], None)


def test_a_body_that_is_not_of_the_dialect_said_is_told_its_own() -> None:
    with pytest.raises(typer.BadParameter, match="a body with `contents` is one of gemini_generate"):
        read_of(BODIES["gemini_generate"], "openai_chat", "m")


def test_what_was_said_is_believed() -> None:
    odd = {**BODIES["openai_chat"], "system": "s"}

    assert read_of(odd, "openai_chat").model == "m"


def test_google_names_the_model_in_the_path() -> None:
    with pytest.raises(typer.BadParameter, match="give --model NAME"):
        read_of(BODIES["gemini_generate"], "gemini_generate")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"messages":[]}', b"\xff", b"[" * 100_000])
def test_what_the_server_refuses_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read(body, None, "", stream=None)


def test_another_name_is_told_those_that_are() -> None:
    with pytest.raises(
        typer.BadParameter, match=r"'anthropic' is not one of openai_chat, .*; did you mean anthropic_messages"
    ):
        dialect("anthropic")


def test_a_file_has_a_limit(tmp_path: Any) -> None:
    (tmp_path / "b").write_bytes(b"12345")

    assert content(str(tmp_path / "b"), 5) == b"12345"
    with pytest.raises(RequestTooLargeError, match="over 4 bytes"):
        content(str(tmp_path / "b"), 4)
