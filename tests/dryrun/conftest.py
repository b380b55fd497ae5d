"""One fault server and one loop for all examples of a module."""

from collections.abc import Iterator

import pytest

from tests.dryrun.side_by_side import Upstream


@pytest.fixture(scope="module")
def upstream_loop() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()
