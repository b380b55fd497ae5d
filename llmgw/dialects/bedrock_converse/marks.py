"""Marks of what may be cached are blocks of their own: only so many, and only where the model takes them."""

from collections.abc import Iterable, Iterator
from typing import Any

from llmgw.dialects.bedrock_converse import models

MARKS_MAX = 4

Blocks = list[dict[str, Any]]


def bound(tools: Blocks, system: Blocks, messages: Iterable[dict[str, Any]], model: str, unsaid: list[str]) -> None:
    """Take out those that are too many: the last ones stay, since each of them covers all that is before it."""
    inside = [message["content"] for message in messages]
    taken = [system, *inside] if models.takes_cache(model) else []
    if models.takes_cached_tools(model):
        taken.insert(0, tools)
    places = list(_places(taken))
    spare = places[: max(len(places) - MARKS_MAX, 0)]
    refused = [place for place in _places([tools, system, *inside]) if not any(place[0] is each for each in taken)]
    for blocks, index in reversed([*spare, *refused]):
        del blocks[index]
    if spare or refused:
        unsaid.append("cache_control")


def _places(lists: Iterable[Blocks]) -> Iterator[tuple[Blocks, int]]:
    for blocks in lists:
        yield from ((blocks, index) for index, block in enumerate(blocks) if "cachePoint" in block)
