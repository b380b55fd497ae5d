"""Citations are told in Anthropic's words, which its callers know."""

from typing import Any

import pytest

from llmgw.dialects.bedrock_converse.citations import read_citation

PLACE = {"documentIndex": 1, "start": 2, "end": 5}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("documentChar", {"type": "char_location", "start_char_index": 2, "end_char_index": 5}),
        ("documentPage", {"type": "page_location", "start_page_number": 2, "end_page_number": 5}),
        ("documentChunk", {"type": "content_block_location", "start_block_index": 2, "end_block_index": 5}),
    ],
)
def test_each_kind_of_place_has_a_word(kind: str, expected: dict[str, Any]) -> None:
    told = {"location": {kind: PLACE}, "title": "facts", "sourceContent": [{"text": "a"}, {"text": "b"}, {"x": 1}]}

    assert {**expected, "cited_text": "ab", "document_index": 1, "document_title": "facts"} == read_citation(told)


@pytest.mark.parametrize("told", [None, "x", {}, {"location": "x"}, {"location": {"web": {"url": "u"}}}])
def test_other_kinds_have_none(told: Any) -> None:
    assert read_citation(told) is None
