"""Who pays for the calls to a provider: its key, from the file or its usual variable, or a cloud's own credentials.

A key goes only where it is meant to go: the usual one of a row not to another host that some provider `like` it has.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import NamedTuple
from urllib.parse import urlsplit

from llmgw.config.files import FILE_KEYS
from llmgw.config.load import Loaded
from llmgw.config.model import ProviderEntry
from llmgw.config.secrets import Secret
from llmgw.graph import cloud_auth
from llmgw.graph.route import Credential
from llmgw.providers.auth import CLOUDS, Auth
from llmgw.providers.catalog import Provider


class Lack(NamedTuple):
    """Something that is not set, by its variable or key, and what to do about it. A file that is named may be gone."""

    name: str
    hint: str
    fault: str = ""  # in words of its own, where it is not that nothing is set


def told(lacks: Sequence[Lack]) -> str:
    """All that is missing, as the reason why a provider cannot be called."""
    unset = [lack.name for lack in lacks if not lack.fault]
    faults = [lack.fault for lack in lacks if lack.fault]
    return "; ".join(
        [*([f"{', '.join(unset)} {'is' if len(unset) == 1 else 'are'} not set"] if unset else []), *faults]
    )


class Credentials:
    """Finds the credential of each provider. `env` holds the usual variables."""

    def __init__(self, loaded: Loaded, env: Mapping[str, str]) -> None:
        self._loaded = loaded
        self._env = env

    def of(self, name: str, row: Provider, settings: ProviderEntry) -> Credential:
        if settings.auth == "client":  # one that takes none by itself sees what most others do
            return Credential(Auth.NONE, None, "", Auth.BEARER if row.key_auth is Auth.NONE else row.key_auth)
        if cloud_auth.wants_own(row, settings):
            return Credential(row.own_cloud, None, "")
        auth = Auth.NONE if settings.auth == "none" else row.key_auth
        if auth is Auth.NONE:
            if not settings.api_key:
                return Credential(Auth.NONE, None, "")
            auth = Auth.BEARER  # a local server that was given a key wants to see it
        elsewhere = is_elsewhere(name, row, settings)
        variable = "" if elsewhere else row.key_env
        key = settings.api_key[0] if settings.api_key else None
        if key is None and variable and self._env.get(variable):
            key = Secret(self._env[variable])
        is_own = row.auth in CLOUDS and settings.auth != "none" and not elsewhere
        if key is None and is_own and not self.is_unfilled(name, "api_key"):
            return Credential(row.auth, None, variable)
        return Credential(auth, key, variable, keys=self._several(name, settings))

    def _several(self, name: str, settings: ProviderEntry) -> tuple[tuple[int, Secret], ...]:
        """By the number as written: one whose variable is not set leaves the others their names."""
        keys = settings.api_key or ()
        if len(keys) < 2:
            return ()
        path = ("providers", name, "api_key")
        numbers = (number for number in count(1) if not self._loaded.is_broken((*path, number - 1)))
        return tuple(zip(numbers, keys, strict=False))

    def lacks(self, name: str, row: Provider, settings: ProviderEntry, credential: Credential) -> Iterator[Lack]:
        """What has to be set and is not, but for references, which tell that themselves."""
        missing = {miss.name for miss in self._loaded.missing_of(name)}
        needs_key = credential.auth is not Auth.NONE and credential.auth not in CLOUDS
        is_told = missing.difference(FILE_KEYS) or self._loaded.is_broken(("providers", name, "api_key"))
        if needs_key and credential.key is None and not is_told:
            yield self._key(row, credential)
        is_named = "{project}" in row.base_url and not settings.base_url and not self.is_unfilled(name, "project")
        if is_named and not cloud_auth.project(row, settings, self._env):
            variable = cloud_auth.project_env(row)
            yield Lack(variable, f"export {variable}=…, or write `project: …`")

    def _key(self, row: Provider, credential: Credential) -> Lack:
        own = ", `auth: cloud`" if row.own_cloud in CLOUDS else ""
        if credential.variable:
            hint = f"export {credential.variable}=…{own}, or mark the provider `optional: true`"
            return Lack(credential.variable, hint)
        return Lack("api_key", f'say which key goes to this base_url: api_key: "${{NAME}}"{own}, or auth: none')

    def is_unfilled(self, name: str, key: str) -> bool:
        """Whether a key is set here, or where it is inherited from, to something that is broken or not there yet."""
        providers = self._loaded.config.providers
        seen: list[str] = []
        while name in providers and name not in seen:
            seen.append(name)
            entry = providers[name]
            if self._loaded.is_broken(("providers", name, key)):
                return True
            if getattr(entry, key) is not None or entry.like is None:
                return False
            name = entry.like
        return False


def is_elsewhere(name: str, row: Provider, settings: ProviderEntry) -> bool:
    """Whether `base_url` leads a provider `like` a row to another host, which must not get the row's usual key."""
    if name == row.name or name in row.aliases or not settings.base_url or not row.base_url:
        return False
    try:
        return urlsplit(settings.base_url).hostname != urlsplit(row.base_url).hostname
    except ValueError:  # not a URL, which is told where it stands
        return True
