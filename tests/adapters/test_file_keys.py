"""The rest of what the file's keys do is in the contract of the port."""

from llmgw.adapters.file_keys import FileKeys
from tests.graph.files import MODELS, sound


async def test_a_key_without_its_secret_is_found_by_nobody_and_needed_all_the_same() -> None:
    keys = FileKeys(sound(f'{MODELS}keys: [{{name: k, secret: "${{UNSET}}"}}]\n'))

    assert keys.needed
    assert await keys.find("") is None
