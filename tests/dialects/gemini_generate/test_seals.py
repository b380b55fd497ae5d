"""A history of others, as it goes to Google."""

import json
from typing import Any

import msgspec
import pytest

from llmgw.chat.signatures import ANTHROPIC
from llmgw.dialects.gemini_generate.proofs import write_proof
from llmgw.dialects.gemini_generate.seals import is_sealed, unsealed
from tests.dialects.gemini_generate.wire import call, text, thought

SEAL = write_proof(ANTHROPIC, "s")
OLDER, NEWER = "gemini-2.5-flash", "gemini-3-flash-preview"


def through(contents: Any, model: str = OLDER) -> Any:
    return json.loads(bytes(unsealed(msgspec.Raw(json.dumps(contents).encode()), model)))


def test_a_history_of_googles_own_is_not_even_read() -> None:
    contents = msgspec.Raw(b'[{ "parts": [ {"text":"", "thoughtSignature":"abc"} ]}]')

    assert unsealed(contents, NEWER) is contents


@pytest.mark.parametrize("name", ["thoughtSignature", "thought_signature"])
def test_seals_are_taken_off(name: str) -> None:
    contents = [
        {"role": "user", "parts": [text("Hi")]},
        {
            "role": "model",
            "parts": [
                {**thought(""), name: SEAL},
                {**thought("Hm"), name: SEAL},
                {"text": "", name: SEAL},
                {**text("So"), "thoughtSignature": "googles"},
                {"inlineData": {}, name: SEAL},
            ],
        },
    ]

    assert through(contents) == [
        contents[0],
        {"role": "model", "parts": [thought("Hm"), text("So", thoughtSignature="googles"), {"inlineData": {}}]},
    ]


def test_a_call_says_that_it_was_made_elsewhere_where_it_must_be_signed() -> None:
    contents = [{"role": "model", "parts": [call("f", {}, SEAL), call("g", {})]}]

    assert through(contents, OLDER)[0]["parts"] == [call("f", {}), call("g", {})]
    assert through(contents, NEWER)[0]["parts"] == [
        call("f", {}, "skip_thought_signature_validator"),
        call("g", {}),
    ]


def test_what_is_no_content_stays() -> None:
    contents = [5, {"parts": text("a", thoughtSignature=SEAL)}, {"parts": [5]}]

    assert through(contents) == [5, {"parts": [text("a")]}, {"parts": [5]}]


def test_what_only_we_can_read() -> None:
    assert [is_sealed(told) for told in (SEAL, "abc", None, 5)] == [True, False, False, False]
