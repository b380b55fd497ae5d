"""What a target is, in one word: it changes with whatever decides what is asked of whom, and with no secret.

An answer that is kept belongs to it: after a reload that changes what a target is told, or whom, nobody is given what
was answered before.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from llmgw.config.secrets import Secret
from llmgw.graph.route import Target, Wire
from llmgw.providers.auth import CREDENTIAL_HEADERS


def fingerprint(target: Target) -> str:
    """Of a pattern it is that of all its names: which of them is meant stands in the path by which it is reached."""
    said = {
        "id": target.id,
        "wires": [_wire(wire) for wire in target.wires],
        "edits": target.edits,
        "headers": {name: _shown(name, value, target.secrets) for name, value in target.headers.items()},
        "default_headers": target.default_headers,
        "cloud": target.cloud and [target.cloud.kind, target.cloud.region, target.cloud.service],
        "client_auth": target.client_auth,
        "simulate": target.transport.simulate,
    }
    return sha256(msgspec.json.encode(said, enc_hook=_plain, order="sorted")).hexdigest()[:32]


def _wire(wire: Wire) -> list[str]:
    return [wire.dialect.name, wire.url, wire.stream_url]


def _shown(name: str, value: Secret, secrets: tuple[Secret, ...]) -> str | None:
    """A header that holds a credential, or repeats one, says nothing but its name."""
    text = value.reveal()
    is_secret = name in CREDENTIAL_HEADERS or any(secret.reveal() in text for secret in secrets if secret.reveal())
    return None if is_secret else text


def _plain(value: Any) -> Any:
    """What msgspec does not know."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in a fingerprint")
