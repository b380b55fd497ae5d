"""What a part says."""

from typing import Any

import msgspec
import pytest

from llmgw.dialects.gemini_generate.wire import KNOWN_PARTS, Part


@pytest.mark.parametrize(
    ("told", "says", "is_foreign"),
    [
        ({}, False, False),
        ({"text": ""}, False, False),
        ({"text": "", "thought": True}, False, False),
        ({"text": "a"}, True, False),
        ({"text": "", "thoughtSignature": "a"}, True, False),
        ({"functionCall": {}}, True, False),
        ({"inlineData": {"data": "a"}}, True, True),
        ({"executableCode": {"code": "1"}}, True, True),
        ({"somethingNew": {}}, False, False),
    ],
)
def test_what_a_client_would_see_of_a_part(told: dict[str, Any], *, says: bool, is_foreign: bool) -> None:
    part = msgspec.convert(told, Part)

    assert (says, is_foreign) == (part.says, part.is_foreign)


def test_the_parts_that_the_hub_has_a_word_for() -> None:
    kinds = {"functionCall", "functionResponse", "inlineData", "fileData"}

    assert {"text", "thought", "thoughtSignature", *kinds} == KNOWN_PARTS
