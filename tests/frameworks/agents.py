"""What all frameworks here are put through: an agent that asks for the weather, and how its gateway is made.

They are heavy, and pin SDKs of their own choice; so they live in an environment of their own (`make frameworks`).
"""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.matrix.columns import COLUMNS
from tests.partners.aimock import AimockControls, JournalEntry
from tests.served import Served, served

PROMPT = "What is the weather in Paris?"
CALL_ID = "call_weather_1"  # the provider's, in the fixtures of the mock
ANSWER = "It is sunny in Paris, 21 degrees."


def framework(module: str) -> Any:
    """The module, or a skip that says what is not tested."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        pytest.skip(f"NOT TESTED: {error.name} is not installed; run `make frameworks`", allow_module_level=True)


@asynccontextmanager
async def gateway_before(url: str, *columns: str, name: str = "") -> AsyncIterator[Served]:
    """A model per column, of its name or of the one that a framework knows."""
    providers = [f"  {column}: {COLUMNS[column].provider(url)}" for column in columns]
    models = [f"  {name or column}: {column}/{COLUMNS[column].model}" for column in columns]
    config = "\n".join(["defaults: {retry: {attempts: 1}}", "providers:", *providers, "models:", *models])
    async with served(config) as gateway:
        yield gateway


async def sent(aimock: AimockControls) -> list[JournalEntry]:
    """All turns that reached the provider."""
    return await aimock.journal("/")


def ids_of(entry: JournalEntry) -> tuple[list[str], list[str]]:
    """Of a turn: the calls that the assistant is told to have made, and those that have a result."""
    messages = entry.body["messages"]
    calls = [call["id"] for message in messages for call in message.get("tool_calls") or []]
    return calls, [message["tool_call_id"] for message in messages if message["role"] == "tool"]
