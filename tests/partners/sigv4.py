"""What AWS checks in a signed request, written from its description of Signature Version 4, without its library.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/(?P<scope>\d{8}/[^/]+/[^/]+/aws4_request)"
    r", SignedHeaders=(?P<names>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)
MUST_BE_SIGNED = {"host", "x-amz-date"}


def signature_fault(secret_key: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """Why AWS would refuse the request; None: it would not. `target` is path and query as they came over the wire."""
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if match is None:
        return "no signature"
    names = match["names"].split(";")
    if names != sorted(names) or not set(names) >= MUST_BE_SIGNED:
        return f"signed headers: {names}"
    path, _, query = target.partition("?")
    canonical = "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),  # each segment once more: the path that came is encoded already
            "&".join(sorted(query.split("&"))) if query else "",
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            match["names"],
            hashlib.sha256(body).hexdigest(),
        ]
    )
    told = ["AWS4-HMAC-SHA256", headers["x-amz-date"], match["scope"], hashlib.sha256(canonical.encode()).hexdigest()]
    key = f"AWS4{secret_key}".encode()
    for part in match["scope"].split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.digest(key, "\n".join(told).encode(), "sha256").hex()
    return None if expected == match["signature"] else "the signature does not match"
