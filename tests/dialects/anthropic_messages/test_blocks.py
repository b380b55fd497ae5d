"""Any kind of content block can be read, whatever of it there is."""

import json
from typing import Any

import msgspec
import pytest

from llmgw.dialects.anthropic_messages.blocks import Block, CacheControl, cache, is_there


def read(**fields: Any) -> Block:
    return msgspec.json.decode(json.dumps(fields), type=Block)


@pytest.mark.parametrize(
    ("fields", "arguments"),
    [({}, "{}"), ({"input": None}, "{}"), ({"input": {"a": 1}}, '{"a": 1}'), ({"input": []}, "[]")],
)
def test_arguments_are_text(fields: dict[str, Any], arguments: str) -> None:
    assert arguments == read(type="tool_use", **fields).arguments


@pytest.mark.parametrize(("citations", "cited"), [(None, ()), ({"enabled": True}, ()), ([{"a": 1}], ({"a": 1},))])
def test_citations_are_a_list_or_a_switch(citations: Any, cited: tuple[Any, ...]) -> None:
    assert cited == read(type="text", citations=citations).cited


def test_a_mark_without_a_time_is_one_of_five_minutes() -> None:
    assert [cache(None), cache(CacheControl()), cache(CacheControl("1h"))] == ["", "5m", "1h"]
    assert read(type="text", cache_control={"type": "ephemeral", "ttl": None}).cache == "5m"


def test_a_field_of_any_shape_breaks_nothing() -> None:
    block = read(type="of_tomorrow", source="https://a", content={"a": 1}, data=5, citations=7)

    assert (block.source, is_there(block.content), is_there(block.input)) == ("https://a", True, False)
