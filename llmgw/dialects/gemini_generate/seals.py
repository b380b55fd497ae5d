"""What we had to add to a caller's history, taken off again before Google sees it.

An answer of another provider comes with proofs that only we can read, on its thoughts and on its first call. When the
next turn goes to Google, they are left out, and a call that Google wants signed says that it was made elsewhere.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmgw.dialects.gemini_generate import models
from llmgw.dialects.gemini_generate.contents import listed
from llmgw.dialects.gemini_generate.proofs import SEALED, UNSIGNED

_MARK = SEALED.encode()
_NAMES = ("thoughtSignature", "thought_signature")
_CALLS = ("functionCall", "function_call")


def unsealed(contents: msgspec.Raw, model: str) -> msgspec.Raw:
    """The turns as they are, if there is no seal among them: that is a look at the bytes, no more."""
    if _MARK not in bytes(contents):
        return contents
    told = msgspec.json.decode(contents)
    for content in listed(told):
        if isinstance(content, dict):
            content["parts"] = list(_unsealed(content.get("parts"), model))
    return msgspec.Raw(msgspec.json.encode(told))


def _unsealed(parts: Any, model: str) -> Iterator[Any]:
    """An empty thought was there only for its proof."""
    for part in listed(parts):
        proof = next((name for name in _NAMES if isinstance(part, dict) and is_sealed(part.get(name))), None)
        if proof is None:
            yield part
            continue
        rest = {name: value for name, value in part.items() if name != proof}
        if any(name in rest for name in _CALLS):
            yield {**rest, "thoughtSignature": UNSIGNED} if models.wants_signatures(model) else rest
        elif rest.get("text") or not rest.keys() <= {"text", "thought"}:
            yield rest


def is_sealed(told: Any) -> bool:
    """Whether only we can read it."""
    return isinstance(told, str) and told.startswith(SEALED)
