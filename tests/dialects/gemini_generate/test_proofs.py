"""Signatures: Google's own as they are, those of others sealed."""

from base64 import b64decode, b64encode

import pytest

from llmgw.chat.conversation import Reasoning
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.dialects.gemini_generate.proofs import SEALED, own_signature, read_proof, write_proof, write_thought_proof

OTHERS = [
    Reasoning(signature="c2lnbmF0dXJl/+==", issuer=ANTHROPIC),
    Reasoning(signature="ä", issuer=ANTHROPIC),
    Reasoning(redacted="data", issuer=ANTHROPIC),
]


def test_googles_own_is_as_it_is() -> None:
    assert write_proof(GOOGLE, "abc") == "abc"
    assert read_proof("abc") == Reasoning(signature="abc", issuer=GOOGLE)
    assert write_thought_proof(Reasoning("Hm", "abc", issuer=GOOGLE)) == "abc"


@pytest.mark.parametrize("thought", OTHERS)
def test_others_come_back_as_they_went(thought: Reasoning) -> None:
    sealed = write_thought_proof(thought)

    assert sealed.startswith(SEALED)
    assert read_proof(sealed) == thought
    assert read_proof(b64encode(b64decode(sealed, altchars=b"-_")).decode()) == thought  # as an SDK writes it again
    assert read_proof(sealed.rstrip("=")) == thought


def test_that_nobody_has_signed_comes_back_as_nothing() -> None:
    assert write_thought_proof(Reasoning("Hm")) == ""
    assert read_proof(write_proof("", "")) == Reasoning()


@pytest.mark.parametrize("told", [None, "", SEALED + "!", SEALED + "/w=="])
def test_what_is_none_is_none(told: str | None) -> None:
    assert read_proof(told) == Reasoning()


def test_google_takes_back_only_its_own() -> None:
    assert (own_signature(GOOGLE, "abc"), own_signature(ANTHROPIC, "abc")) == ("abc", "")
