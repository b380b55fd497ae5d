"""Departures are data of the catalogue, and reach every request to a provider."""

import msgspec
import pytest

from llmgw.chat.departures import NO_DEPARTURES, Departures
from llmgw.providers.catalog import Provider, rows

DEPARTING = [row for row in rows() if row.departs != NO_DEPARTURES]


def test_a_row_without_any_departs_in_nothing() -> None:
    assert msgspec.json.decode(b"{}", type=Departures) == NO_DEPARTURES


@pytest.mark.parametrize("row", DEPARTING, ids=lambda row: row.name)
def test_a_row_says_only_what_makes_a_difference(row: Provider) -> None:
    departs = row.departs

    assert row.dialect == ("gemini_generate" if departs.count_field else "openai_chat")
    assert all(name != other for name, other in [*departs.rename.items(), *departs.roles.items()])
    assert all(word != other for words in departs.words.values() for word, other in words.items())
    assert not departs.leaves_out & {"role", "content", "tool_calls", "tool_call_id"}
    assert not departs.rename.keys() & {"model", "messages", "stream"}
