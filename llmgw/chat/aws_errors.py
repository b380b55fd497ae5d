"""What went wrong at AWS, by the name of the exception: in a header of an error answer, or in a frame of a stream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
"""

from collections.abc import Mapping

import msgspec

from llmgw.chat import provider_errors
from llmgw.chat.provider_errors import ProviderError
from llmgw.errors import FailureClass
from llmgw.wire.event_stream import Frame

HEADER = "x-amzn-errortype"

# In lower case, without `Exception` at the end: streams begin the same names with a small letter.
_FAILURES = {
    "throttling": FailureClass.RATE_LIMITED,
    "throttled": FailureClass.RATE_LIMITED,
    "toomanyrequests": FailureClass.RATE_LIMITED,
    "servicequotaexceeded": FailureClass.QUOTA_EXHAUSTED,
    "modelnotready": FailureClass.OVERLOADED,
    "serviceunavailable": FailureClass.OVERLOADED,
    "internalserver": FailureClass.SERVER_ERROR,
    "internalfailure": FailureClass.SERVER_ERROR,
    "modelerror": FailureClass.SERVER_ERROR,
    "modelstreamerror": FailureClass.SERVER_ERROR,
    "modeltimeout": FailureClass.SERVER_ERROR,
    "accessdenied": FailureClass.UNAUTHORIZED,
    "unrecognizedclient": FailureClass.UNAUTHORIZED,
    "expiredtoken": FailureClass.UNAUTHORIZED,
    "invalidsignature": FailureClass.UNAUTHORIZED,
    "incompletesignature": FailureClass.UNAUTHORIZED,
    "missingauthenticationtoken": FailureClass.UNAUTHORIZED,
    "resourcenotfound": FailureClass.NOT_FOUND,
    "validation": FailureClass.INVALID_REQUEST,
}
_IN_WORDS = 400  # of this status the words of a message decide


def failure_of(name: str) -> FailureClass | None:
    """The class of an exception; None if we do not know it. A namespace before it, or a URL after it, says nothing."""
    plain = name.partition(":")[0].rpartition("#")[2].strip().lower()
    return _FAILURES.get(plain.removesuffix("exception"))


def of_headers(headers: Mapping[str, str]) -> FailureClass | None:
    """The class of an error answer; None if its headers tell none."""
    return failure_of(headers.get(HEADER, ""))


def of_frame(frame: Frame) -> ProviderError | None:
    """The error that a frame of a stream is; None if it is an event. What the message says goes before the name."""
    kind = frame.text(":message-type")
    if kind not in ("exception", "error"):
        return None
    name = frame.text(":exception-type") or frame.text(":error-code")
    told = provider_errors.read_error(_IN_WORDS, frame.payload or frame.text(":error-message").encode())
    failure = told.failure or failure_of(name) or FailureClass.SERVER_ERROR
    return msgspec.structs.replace(told, failure=failure, message=f"{name}: {told.message}" if name else told.message)
