"""`thoughtSignature`: Google's own as it is, that of others sealed, and in base64, which Google's SDKs take off.

Sealed ones come back to us only. What our seals cover is told apart by who has signed, and how.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from llmgw.chat.conversation import Reasoning
from llmgw.chat.signatures import GOOGLE, MARK, seal, unseal

# Google's word for histories that were made elsewhere (https://ai.google.dev/gemini-api/docs/thought-signatures).
UNSIGNED = "skip_thought_signature_validator"
_REDACTED = "redacted-"
_STANDARD = str.maketrans("+/", "-_")

# How a seal begins in base64, whatever follows: the mark's length is a multiple of three.
SEALED = urlsafe_b64encode(MARK.encode()).decode()


def write_proof(issuer: str, signature: str) -> str:
    """As it stands on a part. That nobody has signed can be sealed too."""
    if issuer == GOOGLE:
        return signature
    return urlsafe_b64encode(seal(issuer, signature, GOOGLE).encode(errors="replace")).decode()


def write_thought_proof(thought: Reasoning) -> str:
    """Empty if there is none."""
    if thought.redacted:
        return write_proof(_REDACTED + thought.issuer, thought.redacted)
    return write_proof(thought.issuer, thought.signature) if thought.signature else ""


def read_proof(told: str | None) -> Reasoning:
    """An empty thought with what the signature says."""
    if not told or not told.startswith(SEALED):
        return Reasoning(signature=told or "", issuer=GOOGLE if told else "")
    try:
        issuer, signature = unseal(urlsafe_b64decode(told.translate(_STANDARD) + "==").decode(), GOOGLE)
    except (Base64Error, UnicodeDecodeError, ValueError):
        return Reasoning()
    if issuer.startswith(_REDACTED):
        return Reasoning(redacted=signature, issuer=issuer.removeprefix(_REDACTED))
    return Reasoning(signature=signature, issuer=issuer)


def own_signature(issuer: str, signature: str) -> str:
    """What Google will take back."""
    return signature if issuer == GOOGLE else ""
