"""What all framings share: their errors say what happened."""

from llmgw.wire.framing import EVENT_BYTES_MAX, BrokenFrameError, EventTooLargeError
from llmgw.wire.sse import SERVER_SENT_EVENTS


def test_an_event_that_is_too_large_says_how_large_it_may_be() -> None:
    assert str(EventTooLargeError()) == f"an event of more than {EVENT_BYTES_MAX} bytes"
    assert issubclass(BrokenFrameError, ValueError)


def test_the_last_event_of_a_stream_is_completed() -> None:
    assert SERVER_SENT_EVENTS.complete(b"data: 1\r\n") == b"data: 1\n\n"
    assert SERVER_SENT_EVENTS.complete(b"\n") == b""
    assert SERVER_SENT_EVENTS.frames().feed(b"data: 1\n\ndata") == b"data: 1\n\n"
