"""Counting the tokens of a request instead of answering it: by the first target that can count as the caller asks.

It has the face of `Preparing`, so a count is routed, tried again and written down as every call is.
"""

from llmgw.chat.bodies import reading
from llmgw.chat.bounds import NO_BOUNDS, Bounds
from llmgw.chat.counting import CountingDialect, estimated
from llmgw.chat.crossing import Forwarding
from llmgw.chat.dialect import AnswerSign
from llmgw.chat.request import ChatRequest
from llmgw.graph.model import Target, Wire
from llmgw.preparing import Prepared

ESTIMATED = {"x-llmgw-estimated": "tokens"}  # the header of a count that is none


class Counting:
    """One request, for target after target."""

    def __init__(self, request: ChatRequest, dialect: CountingDialect) -> None:
        self._request = request
        self._dialect = dialect

    def unfit(self, target: Target) -> str | None:
        """Why this target cannot count it; None if it can."""
        return None if self._wire(target) else f"it does not count tokens in {self._dialect.name}"

    def ready(self, target: Target, output_cap: int | None = None) -> Prepared:  # noqa: ARG002 - it has no output
        """For a target that is fit. Raises InvalidRequestError for a body that cannot be sent to anybody."""
        with reading():
            body, dropped = self._dialect.write_count_request(self._request, target.edits)
        return Prepared(target.id, self._wire(target) or target.wires[0], CountCrossing(self._dialect), body, dropped)

    def bounds(self, target: Target) -> Bounds:  # noqa: ARG002 - it is not answered
        """A count uses nothing."""
        return NO_BOUNDS

    def estimate(self) -> bytes:
        """What a caller is told if no target counts."""
        return self._dialect.write_count(estimated(self._request))

    def _wire(self, target: Target) -> Wire | None:
        return target.count if target.count is not None and target.count.dialect is self._dialect else None


class CountCrossing(Forwarding):
    """The count goes on as it came, if it is one. It is no answer: nothing was used, and nothing is to be paid."""

    def __init__(self, dialect: CountingDialect) -> None:
        super().__init__(dialect)
        self._counter = dialect

    def answer(self, body: bytes, request: ChatRequest) -> tuple[AnswerSign, bytes]:  # noqa: ARG002 - a count is a count
        self._counter.read_count(body)
        return AnswerSign(None, None), body
