"""A count of tokens, as it is asked for and as it is told."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.departures import Departures
from llmgw.chat.request import Edits
from llmgw.dialects.gemini_generate.counting import read_count, read_count_request, write_count, write_count_request
from llmgw.errors import FailureClass, InvalidRequestError, UpstreamProtocolError

TURNS = [{"role": "user", "parts": [{"text": "Hi"}]}]
MODE = {"functionCallingConfig": {"mode": "ANY"}}
WHOLE = {"contents": TURNS, "systemInstruction": {"parts": [{"text": "Be brief"}]}, "toolConfig": MODE}
GEMINI = Edits("up", {}, {}, frozenset(), ask_usage=True, departures=Departures(count_field="generateContentRequest"))
VERTEX = Edits("up", {}, {}, frozenset(), ask_usage=True)


def crossed(told: Any, edits: Edits) -> tuple[Any, tuple[str, ...]]:
    body, dropped = write_count_request(read_count_request(msgspec.json.encode(told), "m"), edits)
    return msgspec.json.decode(body), dropped


@pytest.mark.parametrize("edits", [GEMINI, VERTEX], ids=["gemini", "vertex"])
def test_turns_alone_are_counted_as_they_came(edits: Edits) -> None:
    whole = {"generateContentRequest": {"model": "models/m", "contents": TURNS}}

    assert crossed({"contents": TURNS}, edits) == crossed(whole, edits) == ({"contents": TURNS}, ())


@pytest.mark.parametrize("told", [WHOLE, {"generateContentRequest": {"model": "models/m", **WHOLE}}])
def test_a_whole_request_is_told_as_the_provider_takes_it(told: Any) -> None:
    to_gemini, nothing = crossed(told, GEMINI)
    to_vertex, dropped = crossed(told, VERTEX)

    assert (to_gemini, nothing) == ({"generateContentRequest": {"model": "models/up", **WHOLE}}, ())
    assert to_vertex == {name: WHOLE[name] for name in ("contents", "systemInstruction")}
    assert dropped == ("toolConfig",)


def test_names_may_be_in_snake_case_and_the_models_in_the_body() -> None:
    told = {"generate_content_request": {"model": "models/m", "contents": TURNS, "system_instruction": {"parts": []}}}
    request = read_count_request(msgspec.json.encode(told), "")
    body, dropped = write_count_request(request, VERTEX)

    assert (request.model, request.stream) == ("m", False)
    assert (msgspec.json.decode(body), dropped) == ({"contents": TURNS, "system_instruction": {"parts": []}}, ())


def test_what_the_file_sets_is_a_part_of_the_prompt_too() -> None:
    said = {"parts": [{"text": "s"}]}
    edits = Edits("up", {"systemInstruction": _raw(said)}, {"safetySettings": _raw([])}, frozenset(), ask_usage=True)

    assert crossed({"contents": TURNS}, edits) == ({"contents": TURNS, "systemInstruction": said}, ())


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"generateContentRequest":5}', b'{"contents":5}', b"[" * 100_000])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read_count_request(body, "m")


def test_a_count_is_read_as_it_is_written() -> None:
    assert (write_count(36), read_count(write_count(36))) == (b'{"totalTokens":36}', 36)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"<html>", FailureClass.PROTOCOL),
        (b"{}", FailureClass.PROTOCOL),
        (b'{"totalTokens":"many"}', FailureClass.PROTOCOL),
        (b'{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}', FailureClass.OVERLOADED),
    ],
)
def test_what_is_no_count_has_its_class(body: bytes, failure: FailureClass) -> None:
    with pytest.raises(UpstreamProtocolError) as caught:
        read_count(body)

    assert failure is caught.value.failure


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
