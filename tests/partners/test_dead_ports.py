"""Nothing answers there, and each port fails in the way that it says."""

import asyncio

import pytest

from tests.partners.raw_client import raw_client


async def test_a_refusing_port_refuses(refused: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        async with raw_client(refused):
            pass


async def test_an_unanswering_port_leaves_a_connection_hanging(unanswering: str) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), raw_client(unanswering):
            pass
