"""Files that the config names: where they lie, and whether they can be had.

Relative paths are relative to the file that says them. A file that cannot be read is found here, with its place, and
not by the first call.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from llmgw.config.model import CacheSection, ConfigFile, ProviderEntry, StateSection, Tls
from llmgw.config.problems import KeyPath, Problem, path_text, short
from llmgw.config.secrets import Missing, ReadFile
from llmgw.config.source import Source

_PEM = "-----BEGIN "
FILE_KEYS = ("ca_file", "credentials_file")  # of a provider
SQLITE = "sqlite:///"


def placed(config: ConfigFile, source: Source) -> ConfigFile:
    """The config with every path of a file as it has to be opened."""
    providers = {name: _placed(name, entry, source) for name, entry in config.providers.items()}
    tls = config.server.tls
    if tls is not None:
        cert, key = (source.mark(("server", "tls", end)).beside(getattr(tls, end)) for end in ("cert", "key"))
        tls = Tls(cert=cert, key=key)
    return replace(config, providers=providers, server=replace(config.server, tls=tls))


def ledger_file(state: StateSection, source: Source) -> str | None:
    """Where the ledger lies, as it has to be opened; None: nothing is kept."""
    if not state.ledger.startswith(SQLITE):
        return None
    return source.mark(("state", "ledger")).beside(state.ledger.removeprefix(SQLITE))


def cache_file(section: CacheSection, source: Source) -> str | None:
    """Where the cache lies, as it has to be opened; None: in memory."""
    if not section.store.startswith(SQLITE):
        return None
    return source.mark(("cache", "store")).beside(section.store.removeprefix(SQLITE))


def _placed(name: str, entry: ProviderEntry, source: Source) -> ProviderEntry:
    written = {key: path for key in FILE_KEYS if (path := getattr(entry, key))}
    return replace(entry, **{key: source.mark(_path(name, key)).beside(path) for key, path in written.items()})


def unusable(config: ConfigFile, source: Source, read_file: ReadFile) -> Iterator[Missing | Problem]:
    """Files of providers that are not there (as with `${file:…}` that is no fault until it serves), or are no such.

    The server's own are left to the moment in which it opens its port.
    """
    for name, entry in config.providers.items():
        for key in FILE_KEYS:
            file = getattr(entry, key)
            fault = _fault(_path(name, key), file, source, read_file) if file else None
            if fault is not None:
                yield fault


def _fault(path: KeyPath, file: str, source: Source, read_file: ReadFile) -> Missing | Problem | None:
    mark = source.mark(path)
    try:
        is_sound = "\0" not in file and _LOOKS[path[-1]](read_file(file))
    except OSError as error:
        why = f"the file {short(file)} cannot be read: {error.strerror or 'no reason given'}"
        return Missing(str(path[-1]), mark, path, why, "create it, or name another one")
    except UnicodeError:
        is_sound = False
    return None if is_sound else Problem(mark, path_text(path), *_NO_SUCH[path[-1]])


def _path(provider: str, key: str) -> KeyPath:
    return ("providers", provider, key)


def _holds_credentials(text: str) -> bool:
    """Google's say of which type they are; which types there are its library knows."""
    try:
        msgspec.json.decode(text.encode(), type=_Credentials)
    except msgspec.DecodeError:
        return False
    return True


class _Credentials(msgspec.Struct):
    type: str


# How such a file looks, and what to say of another one.
_LOOKS: Mapping[str | int, Callable[[str], bool]] = {
    "ca_file": lambda text: _PEM in text,
    "credentials_file": _holds_credentials,
}
_NO_SUCH: Mapping[str | int, tuple[str, str]] = {
    "ca_file": ("no certificate stands in this file", f"PEM: {_PEM}CERTIFICATE…"),
    "credentials_file": ("no credentials stand in this file", "JSON, such as the key of a service account"),
}
