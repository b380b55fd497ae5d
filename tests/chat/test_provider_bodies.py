"""What a provider sends is read as far as it can be."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.provider_bodies import UNREADABLE, answer_of, decoded, event_of, failed
from llmgw.chat.provider_errors import ProviderError
from llmgw.errors import FailureClass, UpstreamProtocolError

ANY: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder()


@pytest.mark.parametrize(("body", "expected"), [(rb'["a"]', ["a"]), (rb'["a\ud83d"]', ["a\ufffd"])])
def test_a_text_that_is_cut_inside_a_character_is_mended(body: bytes, expected: object) -> None:
    assert expected == decoded(ANY, body)


@pytest.mark.parametrize("body", [b"{", b"\xff", b"", b"[" * 100_000])
def test_what_cannot_be_mended_is_unreadable(body: bytes) -> None:
    with pytest.raises(UNREADABLE):
        decoded(ANY, body)


@pytest.mark.parametrize("failure", [FailureClass.RATE_LIMITED, None])
def test_an_error_in_place_of_an_answer_has_its_class(failure: FailureClass | None) -> None:
    error = failed(ProviderError(failure, "slow down", 3.0))

    assert error.failure is (failure or FailureClass.PROTOCOL)
    assert (error.message, error.retry_after_s) == ("slow down", 3.0)


@pytest.mark.parametrize(
    ("event", "expected"), [(b'data: {"a":1}\n\n', {"a": 1}), (b": hi\n\n", None), (b"data: \n\n", None)]
)
def test_the_data_of_an_event_is_read(event: bytes, expected: object) -> None:
    assert expected == event_of(ANY, event)
    assert answer_of(ANY, b"[1]") == [1]


@pytest.mark.parametrize("data", [b"{", b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_a_broken_dialect(data: bytes) -> None:
    with pytest.raises(UpstreamProtocolError, match="answer"):
        answer_of(ANY, data)
    with pytest.raises(UpstreamProtocolError, match="event"):
        event_of(ANY, b"data: " + data)
