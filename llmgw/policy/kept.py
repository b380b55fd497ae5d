"""An answer as the cache keeps it: the client's own bytes, whole or as the stream that they were, and whence they came.

Crosses the disk, so fields are only ever added, with a default.
"""

from enum import StrEnum

import msgspec


class Form(StrEnum):
    """How the bytes of an answer are to be read."""

    WHOLE = "whole"
    STREAM = "stream"  # all of its events, usage included, whether or not the caller had asked for it


class Kept(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`body` is in the dialect of the caller. Times are Unix time in ms; money in whole nano-dollars.

    `scope` says for whom it is, in words. In a semantic rule `question` is the last turn of the user, `vector` its
    embedding (little-endian float32, of length 1), and `context` the digest of all else that the answer depends on.
    """

    form: Form
    body: bytes
    model: str = ""  # the name asked for
    target: str = ""
    path: str = ""  # how that was reached
    crosses: bool = False  # it may be told in the other form too: nothing of it is lost
    rule: str = ""
    scope: str = ""
    cost_nanousd: int | None = None  # None: its price is not known
    dropped: tuple[str, ...] = ()
    kept_ms: int = 0
    ends_ms: int = 0  # from then on it is no answer any more
    question: str = ""
    context: bytes = b""
    vector: bytes = b""

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        return len(self.body) + len(self.question) + len(self.vector) + 512
