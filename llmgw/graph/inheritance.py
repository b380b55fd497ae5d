"""What a provider takes over from the one it is `like`: everything that it leaves out, but for secrets and `optional`.

A secret is what comes from a reference, and what looks like one wherever it stands. It is never copied, and what is
not copied is told, so that nobody believes it is there.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from llmgw.config.model import ProviderEntry
from llmgw.config.problems import KeyPath
from llmgw.config.secrets import Secret, literal_key_shape

_CREDENTIAL = re.compile("auth|cookie|key|password|secret|token")


def inherit(entry: ProviderEntry, parent: ProviderEntry, withheld: Iterable[KeyPath]) -> ProviderEntry:
    """`entry`, with what it leaves out filled in. `withheld`: what of `parent` stays there."""
    kept = frozenset(withheld)
    own = {name.lower() for name in entry.headers}
    headers = {
        name: value
        for name, value in parent.headers.items()
        if name.lower() not in own and ("headers", name) not in kept
    }
    return ProviderEntry(
        like=entry.like,
        base_url=entry.base_url or parent.base_url,
        api_key=entry.api_key,
        api_version=entry.api_version or parent.api_version,
        speaks=parent.speaks if entry.speaks is None else entry.speaks,
        auth=entry.auth or (None if parent.auth in ("cloud", "client") and entry.api_key else parent.auth),
        optional=entry.optional,
        headers={**headers, **entry.headers},
        region=entry.region or parent.region,
        project=entry.project or parent.project,
        profile=entry.profile or parent.profile,
        credentials_file=entry.credentials_file or parent.credentials_file,
        proxy=entry.proxy or (None if ("proxy",) in kept else parent.proxy),
        ca_file=entry.ca_file or parent.ca_file,
        verify_tls=parent.verify_tls if entry.verify_tls is None else entry.verify_tls,
        max_connections=entry.max_connections or parent.max_connections,
        unsupported=entry.unsupported or parent.unsupported,
        simulate=entry.simulate or parent.simulate,
    )


def secrets(parent: ProviderEntry, references: Iterable[KeyPath]) -> frozenset[KeyPath]:
    """The paths inside a provider that are not for others. `references` are those filled from elsewhere, or not yet."""
    found = {path for path in references if path[0] in ("headers", "proxy")}
    found |= {("headers", name) for name, value in parent.headers.items() if _is_secret(name, value)}
    if parent.proxy is not None and _has_password(parent.proxy):
        found.add(("proxy",))
    return frozenset(found)


def unsaid(entry: ProviderEntry, own: Iterable[KeyPath], withheld: Iterable[KeyPath]) -> list[KeyPath]:
    """Which of the withheld `entry` does not say itself. `own` are its references, also those still unfilled."""
    said: set[KeyPath] = {("headers", name.lower()) for name in entry.headers} | {_lower(path) for path in own}
    if entry.proxy is not None:
        said.add(("proxy",))
    return sorted((path for path in withheld if _lower(path) not in said), key=str)


def _lower(path: KeyPath) -> KeyPath:
    """Names of headers have no case."""
    return tuple(str(part).lower() for part in path)


def _is_secret(header: str, value: Secret) -> bool:
    return bool(_CREDENTIAL.search(header.lower()) or literal_key_shape(value.reveal()))


def _has_password(proxy: Secret) -> bool:
    try:
        return urlsplit(proxy.reveal()).username is not None
    except ValueError:  # not a URL, which is told where it stands
        return True
