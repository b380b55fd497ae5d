"""Whose word a signature is.

Providers sign what their models think, and want it back untouched; to all others it means nothing. A caller whose
dialect has a place for the signatures of one vendor only keeps those of others *sealed* there, so that they come back
to us and find their way to whoever issued them.
"""

ANTHROPIC = "anthropic"  # the same for Claude on Bedrock and on Vertex AI
GOOGLE = "google"
OPENAI = "openai"

MARK = "llmgw."


def seal(issuer: str, signature: str, own: str) -> str:
    """As a dialect whose `own` signatures need no seal can carry it. No signature at all can be sealed too."""
    return signature if issuer == own else f"{MARK}{issuer}.{signature}"


def unseal(text: str, own: str) -> tuple[str, str]:
    """Issuer and signature; the issuer is empty where nobody has signed."""
    if not text.startswith(MARK):
        return (own, text) if text else ("", "")
    issuer, _, signature = text.removeprefix(MARK).partition(".")
    return issuer, signature


def is_sealed(text: str) -> bool:
    """Whether a signature is one that only we can read."""
    return text.startswith(MARK)
