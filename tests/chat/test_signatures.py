"""A sealed signature comes back as it was, and is nobody's own."""

from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI, is_sealed, seal, unseal

ISSUERS = st.sampled_from([ANTHROPIC, GOOGLE, OPENAI])


@given(st.text(), ISSUERS, ISSUERS)
def test_what_is_sealed_comes_back(signature: str, issuer: str, own: str) -> None:
    told = seal(issuer, signature, own)

    assert is_sealed(told) == (issuer != own) or signature.startswith("llmgw.")
    if not (issuer == own and (not signature or is_sealed(signature))):
        assert unseal(told, own) == (issuer, signature)


def test_no_signature_can_be_sealed_too() -> None:
    told = seal("", "", ANTHROPIC)

    assert is_sealed(told)
    assert unseal(told, ANTHROPIC) == ("", "")
    assert unseal("", ANTHROPIC) == ("", "")
