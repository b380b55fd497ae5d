"""Rows of the catalogue for tests: a provider is one row of data, so a test may know one that nobody else does."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from llmgw.providers import catalog
from llmgw.providers.catalog import Provider


@contextmanager
def known_too(*rows: Provider) -> Iterator[None]:
    """While it lasts, the catalogue has these rows as well."""
    all_rows = (*catalog.rows(), *rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "rows", lambda: all_rows)
        catalog.catalog.cache_clear()
        yield
    catalog.catalog.cache_clear()
