"""What every `Keys` does: it finds principals by digest, and says whether one is needed at all."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from llmgw.adapters.file_keys import FileKeys
from llmgw.adapters.journal import make_logger
from llmgw.adapters.managed_keys import ManagedKeys
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.key_book import KeyBook, KeyDigest, ManagedKey
from llmgw.config.secrets import digest
from llmgw.graph.model import Graph
from llmgw.graph.principal import Principal
from llmgw.ports import Keys
from tests.fakes import FakeKeys
from tests.graph.files import MODELS, sound
from tests.served import LogLines

Make = Callable[[Sequence[str], Path], Awaitable[Keys]]
"""Keys with these secrets, each named by it; a directory is there for those who need one."""


async def of_file(secrets: Sequence[str], _directory: Path) -> Keys:
    return FileKeys(file_with(secrets))


def file_with(secrets: Sequence[str]) -> Graph:
    entries = (f"{{name: {secret}, sha256: {digest(secret)}}}" for secret in secrets)
    return sound(f"{MODELS}keys: [{', '.join(entries)}]\n")


async def fake(secrets: Sequence[str], _directory: Path) -> Keys:
    return FakeKeys({secret: Principal(secret) for secret in secrets})


async def of_ledger(secrets: Sequence[str], directory: Path) -> Keys:
    with database(directory / "ledger.db") as connection:
        for secret in secrets:
            KeyBook(connection).add(ManagedKey(secret, digests=(KeyDigest(digest(secret), 0),)))
    keys = ManagedKeys(directory / "ledger.db", make_logger(LogLines(), pretty=False, level="debug"))
    await keys.refresh()
    return keys


async def of_both(secrets: Sequence[str], directory: Path) -> Keys:
    keys = await of_ledger(secrets[1:], directory)
    assert isinstance(keys, ManagedKeys)
    keys.take(file_with(secrets[:1]))
    return keys


every = pytest.mark.parametrize("make", [of_file, of_ledger, of_both, fake])


@every
async def test_a_principal_is_found_by_the_digest_of_its_secret(make: Make, tmp_path: Path) -> None:
    keys = await make(["one", "two"], tmp_path)
    found = [await keys.find(digest(secret)) for secret in ("one", "two")]

    assert [principal.key for principal in found if principal is not None] == ["one", "two"]


@every
async def test_nobody_else_is(make: Make, tmp_path: Path) -> None:
    keys = await make(["one"], tmp_path)

    assert [await keys.find(text) for text in (digest("three"), "one", "")] == [None, None, None]


@every
async def test_a_key_is_needed_as_soon_as_there_is_one(make: Make, tmp_path: Path) -> None:
    nobody, somebody = await make([], tmp_path), await make(["one"], tmp_path)

    assert (nobody.needed, somebody.needed) == (False, True)
