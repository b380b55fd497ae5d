"""Proofs come back to who gave them, and those under our seal go nowhere else."""

import msgspec
import pytest

from llmgw.chat.conversation import Reasoning
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI
from llmgw.dialects.openai_responses.proofs import is_foreign, is_own, item_fields, read, without_sealed

OWN = b'{"type": "reasoning", "summary": [], "encrypted_content": "gAAA"}'
SEALED = b'{"type": "reasoning", "summary": [], "encrypted_content": "llmgw.anthropic.sig"}'
TEXT = b'{"role": "user", "content":  "what is llmgw.anthropic.sig?"}'


@pytest.mark.parametrize(
    "thought",
    [
        Reasoning("so", "rs_1 gAAA", issuer=OPENAI),
        Reasoning("so", " gAAA", issuer=OPENAI),
        Reasoning("so", "sig.with.dots", issuer=ANTHROPIC),
        Reasoning("", "sig", issuer=GOOGLE),
        Reasoning("", redacted="data", issuer=ANTHROPIC),
        Reasoning("so"),
    ],
)
def test_what_is_written_is_read_again(thought: Reasoning) -> None:
    fields = item_fields(thought)

    assert thought == read(fields.get("id"), fields["encrypted_content"], thought.text)


def test_only_a_proof_of_openais_is_its_own() -> None:
    assert is_own(Reasoning("", "rs_1 gAAA", issuer=OPENAI))
    assert not any(map(is_own, [Reasoning("so", issuer=OPENAI), Reasoning("", "sig", issuer=ANTHROPIC)]))


@pytest.mark.parametrize("proof", [None, 5, "", "llmgw.."])
def test_no_proof(proof: object) -> None:
    assert read("rs_1", proof, "so") == Reasoning("so")


def test_whose_proof_a_format_says_it_is() -> None:
    assert [is_foreign(one) for one in (None, 5, "openai-responses-v1", "google-gemini-v1")] == [
        False,
        False,
        False,
        True,
    ]


def test_what_is_sealed_is_left_out_and_all_else_stays_as_it_was() -> None:
    turns = b"[" + b",".join([TEXT, OWN, SEALED, b'"llmgw.x"', b'{"type": 5, "x": "llmgw."}']) + b"]"

    assert (
        bytes(without_sealed(msgspec.Raw(turns)))
        == b"[" + b",".join([TEXT, OWN, b'"llmgw.x"', b'{"type": 5, "x": "llmgw."}']) + b"]"
    )


@pytest.mark.parametrize("turns", [b'"llmgw."', b"[ " + OWN + b" ]", b"null"])
def test_where_nothing_is_sealed_nothing_is_touched(turns: bytes) -> None:
    assert bytes(without_sealed(msgspec.Raw(turns))) == turns
