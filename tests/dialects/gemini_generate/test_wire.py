"""What a part says."""

from typing import Any

import msgspec
import pytest

from llmgw.dialects.gemini_generate.wire import KNOWN_PARTS, Part


@pytest.mark.parametrize(
    ("told", "says", "foreign"),
    [
        ({}, False, ""),
        ({"text": ""}, False, ""),
        ({"text": "", "thought": True}, False, ""),
        ({"text": "a"}, True, ""),
        ({"text": "", "thoughtSignature": "a"}, True, ""),
        ({"functionCall": {}}, True, ""),
        ({"inlineData": {"data": "a"}}, True, "inlineData"),
        ({"executableCode": {"code": "1"}}, True, "executableCode"),
        ({"somethingNew": {}}, False, ""),
    ],
)
def test_what_a_client_would_see_of_a_part(told: dict[str, Any], *, says: bool, foreign: str) -> None:
    part = msgspec.convert(told, Part)

    assert (says, foreign) == (part.says, part.foreign)


def test_the_parts_that_the_hub_has_a_word_for() -> None:
    kinds = {"functionCall", "functionResponse", "inlineData", "fileData"}

    assert {"text", "thought", "thoughtSignature", *kinds} == KNOWN_PARTS
