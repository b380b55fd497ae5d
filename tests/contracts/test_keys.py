"""What every `Keys` does: it finds principals by digest, and says whether one is needed at all."""

from collections.abc import Callable, Sequence

import pytest

from llmgw.adapters.file_keys import FileKeys
from llmgw.config.secrets import digest
from llmgw.graph.principal import Principal
from llmgw.ports import Keys
from tests.fakes import FakeKeys
from tests.graph.files import MODELS, sound

Make = Callable[[Sequence[str]], Keys]
"""Keys with these secrets, each named by it."""


def of_file(secrets: Sequence[str]) -> Keys:
    return FileKeys(sound(f"{MODELS}keys: [{', '.join(f'{{name: {it}, sha256: {digest(it)}}}' for it in secrets)}]\n"))


def fake(secrets: Sequence[str]) -> Keys:
    return FakeKeys({secret: Principal(secret) for secret in secrets})


every = pytest.mark.parametrize("make", [of_file, fake])


@every
async def test_a_principal_is_found_by_the_digest_of_its_secret(make: Make) -> None:
    keys = make(["one", "two"])
    found = [await keys.find(digest(secret)) for secret in ("one", "two")]

    assert [principal.key for principal in found if principal is not None] == ["one", "two"]


@every
async def test_nobody_else_is(make: Make) -> None:
    keys = make(["one"])

    assert [await keys.find(text) for text in (digest("three"), "one", "")] == [None, None, None]


@every
async def test_a_key_is_needed_as_soon_as_there_is_one(make: Make) -> None:
    assert (make([]).needed, make(["one"]).needed) == (False, True)
