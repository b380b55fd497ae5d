"""What would go out to a target, made when its turn comes, and why some target cannot be asked this at all.

The plan asks before every attempt, in the server and in a dry run that has a body, so both decide the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from llmgw.chat import caps
from llmgw.chat.bodies import reading
from llmgw.chat.bounds import Bounds, bounds
from llmgw.chat.crossing import Crossing, between
from llmgw.chat.dialect import Dialect
from llmgw.chat.request import NO_HEADERS, ChatRequest
from llmgw.errors import InvalidRequestError
from llmgw.graph.model import Target, Wire


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request in the dialect of one target, and the way back."""

    target_id: str
    wire: Wire
    crossing: Crossing
    body: bytes
    dropped: tuple[str, ...]


class Preparing:
    """One request, for target after target. `created_s` is the time of the answer, in Unix time.

    `forwarded` are the caller's headers that an upstream may see: some providers want them in the body.
    """

    def __init__(
        self, request: ChatRequest, dialect: Dialect, created_s: int, forwarded: Mapping[str, str] = NO_HEADERS
    ) -> None:
        self._request = request
        self._dialect = dialect
        self._created_s = created_s
        self._forwarded = forwarded
        self._prepared: Prepared | None = None

    def unfit(self, target: Target) -> str | None:
        """Why this target cannot take the request; None if it can, and then `ready` has what goes out."""
        try:
            self._prepared = self._prepare(target, self._request)
        except InvalidRequestError as error:
            return error.message
        return None

    def ready(self, target: Target, output_cap: int | None = None) -> Prepared:
        """What was prepared last, if it was for this target; as a rule it was. With a cap it is made anew.

        Raises InvalidRequestError if the cap cannot be said.
        """
        if output_cap is not None:
            capped = self._prepare(target, self._dialect.capped(self._request, output_cap, target.edits))
            caps.require(capped.body, output_cap, target.edits)
            return capped
        if self._prepared is None or self._prepared.target_id != target.id:
            self._prepared = self._prepare(target, self._request)
        return self._prepared

    def bounds(self, target: Target) -> Bounds:
        """How much the request may use of a target that can take it."""
        body, most = self.ready(target).body, (target.max_output, target.context_window)
        return bounds(self._request, self._dialect, target.edits, body, max_output=most[0], context_window=most[1])

    def _prepare(self, target: Target, request: ChatRequest) -> Prepared:
        """What was read a few calls up may be nested too deeply for here: that is the body's fault all the same."""
        wire = target.wire(self._dialect)
        crossing = between(self._dialect, wire.dialect, self._created_s)
        with reading():
            body, dropped = crossing.request(request, target.edits, self._forwarded)
        return Prepared(target.id, wire, crossing, body, dropped)
