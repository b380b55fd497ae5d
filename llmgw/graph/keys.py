"""The keys of the file become principals by the SHA-256 of what they show: no secret is kept, and none compared.

What can be said against a key at load is said here. Whether it has expired is asked again whenever it is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from llmgw.config.check import as_written
from llmgw.config.load import Loaded
from llmgw.config.model import KeyEntry
from llmgw.config.problems import KeyPath, quoted
from llmgw.config.secrets import digest, literal_key_shape
from llmgw.graph.header_values import REMEDY, key_fault
from llmgw.graph.principal import Principal
from llmgw.graph.report import Report

SECRET_CHARS_MIN = 16
_TO_VARIABLE = 'put it into a variable: "${NAME}"'


class _Remedies(NamedTuple):
    """For a secret that is too short, and for one that stands in the file."""

    too_short: str
    in_the_open: str


_OF_KEYS = _Remedies("`llmgw keys create --name NAME` makes a good one", f"{_TO_VARIABLE}, or write `sha256` instead")
_OF_ADMINISTRATORS = _Remedies("make a long one: openssl rand -hex 32", _TO_VARIABLE)


@dataclass(frozen=True, slots=True)
class Principals:
    """All keys of a file, by name and by the SHA-256 of each of their secrets."""

    by_name: Mapping[str, Principal]
    by_digest: Mapping[str, Principal]


class _Shown(NamedTuple):
    """One secret of a key: its digest, where the file says it, and until when it holds."""

    digest: str
    place: KeyPath
    expires_s: float | None


def principals(loaded: Loaded, report: Report, now_s: float | None) -> Principals:
    """Every key, also one that nobody can show: where there are keys, nobody calls without. `now_s` None: ageless."""
    keys = _Keys(loaded, report, now_s)
    for index, entry in enumerate(loaded.config.keys):
        keys.add(entry, ("keys", index))
    return Principals(MappingProxyType(keys.by_name), MappingProxyType(keys.by_digest))


class _Keys:
    """What has been found so far."""

    def __init__(self, loaded: Loaded, report: Report, now_s: float | None) -> None:
        self._loaded = loaded
        self._report = report
        self._now_s = now_s
        self._zone = zone_of(loaded.config.server.timezone)
        self.by_name: dict[str, Principal] = {}
        self.by_digest: dict[str, Principal] = {}

    def add(self, entry: KeyEntry, place: KeyPath) -> None:
        if entry.name in self.by_name:
            self._report.error((*place, "name"), f"{quoted(entry.name)} is the name of another key", "choose another")
        expires_s = self._moment(entry.expires, (*place, "expires"), f"the key {quoted(entry.name)}")
        principal = Principal(
            key=entry.name,
            team=entry.team or "",
            user=entry.user or "",
            models=entry.models,
            endpoints=None if entry.endpoints is None else frozenset(entry.endpoints),
            metadata=MappingProxyType(dict(entry.metadata)),
            expires_s=expires_s,
        )
        self.by_name.setdefault(entry.name, principal)
        shown = [*self._shown(entry, place, expires_s)]
        for one in shown:
            self._take(one, replace(principal, expires_s=one.expires_s))
        if not shown and not any(self._report.is_broken((*place, key)) for key in ("secret", "sha256")):
            self._report.error(place, "has neither `secret` nor `sha256`: nobody can show it", _OF_KEYS.too_short)

    def _shown(self, entry: KeyEntry, place: KeyPath, expires_s: float | None) -> Iterator[_Shown]:
        if entry.sha256 is not None:
            yield _Shown(entry.sha256.lower(), (*place, "sha256"), expires_s)
        for index, secret in enumerate(entry.secret):
            at = (*place, "secret", index)
            text, is_literal = secret.value.reveal(), not self._is_reference(at)
            _check_secret(text, at, self._report, _OF_KEYS, is_literal=is_literal)
            until_s = self._moment(secret.not_after, (*at, "not_after"), "this secret")
            ends_s = [end_s for end_s in (until_s, expires_s) if end_s is not None]
            yield _Shown(digest(secret.value.reveal()), at, min(ends_s, default=None))

    def _take(self, shown: _Shown, principal: Principal) -> None:
        owner = self.by_digest.setdefault(shown.digest, principal)
        if owner is not principal:
            whose = "this key" if owner.key == principal.key else f"the key {quoted(owner.key)}"
            self._report.error(shown.place, f"is a secret of {whose} already", "each secret says who calls: keep one")

    def _is_reference(self, place: KeyPath) -> bool:
        """Whether any of it comes from elsewhere: the file may have spelled it out, or not."""
        written = as_written((*place, "value"), self._loaded.broken)
        return any(written[:depth] in self._loaded.references for depth in range(3, len(written) + 1))

    def _moment(self, text: str | None, place: KeyPath, what: str) -> float | None:
        """In Unix time. A day counts with the whole of it."""
        if text is None:
            return None
        try:
            moment_s = end_of(text, self._zone)
        except (ValueError, OverflowError):
            self._report.error(place, f"{quoted(text)} is not a day or a time", "as in 2027-01-31 or 2027-01-31T14:30")
            return 0.0  # for whoever asks all the same
        if self._now_s is not None and moment_s <= self._now_s:
            self._report.warning(place, f"{what} has expired", "take it out, or give it more time")
        return moment_s


def admin_key(loaded: Loaded, principals: Principals, report: Report) -> None:
    """What can be said against it. It opens other doors than the keys of callers, so it is none of them."""
    secret, place = loaded.config.server.admin_key, ("server", "admin_key")
    if secret is None:
        return
    _check_secret(secret.reveal(), place, report, _OF_ADMINISTRATORS, is_literal=place not in loaded.references)
    owner = principals.by_digest.get(digest(secret.reveal()))
    if owner is not None:
        report.error(place, f"is the secret of the key {quoted(owner.key)}", "administrators show one of their own")


def _check_secret(text: str, place: KeyPath, report: Report, remedies: _Remedies, *, is_literal: bool) -> None:
    """What keeps a secret from being shown, or from being one. The text itself is never told."""
    if fault := key_fault(text):
        report.error(place, f"the secret {fault}", REMEDY)
    elif len(text) < SECRET_CHARS_MIN:
        say = report.error if is_literal else report.warning
        say(place, f"the secret is shorter than {SECRET_CHARS_MIN} characters: it can be guessed", remedies.too_short)
    elif is_literal and literal_key_shape(text) is None:  # of the others the reader of the file has told
        report.warning(place, "the secret stands in the file in the open", remedies.in_the_open)


def end_of(text: str, zone: tzinfo) -> float:
    """In Unix time; a day counts with the whole of it. Raises ValueError for what is neither a day nor a time."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=zone).timestamp()


def zone_of(name: str) -> tzinfo:
    """`server.timezone`; UTC if it is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # told where it stands
        return UTC
