"""What InvokeModelWithResponseStream puts around the events of a model's vendor: frames, and base64 within.

Out of it come the events as their vendor would send them himself. What AWS adds for its own sake stays behind: traces
of guardrails have all that was masked.
"""

from base64 import b64decode

import msgspec

from llmgw.chat import aws_errors
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.wrapped import without
from llmgw.errors import FailureClass
from llmgw.wire import event_stream, sse
from llmgw.wire.framing import BrokenFrameError, Frames, Framing

HIDDEN = frozenset({"amazon-bedrock-trace"})

# As Anthropic names them; what is not here is the caller's fault.
_ERROR_TYPES = {
    FailureClass.RATE_LIMITED: "rate_limit_error",
    FailureClass.QUOTA_EXHAUSTED: "billing_error",
    FailureClass.OVERLOADED: "overloaded_error",
    FailureClass.SERVER_ERROR: "api_error",
    FailureClass.UNAUTHORIZED: "permission_error",
    FailureClass.NOT_FOUND: "not_found_error",
}


class _Chunk(msgspec.Struct):
    bytes: str | None = None


class _Inner(msgspec.Struct):
    type: str = ""


_chunk_decoder = msgspec.json.Decoder(_Chunk)
_inner_decoder = msgspec.json.Decoder(_Inner)
_encoder = msgspec.json.Encoder()


class _Unwrapped:
    """Frames in, server-sent events out. One that is broken is told when no sound one is left before it."""

    def __init__(self) -> None:
        self._frames = event_stream.Frames()
        self._broken: BrokenFrameError | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Raises as all frames do, and BrokenFrameError for what is no chunk."""
        if self._broken is not None:
            raise self._broken
        sound: list[bytes] = []
        try:
            sound.extend(map(_unwrapped, event_stream.split(self._frames.feed(chunk))))
        except BrokenFrameError as error:
            self._broken = error
            if not sound:
                raise
        return b"".join(sound)

    def rest(self) -> bytes:
        """Of a frame no byte may be missing."""
        return b""


class Chunks:
    """The framing of streams of InvokeModel."""

    content_types: tuple[str, ...] = (event_stream.CONTENT_TYPE,)

    def frames(self) -> Frames:
        return _Unwrapped()

    def split(self, whole: bytes) -> list[bytes]:
        return sse.split(whole)

    def complete(self, rest: bytes) -> bytes:
        return sse.SERVER_SENT_EVENTS.complete(rest)


CHUNKS: Framing = Chunks()


def _unwrapped(frame: bytes) -> bytes:
    read = event_stream.parse(frame)
    failed = aws_errors.of_frame(read)
    if failed is not None:
        return _error(failed)
    try:
        packed = _chunk_decoder.decode(read.payload).bytes
        inner = read.payload if packed is None else b64decode(packed)
        if b"\n" in inner or b"\r" in inner:
            inner = msgspec.json.format(inner, indent=-1)
        inner = without(inner, HIDDEN)
        return sse.write(inner, _inner_decoder.decode(inner).type.encode() or None)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BrokenFrameError(f"a chunk of the stream cannot be read: {error}") from None


def _error(failed: ProviderError) -> bytes:
    kind = _ERROR_TYPES.get(failed.failure or FailureClass.SERVER_ERROR, "invalid_request_error")
    return sse.write(_encoder.encode({"type": "error", "error": {"type": kind, "message": failed.message}}), b"error")
