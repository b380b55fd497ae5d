"""How each class of failure looks on the wire: what a real provider would send, marked as simulated.

`blocked` is missing on purpose: it is the verdict of a guardrail of ours, no provider can send it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from llmgw.errors import FailureClass

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Refusal(NamedTuple):
    """An error answer in OpenAI's shape."""

    status: int
    message: str
    kind: str
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = NO_HEADERS

    def body(self) -> bytes:
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return msgspec.json.encode({"error": error})


REFUSALS: Mapping[FailureClass, Refusal] = MappingProxyType(
    {
        FailureClass.RATE_LIMITED: Refusal(
            429,
            "Simulated: too many requests, please wait a second.",
            "rate_limit_error",
            "rate_limit_exceeded",
            headers={"retry-after": "1"},
        ),
        FailureClass.QUOTA_EXHAUSTED: Refusal(
            429, "Simulated: the account has no credit left.", "insufficient_quota", "insufficient_quota"
        ),
        FailureClass.OVERLOADED: Refusal(
            503, "Simulated: more load than there are machines.", "service_unavailable_error"
        ),
        FailureClass.SERVER_ERROR: Refusal(500, "Simulated: the server had an error.", "server_error"),
        FailureClass.UNAUTHORIZED: Refusal(
            401, "Simulated: this key is not known.", "invalid_request_error", "invalid_api_key"
        ),
        FailureClass.NOT_FOUND: Refusal(
            404, "Simulated: this model does not exist.", "invalid_request_error", "model_not_found", "model"
        ),
        FailureClass.CONTEXT_LENGTH: Refusal(
            400,
            "Simulated: the messages do not fit into the model's context window.",
            "invalid_request_error",
            "context_length_exceeded",
            "messages",
        ),
        FailureClass.CONTENT_FILTER: Refusal(
            400, "Simulated: the prompt was filtered.", "invalid_request_error", "content_filter", "messages"
        ),
        FailureClass.INVALID_REQUEST: Refusal(
            400, "Simulated: the request is not acceptable.", "invalid_request_error"
        ),
    }
)

NOT_ON_THE_WIRE = frozenset({FailureClass.BLOCKED})

GARBAGE = b"<html><body>Simulated: a page where an answer should be.</body></html>"


def draw_failure(shares: Mapping[FailureClass, float], draw: Callable[[], float]) -> FailureClass | None:
    """The failure of this call by its share, or None. One draw; the order of the shares does not matter."""
    left = draw()
    for failure in FailureClass:
        left -= 0.0 if failure in NOT_ON_THE_WIRE else shares.get(failure, 0.0)
        if left < 0:
            return failure
    return None
