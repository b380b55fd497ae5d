"""The headers by which whoever receives a webhook knows that it is ours: Standard Webhooks (standardwebhooks.com).

A secret in that standard's form (`whsec_` and base64) is the bytes that it stands for, any other text is its own bytes.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping

PREFIX = "whsec_"


def signed(message_id: str, sent_s: int, body: bytes, secret: str | None) -> Mapping[str, str]:
    """`message_id` is the same each time it is sent, `sent_s` (Unix time) is not. No secret: no signature."""
    told = {"webhook-id": message_id, "webhook-timestamp": str(sent_s)}
    if secret is None:
        return told
    content = f"{message_id}.{sent_s}.".encode() + body
    signature = b64encode(hmac.digest(_key(secret), content, "sha256")).decode()
    return {**told, "webhook-signature": f"v1,{signature}"}


def secret_fault(secret: str) -> str | None:
    """What is wrong with a secret. It is not repeated."""
    if not secret.startswith(PREFIX):
        return None
    try:
        return None if _decoded(secret) else f"holds nothing after {PREFIX}"
    except binascii.Error:
        return f"is not base64 after {PREFIX}"


def _key(secret: str) -> bytes:
    return _decoded(secret) if secret.startswith(PREFIX) and secret_fault(secret) is None else secret.encode()


def _decoded(secret: str) -> bytes:
    return b64decode(secret.removeprefix(PREFIX), validate=True)
