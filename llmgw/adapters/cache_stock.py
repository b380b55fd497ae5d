"""What a store of the cache has in stock, for those who administer it: figures, a list, and what to throw away.

These cross the wire between `/admin/cache` and `llmgw cache`, so fields are only ever added.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Protocol

import msgspec
from msgspec.structs import replace

from llmgw.config.units import duration_hint, duration_s
from llmgw.graph import globs
from llmgw.graph.cache_rules import CacheRules
from llmgw.policy.kept import Kept
from llmgw.ports import Cache

LISTED = 50
LISTED_MAX = 1000
FILTERS = ("rule", "scope", "model", "older_than", "key")
KEY_DIGITS = 64
KEY_DIGITS_MIN = 8  # of its beginning: fewer are too easily those of another one

Left = Callable[[bytes], None]
"""Who hears the key of an entry that has left; in the event loop. Raises nothing."""


Emptied = Callable[[], None]
"""Who hears that nothing is there any more, whatever was; in the event loop. Raises nothing."""


def nobody(_key: bytes) -> None:
    """Nobody listens."""


def nothing() -> None:
    """Nothing is done about it."""


class WrongFilterError(ValueError):
    """`part` is the name of what cannot be read of it."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


class OfRule(msgspec.Struct, frozen=True):
    """What one rule has in stock, and how often that has been of use."""

    entries: int = 0
    bytes: int = 0
    hits: int = 0


class CacheStats(msgspec.Struct, frozen=True, kw_only=True):
    """What there is now, and what has happened since the process began.

    `hits` and `misses` are of requests: each that looked is one of them, however often it did, but for those that were
    given what another asked for at the same time. `rejected`: what was not kept for its size, or because all else is
    asked for more often; `dropped`: because the disk was too slow. None: of a file that is read by itself only what
    there is can be told.
    """

    store: str
    entries: int
    bytes: int
    max_bytes: int
    hits: int | None = None
    misses: int | None = None
    kept: int | None = None
    evicted: int | None = None
    expired: int | None = None
    rejected: int | None = None
    dropped: int | None = None
    trouble: str = ""  # why the file cannot be used; what is kept is then kept in memory alone
    rules: dict[str, OfRule] = {}


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, without its answer."""

    key: str  # in hex
    rule: str
    scope: str
    model: str
    target: str
    form: str
    bytes: int
    age_s: int
    ends_in_s: int
    hits: int
    question: str = ""


class Wanted(msgspec.Struct, frozen=True):
    """Which entries: those of which all is so that is said. `model` is a glob, as in the file."""

    rule: str | None = None
    scope: str | None = None
    model: str | None = None
    older_than_s: float | None = None
    key: bytes | None = None

    def is_met(self, key: bytes, kept: Kept, now_ms: int) -> bool:
        return (
            self.rule in (None, kept.rule)
            and self.scope in (None, kept.scope)
            and (self.model is None or globs.matches(self.model, kept.model))
            and self.key in (None, key)
            and (self.older_than_s is None or kept.kept_ms <= now_ms - self.older_than_s * 1000)
        )


EVERYTHING = Wanted()


class Tally:
    """What has happened to a store since the process began."""

    __slots__ = ("dropped", "evicted", "expired", "hits", "kept", "misses", "rejected")

    def __init__(self) -> None:
        self.hits = self.misses = self.kept = self.evicted = self.expired = self.rejected = self.dropped = 0

    def count(self, key: bytes | None) -> None:
        """A request that looked was answered with what is under this key; None: with nothing."""
        if key is None:
            self.misses += 1
        else:
            self.hits += 1

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


class CacheStock(Protocol):
    """A store as the one sees it who administers it."""

    async def stats(self) -> CacheStats: ...

    async def entries(self, wanted: Wanted = EVERYTHING, most: int = LISTED) -> list[Listed]:
        """The newest first."""
        ...

    async def keys(self, start: str) -> list[str]:
        """All that begin with these hex digits, in hex."""
        ...

    async def purge(self, wanted: Wanted) -> int:
        """Throw these away: how many there were."""
        ...


class CacheStore(Cache, CacheStock, Protocol):
    """A store as the one sees it who puts the gateway together.

    `left` hears of whatever is not there any more; `emptied`, when that is all of it and nobody knows what it was.
    """

    left: Left
    emptied: Emptied

    @property
    def trouble(self) -> str:
        """Why its file cannot be used, as last known; empty if all is well."""
        ...

    async def forget(self, key: bytes) -> None:
        """Throw it away, if it is there."""
        ...

    async def take(self, rules: CacheRules) -> None:
        """From here on these hold, as far as they are about stores: as after a reload."""
        ...

    def remembered(self) -> AsyncIterator[tuple[bytes, Kept]]:
        """All that has a vector, in the order in which it was kept; others get their turn meanwhile."""
        ...


def listed(key: bytes, kept: Kept, *, size_bytes: int, hits: int, now_ms: int) -> Listed:
    return Listed(
        key=key.hex(),
        rule=kept.rule,
        scope=kept.scope,
        model=kept.model,
        target=kept.target,
        form=kept.form.value,
        bytes=size_bytes,
        age_s=max(now_ms - kept.kept_ms, 0) // 1000,
        ends_in_s=max(kept.ends_ms - now_ms, 0) // 1000,
        hits=hits,
        question=kept.question,
    )


def read_wanted(given: Mapping[str, str | None], keys: Iterable[str] = ()) -> Wanted | None:
    """As somebody wrote it, by the names of `FILTERS`; None of one: not said. Raises WrongFilterError.

    `keys`: those that begin with `partial_key(given)`. None: there is none, and so nothing that is wanted.
    """
    older_than = given.get("older_than")
    wanted = Wanted(
        rule=given.get("rule"),
        scope=given.get("scope"),
        model=given.get("model"),
        older_than_s=None if older_than is None else _seconds(older_than),
    )
    if (written := given.get("key")) is None:
        return wanted
    key = _whole_key(key_start(written), keys)
    return None if key is None else replace(wanted, key=bytes.fromhex(key))


def partial_key(given: Mapping[str, str | None]) -> str | None:
    """How the key begins, where not all of it is said: the store then knows the rest. Raises WrongFilterError."""
    written = given.get("key")
    start = "" if written is None else key_start(written)
    return start if 0 < len(start) < KEY_DIGITS else None


def key_start(text: str) -> str:
    """The key of an entry, or how it begins, as somebody wrote it. Raises WrongFilterError.

    It is not repeated: over HTTP a `key` may be one that nobody else shall see.
    """
    if not re.fullmatch(rf"[0-9a-fA-F]{{{KEY_DIGITS_MIN},{KEY_DIGITS}}}", text):
        why = (
            f"not the key of an entry: write the hex digits that `llmgw cache ls` shows (at least {KEY_DIGITS_MIN}), "
            "or all of it"
        )
        raise WrongFilterError("key", why)
    return text.lower()


def _whole_key(start: str, keys: Iterable[str]) -> str | None:
    """The one of these that begins so; None: none does. Raises WrongFilterError if several do."""
    if len(start) == KEY_DIGITS:
        return start
    found = {key for key in keys if key.startswith(start)}
    if len(found) > 1:
        raise WrongFilterError("key", f"{len(found)} entries have a key that begins so: write more of it")
    return next(iter(found), None)


def _seconds(text: str) -> float:
    try:
        return duration_s(text)
    except ValueError:
        raise WrongFilterError("older_than", f"not a duration: {duration_hint(text[:40])}") from None
