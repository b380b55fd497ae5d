"""What a request shows of its caller: the key to us, and a credential of his own for providers that want that.

Each SDK has its habit of sending a key. Wherever it came it stays here: no upstream, no log and no rule sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmgw.config.secrets import Secret
from llmgw.masking import masked
from llmgw.providers.auth import CREDENTIAL_HEADERS

OURS = "x-llmgw-key"
IN_QUERY = "key"  # as Google's REST examples have it
_QUERY_PLACE = "?key="
_HEADERS = (OURS, *CREDENTIAL_HEADERS)
# What carries a credential, of whatever kind: never a fact of a rule.
PRIVATE_HEADERS = frozenset({OURS, *CREDENTIAL_HEADERS, "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Shown:
    """`key` is for us (empty: none came), `place` where it came; `secrets` is all that came, to be masked."""

    key: str = field(default="", repr=False)
    place: str = ""
    others: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[Secret, ...] = ()

    def own(self, *, needs_key: bool) -> Mapping[str, str]:
        """The caller's own credentials, by header. Where we want a key too, only ours in `x-llmgw-key` tells which."""
        if needs_key and self.place != OURS:
            return {}
        return {name: token for name, token in self.others.items() if token != self.key or not needs_key}

    def masked(self, text: str) -> str:
        """A text of ours that may repeat what the caller sent."""
        return masked(text, (secret.reveal() for secret in self.secrets))

    def cleaned(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """What a caller says of himself, in case that he put his key there: rules, the log and the ledger repeat it."""
        if not given or not self.secrets:
            return given
        whole = "\n".join((*given, *given.values()))
        if self.masked(whole) == whole:
            return given
        return {self.masked(name): self.masked(value) for name, value in given.items()}


def shown(headers: Mapping[str, str], query: Mapping[str, str]) -> Shown:
    """`headers` of any case; in the order in which we look."""
    found = {name: token for name in _HEADERS if name in headers and (token := _token(name, headers[name]))}
    others = {name: token for name, token in found.items() if name != OURS}
    if in_query := query.get(IN_QUERY, "").strip():
        found[_QUERY_PLACE] = in_query
        others.setdefault("x-goog-api-key", in_query)
    place = next(iter(found), "")
    return Shown(found.get(place, ""), place, others, _secrets(headers, found))


def _secrets(headers: Mapping[str, str], found: Mapping[str, str]) -> tuple[Secret, ...]:
    """Each once, and what is in Authorization also where it is no bearer."""
    other = "" if "authorization" in found else headers.get("authorization", "").strip()
    return tuple(Secret(text) for text in dict.fromkeys((*found.values(), other)) if text)


def _token(name: str, value: str) -> str:
    """`Bearer KEY` is what it has to be in Authorization."""
    if name != "authorization":
        return value.strip()
    kind, _, token = value.strip().partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
