"""The table of docs/providers.md, written from the catalogue so that the two cannot differ."""

from collections.abc import Iterable, Iterator

from llmgw.providers.auth import CLOUDS, Auth
from llmgw.providers.catalog import Provider

BEGIN = "<!-- table: written by `make golden` from the catalogue -->\n"
_HEAD = "| name | key from | base URL |\n|---|---|---|\n"


def provider_table(rows: Iterable[Provider]) -> str:
    """A row each, in the catalogue's order; other names of a row stand beside its own."""
    return _HEAD + "".join(f"| {' | '.join(_cells(row))} |\n" for row in rows)


def _cells(row: Provider) -> Iterator[str]:
    others = f", or {', '.join(f'`{alias}`' for alias in row.aliases)}" if row.aliases else ""
    yield f"[`{row.name}`]({'simulator.md' if row.simulated else row.docs}){others}"
    yield _key(row)
    yield "built in" if row.simulated else f"`{row.base_url}`" if row.base_url else "yours: say `base_url`"


def _key(row: Provider) -> str:
    own = "[your cloud login](clouds.md)" if row.own_cloud in CLOUDS else ""
    key = "none needed" if row.auth is Auth.NONE else f"`{row.key_env}`" if row.key_env else ""
    return ", or ".join(part for part in (key, own) if part)
