"""Providers of the file: the catalogue's row, what differs, and the credential, resolved once.

A provider may be `like` a row or another provider; it inherits everything but secrets, which are never copied.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import msgspec

from llmgw.chat.unsupported import Policy
from llmgw.config.files import FILE_KEYS
from llmgw.config.hints import PROVIDERS
from llmgw.config.load import Loaded
from llmgw.config.model import ConfigFile, ProviderEntry, Simulate
from llmgw.config.problems import KeyPath, Severity, path_text, quoted, short
from llmgw.config.secrets import Secret
from llmgw.errors import FailureClass
from llmgw.graph import cloud_auth, inheritance
from llmgw.graph.base_url import azure_fault, rooted_fault, syntax_fault, url_fault, whole_form, without_overlap
from llmgw.graph.credentials import Credentials, Lack, is_elsewhere, told
from llmgw.graph.header_values import REMEDY, header_fault, key_fault
from llmgw.graph.report import Report, did_you_mean
from llmgw.graph.route import CloudAuth, Credential, Transport
from llmgw.providers.auth import Auth
from llmgw.providers.catalog import LIKENESS_MIN, Provider, catalog
from llmgw.providers.clouds import CLOUDS, placed
from llmgw.providers.simulator.faults import NOT_ON_THE_WIRE


@dataclass(frozen=True, slots=True)
class UsableProvider:
    """A provider as targets need it. `absent` tells why it cannot be used although that is no fault (`optional`)."""

    name: str
    row: Provider
    base_url: str
    api_version: str
    credential: Credential
    headers: Mapping[str, Secret]
    secret_headers: frozenset[str]
    transport: Transport
    policy: Policy
    is_usual: bool = True  # it is called at the address of the row, or the row leaves that to the file
    cloud: CloudAuth | None = None
    unset: tuple[Lack, ...] = ()  # without these it cannot be called
    absent: str | None = None


class Providers:
    """Resolves provider names: those of the file first, then the catalogue's. Broken ones give None, said once.

    `whole`: optional providers without a key stay, for what never calls them.
    """

    def __init__(
        self, loaded: Loaded, env: Mapping[str, str], report: Report, *, need_secrets: bool, whole: bool = False
    ) -> None:
        self._config: ConfigFile = loaded.config
        self._loaded = loaded
        self._env = env
        self._report = report
        self._need_secrets = need_secrets
        self._whole = whole
        self._credentials = Credentials(loaded, env)
        self._known: dict[str, UsableProvider | None] = {}

    def names(self) -> Iterator[str]:
        yield from self._config.providers
        yield from (name for name in catalog() if name not in self._config.providers)

    def check_all(self) -> None:
        """Resolve those of the file, used or not, so that no fault stays unseen."""
        severity = Severity.ERROR if self._need_secrets else Severity.WARNING
        self._report.extend(self._loaded.missing_problems(severity=severity))
        for name in self._config.providers:
            self.get(name, ("providers", name))

    def get(self, name: str, used_at: KeyPath) -> UsableProvider | None:
        """The provider, or None after saying why. `used_at` is blamed where the name means nothing."""
        if not self.is_known(name):
            add = f"add it: providers: {{{short(name)}: {{like: openai, base_url: …}}}}"
            hint = PROVIDERS.get(name.lower()) or _meant(name, self.names()) or add
            self._report.error(used_at, f"{quoted(name)} is not a provider", hint)
            return None
        if name not in self._known:
            self._known[name] = self._resolve(name, used_at)
        return self._known[name]

    def is_known(self, name: str) -> bool:
        return name in self._config.providers or name in catalog() or self._is_broken(name)

    def row(self, name: str) -> Provider | None:
        """The row behind a provider, whether or not that can be called."""
        for _ in self._config.providers:
            entry = self._config.providers.get(name)
            if entry is None or entry.like in (None, name):
                break
            name = entry.like
        return catalog().get(name)

    def idle(self, used: Collection[str]) -> Iterator[str]:
        """Sound providers of the file that no target names and none starts from; an optional one may wait for use."""
        started_from = {entry.like for entry in self._config.providers.values()}
        for name, entry in self._config.providers.items():
            if self._known[name] is not None and not (entry.optional or name in used or name in started_from):
                yield name

    def _is_broken(self, name: str) -> bool:
        return self._loaded.is_broken(("providers", name))

    def _resolve(self, name: str, used_at: KeyPath) -> UsableProvider | None:
        if self._is_broken(name):
            return None
        entry = self._config.providers.get(name)
        place: KeyPath = ("providers", name) if entry is not None else used_at
        merged = self._merged(name, entry or ProviderEntry(), (name,), place)
        if merged is None:
            return None
        row, settings = merged
        base_url = self._base_url(name, row, settings, place)
        if base_url is None:
            return None
        self._check_transport(row, settings, place)
        if settings.auth == "client" and settings.api_key:
            message = "the caller's own credential and a key exclude each other"
            self._report.error((*place, "api_key"), message, "leave one of the two out")
        credential = self._credentials.of(name, row, settings)
        self._check_headers(settings, credential, place)
        lacks = [*self._credentials.lacks(name, row, settings, credential)]
        library = self._library(settings, credential, place)
        unset = (*self._unfilled(name), *lacks, *library)
        return UsableProvider(
            name=name,
            row=self._as_served(name, row, settings, place),
            base_url=base_url,
            api_version=settings.api_version or row.api_version,
            credential=credential,
            headers=settings.headers,
            secret_headers=self._secret_headers(name, settings),
            transport=_transport(name, row, settings),
            policy=Policy(settings.unsupported or Policy.USUAL),
            is_usual=not (row.base_url and settings.base_url and settings.base_url.rstrip("/") != row.base_url),
            cloud=cloud_auth.cloud_auth(credential.auth, row, settings, self._env),
            unset=unset,
            absent=self._absent(name, settings, unset, lacks, place),
        )

    def _merged(
        self, name: str, entry: ProviderEntry, chain: tuple[str, ...], place: KeyPath
    ) -> tuple[Provider, ProviderEntry] | None:
        """The row at the root of the `like` chain, and the settings with all inherited ones filled in."""
        like = entry.like or name
        if like in self._config.providers and like != name:
            if like in chain:
                self._cyclic(chain[chain.index(like) :])
                return None
            parent = self._merged(like, self._config.providers[like], (*chain, like), ("providers", like))
            return None if parent is None else (parent[0], self._inherited(name, entry, like, parent[1]))
        row = catalog().get(like)
        if row is None and not self._is_broken(like):
            self._unknown(name, entry, place)
        return None if row is None else (row, entry)

    def _inherited(self, name: str, entry: ProviderEntry, like: str, parent: ProviderEntry) -> ProviderEntry:
        withheld = inheritance.secrets(parent, self._references(like))
        for path in inheritance.unsaid(entry, self._references(name), withheld):
            message = f"`{path_text(path)}` of {quoted(like)} is not inherited"
            self._report.warning(("providers", name), message, "say it here", at_key=True)
        return inheritance.inherit(entry, parent, withheld)

    def _secret_headers(self, name: str, settings: ProviderEntry) -> frozenset[str]:
        secret = inheritance.secrets(settings, self._references(name))
        return frozenset(path[1] for path in secret if path[0] == "headers" and path[1] in settings.headers)

    def _references(self, name: str) -> list[KeyPath]:
        """The keys of a provider that come from the environment or a file, whether or not they are there."""
        return [path[2:] for path in self._loaded.references if path[:2] == ("providers", name)]

    def _cyclic(self, cycle: tuple[str, ...]) -> None:
        """Told from the first of the file, so that it is told once."""
        start = cycle.index(min(cycle, key=list(self._config.providers).index))
        path = (*cycle[start:], *cycle[:start], cycle[start])
        hint = "start from a row of the catalogue"
        self._report.error(("providers", cycle[start], "like"), f"cyclic: {' → '.join(path)}", hint)

    def _unknown(self, name: str, entry: ProviderEntry, place: KeyPath) -> None:
        if entry.like:
            others = [other for other in self.names() if other != name]
            hint = _meant(entry.like, others) or "a catalogue row, or another provider of this file"
            self._report.error((*place, "like"), f"{quoted(entry.like)} is not a provider", hint)
        else:
            hint = _meant(name, catalog()) or "say what it is like: {like: openai, base_url: …}"
            self._report.error(place, f"{quoted(name)} is not in the catalogue and has no `like`", hint, at_key=True)

    def _base_url(self, name: str, row: Provider, settings: ProviderEntry, place: KeyPath) -> str | None:
        for key, message, hint in cloud_auth.faults(row, settings):
            self._report.error((*place, key), message, hint)
        written = settings.base_url or self._row_url(row, settings)
        if self._credentials.is_unfilled(name, "base_url"):
            return UNFILLED_URL
        if not written:
            hint = f'write providers: {{{short(name)}: {{base_url: "https://…"}}}}'
            self._report.error(place, f"{quoted(name)} needs base_url", hint, at_key=True)
            return None
        base_url = without_overlap(written, "" if row.base_url else row.chat_path)
        second = f"{row.name}-openai"
        fault = url_fault(base_url, row.chat_path) or rooted_fault(
            base_url, row.chat_path, second if second in catalog() else ""
        )
        if fault is None and row.cloud is Auth.AZURE:
            fault = azure_fault(base_url)
        if fault is not None:
            self._report.error((*place, "base_url"), *fault)
            return None
        if settings.base_url and (whole := whole_form(base_url, row.base_url)):
            message = f"the API of {quoted(row.name)} begins further down"
            self._report.warning((*place, "base_url"), message, f"write {short(whole)}")
        return base_url

    def _as_served(self, name: str, row: Provider, settings: ProviderEntry, place: KeyPath) -> Provider:
        """Whoever is only `like` a row at another host speaks its dialect; nothing newer or beside it is certain."""
        spoken = settings.speaks
        for dialect in spoken or ():
            if dialect != row.dialect and dialect not in row.also:
                known = ", ".join((row.dialect, *row.also))
                self._report.error(
                    (*place, "speaks"), f"{quoted(row.name)} has no path for {dialect}", f"it has: {known}"
                )
        if not row.local and is_elsewhere(name, row, settings):
            row = msgspec.structs.replace(row, not_here={}, cap_field="max_tokens")
            spoken = spoken or ()
        if spoken is None:
            return row
        return msgspec.structs.replace(row, also={name: path for name, path in row.also.items() if name in spoken})

    def _row_url(self, row: Provider, settings: ProviderEntry) -> str:
        region = cloud_auth.region(row, settings, self._env)
        project = cloud_auth.project(row, settings, self._env) or UNFILLED_PROJECT
        return placed(row.base_url, quote(region, safe=""), quote(project, safe=":"))

    def _check_transport(self, row: Provider, settings: ProviderEntry, place: KeyPath) -> None:
        if settings.simulate is not None and not row.simulated:
            self._report.error((*place, "simulate"), "only the simulator simulates", "like: simulator", at_key=True)
        elif settings.simulate is not None:
            self._check_failures(settings.simulate.fail, (*place, "simulate", "fail"))
        if settings.proxy is not None and (fault := syntax_fault(settings.proxy.reveal())):
            self._report.error((*place, "proxy"), fault, 'as in "http://proxy.example:3128"')

    def _check_headers(self, settings: ProviderEntry, credential: Credential, place: KeyPath) -> None:
        """What is sent as it stands must be fit to be sent."""
        key = credential.key
        for number, one in credential.keys:
            if fault := key_fault(one.reveal()):
                self._report.error((*place, "api_key", number - 1), f"the key {fault}", REMEDY)
        if key is not None and not credential.keys and (fault := key_fault(key.reveal())):
            if settings.api_key:
                self._report.error((*place, "api_key"), f"the key {fault}", REMEDY)
            else:
                self._report.error(place, f"{credential.variable} {fault}", REMEDY, at_key=place[0] == "providers")
        for header, value in settings.headers.items():
            if fault := header_fault(value.reveal()):
                self._report.error((*place, "headers", header), f"the value {fault}", REMEDY)

    def _check_failures(self, shares: Mapping[FailureClass, float], place: KeyPath) -> None:
        for failure in sorted(NOT_ON_THE_WIRE & shares.keys()):
            self._report.error(
                (*place, failure.value), f"no provider answers {quoted(failure)}", "remove it", at_key=True
            )
        if sum(shares.values()) > 1:
            self._report.error(place, "the shares sum to more than 1", "1 is every call", at_key=True)

    def _library(self, settings: ProviderEntry, credential: Credential, place: KeyPath) -> Sequence[Lack]:
        """The extra that is not there: a fault, but for an optional provider only one more thing that it lacks."""
        cloud = CLOUDS.get(credential.auth)
        if cloud is None or cloud.is_installed():
            return ()
        instead = f", or export {credential.variable}=…" if credential.variable else ""
        message = f"the library for credentials of {cloud.name} is not installed"
        if settings.optional:
            return (Lack(cloud.extra, cloud.install, f"{message} ({cloud.install})"),)
        self._report.error(place, message, f"{cloud.install}{instead}", at_key=place[0] == "providers")
        return ()

    def _unfilled(self, name: str) -> Iterator[Lack]:
        """References of a provider that nothing fills, but for a key that others stand in for."""
        for miss in self._loaded.missing_of(name):
            yield Lack(miss.name, miss.hint, miss.message if miss.name in FILE_KEYS else "")

    def _absent(
        self, name: str, settings: ProviderEntry, unset: Sequence[Lack], lacks: Iterable[Lack], place: KeyPath
    ) -> str | None:
        """Say what is missing; an optional provider without it only leaves the graph."""
        reason = told(unset)
        if unset and settings.optional:
            self._report.warning(place, f"{reason}: models of {quoted(name)} leave the graph", at_key=True)
            return None if self._whole else reason
        report = self._report.error if self._need_secrets else self._report.warning
        for lack in lacks:
            report(place, told([lack]), lack.hint, at_key=place[0] == "providers")
        return None


UNFILLED_PROJECT = "not-set"
UNFILLED_URL = "http://not-set.invalid"  # stands in until its variable is set, so that the rest can be checked


def _meant(name: str, names: Iterable[str]) -> str | None:
    """Which one was meant, where that can be told: among so many, any word is a little like one."""
    return did_you_mean(name, names, cutoff=LIKENESS_MIN)


def _transport(name: str, row: Provider, settings: ProviderEntry) -> Transport:
    transport = Transport(
        provider=name,
        max_connections=settings.max_connections or 0,
        proxy=settings.proxy,
        ca_file=settings.ca_file,
        verify_tls=settings.verify_tls is not False,
    )
    return replace(transport, simulate=settings.simulate or Simulate()) if row.simulated else transport
