"""The test partners as pytest fixtures; `tests/conftest.py` imports them by name.

What needs Node is skipped, with the reason, where Node cannot be had.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.partners.aimock import AimockControls, aimock_controls, running_aimock
from tests.partners.dead_ports import refusing_url, unanswering_url
from tests.partners.fault_upstream import FaultUpstream
from tests.partners.node import NodeUnavailableError, install, node_executable


@pytest.fixture
async def upstream() -> AsyncIterator[FaultUpstream]:
    """A fault upstream of the test's own."""
    async with FaultUpstream() as running:
        yield running


@pytest.fixture
async def second_upstream() -> AsyncIterator[FaultUpstream]:
    """Another one, for fallbacks."""
    async with FaultUpstream() as running:
        yield running


@pytest.fixture
def refused() -> Iterator[str]:
    """A base URL that refuses connections."""
    with refusing_url() as url:
        yield url


@pytest.fixture
def unanswering() -> Iterator[str]:
    """A base URL that connections to do not come about."""
    with unanswering_url() as url:
        yield url


@pytest.fixture(scope="session")
def node() -> Path:
    """The Node executable, its packages installed."""
    try:
        install()
    except NodeUnavailableError as error:
        pytest.skip(f"NOT TESTED, for want of Node: {error}")
    return node_executable()


@pytest.fixture(scope="session")
def aimock_url(node: Path) -> Iterator[str]:
    """One provider mock for the whole session (and worker)."""
    with running_aimock() as url:
        yield url


@pytest.fixture
async def aimock(aimock_url: str) -> AsyncIterator[AimockControls]:
    """The provider mock, as it was when it started."""
    async with aimock_controls(aimock_url) as controls:
        await controls.reset()
        yield controls
