"""Vectors as they are kept: of length 1, little-endian float32, so that a cosine is a sum of products."""

import math
import sys
from array import array
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence

from llmgw.errors import UpstreamProtocolError

DIMENSIONS_MAX = 16_384


def normalised(values: Sequence[float]) -> bytes:
    """Raises UpstreamProtocolError for what has no direction."""
    if not 0 < len(values) <= DIMENSIONS_MAX:
        raise UpstreamProtocolError(f"a vector of {len(values)} numbers")
    length = math.hypot(*values)
    if not 0 < length < math.inf:
        raise UpstreamProtocolError(f"a vector of length {length}")
    found = array("f", [value / length for value in values])
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def of_base64(text: str) -> Sequence[float]:
    """As OpenAI sends them to its own SDKs. Raises UpstreamProtocolError."""
    try:
        found = array("f", b64decode(text, validate=True))
    except (Error, ValueError):
        raise UpstreamProtocolError("a vector that is no base64 of float32") from None
    if sys.byteorder == "big":
        found.byteswap()
    return found
