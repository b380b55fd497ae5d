"""How a stream is cut into events, whatever they say: each way to do it is a module beside this one."""

from typing import Protocol

EVENT_BYTES_MAX = 16 * 1024 * 1024


class EventTooLargeError(ValueError):
    """One event is over `EVENT_BYTES_MAX`."""

    def __init__(self) -> None:
        super().__init__(f"an event of more than {EVENT_BYTES_MAX} bytes")


class BrokenFrameError(ValueError):
    """Where an event ends cannot be told: nothing that follows can be read."""


class Frames(Protocol):
    """Cuts one byte stream at event borders: `feed` gives the whole events so far, the partial one waits."""

    def feed(self, chunk: bytes) -> bytes:
        """Whole events as they came, possibly none. Raises EventTooLargeError, BrokenFrameError."""
        ...

    def rest(self) -> bytes:
        """What came after the last border."""
        ...


class Framing(Protocol):
    """One way to do it. `content_types` are those by which such a stream is told, the usual one first."""

    content_types: tuple[str, ...]

    def frames(self) -> Frames: ...

    def split(self, whole: bytes) -> list[bytes]:
        """Whole events, one by one: joined again they are the same bytes."""
        ...

    def complete(self, rest: bytes) -> bytes:
        """The last event of a stream that ended without its border; nothing if it cannot be whole."""
        ...
