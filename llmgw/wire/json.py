"""JSON as text, for those who want `str` where msgspec gives bytes."""

from typing import Any

import msgspec


def encode_text(value: Any, **_options: Any) -> str:
    """Compact JSON. Takes and ignores the options that callers of `json.dumps` pass along."""
    return msgspec.json.encode(value, enc_hook=str).decode()
