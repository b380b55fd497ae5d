"""Requests and edits are plain values."""

import dataclasses

import pytest

from llmgw.chat.request import NO_FIELDS, ChatRequest, Edits


def test_a_request_says_nothing_that_the_caller_did_not() -> None:
    request = ChatRequest(model="m", fields=NO_FIELDS)

    assert ("", 0, {}) == (request.user, request.max_tokens, request.metadata)
    assert not (request.stream or request.wants_usage or request.tools or request.json)


def test_requests_and_edits_do_not_change() -> None:
    edits = Edits("m", NO_FIELDS, NO_FIELDS, frozenset(), ask_usage=True)

    for value, field in ((ChatRequest("m", NO_FIELDS), "model"), (edits, "drop")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, None)
