"""What callers may ask for: names, `expose`, and the one namespace that all of them share."""

from collections.abc import Iterator, Mapping

from llmgw.config.model import ConfigFile
from llmgw.config.problems import KeyPath, quoted
from llmgw.graph.patterns import STAR
from llmgw.graph.report import Report
from llmgw.graph.route import Route


def exposed(config: ConfigFile) -> Iterator[tuple[str, str, KeyPath]]:
    """Every public name, the model or route that answers to it, and where the file says so."""
    for section, entries in (("models", config.models), ("routes", config.routes)):
        for name, entry in entries.items():
            if isinstance(entry.expose, tuple):
                for index, public_name in enumerate(entry.expose):
                    yield public_name, name, (section, name, "expose", index)
            elif entry.expose:
                yield name, name, (section, name)


def public_routes(config: ConfigFile, routes: Mapping[str, Route], report: Report) -> dict[str, Route]:
    """Routes under the names that callers use; of two that claim a name, the first has it."""
    public: dict[str, Route] = {}
    owners: dict[str, str] = {}
    for public_name, name, place in exposed(config):
        owner = owners.setdefault(public_name, name)
        if owner != name:
            report.error(
                place,
                f"the name {quoted(public_name)} is exposed by {quoted(owner)} already",
                "choose another",
                at_key=True,
            )
        elif STAR in name and STAR not in public_name:
            report.error(place, f"{quoted(public_name)} has no star to fill that of {quoted(name)} with", "give it one")
        elif name in routes:
            public[public_name] = routes[name]
    return public
