"""Files that the config names: where they lie, and whether they can be had.

Relative paths are relative to the file that says them. A certificate that cannot be read is found here, with its
place, and not by the first call.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from llmgw.config.model import ConfigFile, Tls
from llmgw.config.problems import KeyPath, Problem, path_text, short
from llmgw.config.secrets import Missing, ReadFile
from llmgw.config.source import Source

_PEM = "-----BEGIN "


def placed(config: ConfigFile, source: Source) -> ConfigFile:
    """The config with every path of a file as it has to be opened."""
    providers = {
        name: replace(entry, ca_file=source.mark(_ca_file(name)).beside(entry.ca_file)) if entry.ca_file else entry
        for name, entry in config.providers.items()
    }
    tls = config.server.tls
    if tls is not None:
        cert, key = (source.mark(("server", "tls", end)).beside(getattr(tls, end)) for end in ("cert", "key"))
        tls = Tls(cert=cert, key=key)
    return replace(config, providers=providers, server=replace(config.server, tls=tls))


def unusable(config: ConfigFile, source: Source, read_file: ReadFile) -> Iterator[Missing | Problem]:
    """Certificates that are not there (as with `${file:…}` that is no fault until it serves), or are none.

    The server's own are left to the moment in which it opens its port.
    """
    for name, entry in config.providers.items():
        if entry.ca_file:
            path = _ca_file(name)
            mark = source.mark(path)
            try:
                is_pem = "\0" not in entry.ca_file and _PEM in read_file(entry.ca_file)
            except OSError as error:
                why = f"the file {short(entry.ca_file)} cannot be read: {error.strerror or 'no reason given'}"
                yield Missing("ca_file", mark, path, why, "create it, or name another one")
            except UnicodeError:
                is_pem = False
                yield _not_pem(path, source)
            else:
                if not is_pem:
                    yield _not_pem(path, source)


def _not_pem(path: KeyPath, source: Source) -> Problem:
    return Problem(source.mark(path), path_text(path), "no certificate stands in this file", f"PEM: {_PEM}CERTIFICATE…")


def _ca_file(provider: str) -> KeyPath:
    return ("providers", provider, "ca_file")
