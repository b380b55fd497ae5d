"""Requests and edits are plain values."""

import dataclasses

import pytest

from llmgw.chat.request import NO_FIELDS, ChatRequest, Edits


def test_a_request_says_nothing_that_the_caller_did_not() -> None:
    request = ChatRequest(model="m", fields=NO_FIELDS)

    assert (request.user, request.max_tokens, request.metadata) == ("", 0, {})
    assert not any([request.stream, request.wants_usage, request.tools, request.json])


def test_requests_and_edits_do_not_change() -> None:
    edits = Edits("m", NO_FIELDS, NO_FIELDS, frozenset(), ask_usage=True)

    for value, field in ((ChatRequest("m", NO_FIELDS), "model"), (edits, "drop")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, None)
