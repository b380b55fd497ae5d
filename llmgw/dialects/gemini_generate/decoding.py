"""An answer, whole or chunk by chunk, read into events.

Images, code and the provider's own tools have no word in the hub and are passed over beside a text; an answer of
nothing else is a failure, since nobody could tell it from an empty one. A proof stands on the part after its thought,
and is told before it. An end mark there is none: the reason why it ended is the last word.
"""

from collections.abc import Iterable, Iterator

from llmgw.chat import events
from llmgw.chat.events import Event, Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.signatures import GOOGLE
from llmgw.dialects.gemini_generate.answers import FINISHES, Candidate, Chunk, read_citations, read_whole
from llmgw.dialects.gemini_generate.counts import Counts
from llmgw.dialects.gemini_generate.partial_args import PartialArgs
from llmgw.dialects.gemini_generate.signs import parse
from llmgw.dialects.gemini_generate.wire import FunctionCall, Part
from llmgw.errors import FailureClass, UpstreamProtocolError

# The model tried to call and failed: whatever it said before, what it came to is missing.
_BROKEN = frozenset({"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE"})
# With nothing else said, there is no answer.
_FAILED = frozenset({"MISSING_THOUGHT_SIGNATURE", "OTHER"})


class GeminiDecoder:
    """Reads one stream."""

    def __init__(self) -> None:
        self.ended = False
        self._saying = Saying()

    def read(self, event: bytes) -> list[Event]:
        """What a whole event says. Raises UpstreamProtocolError if it is not of this dialect."""
        told = parse(event)
        if told is None:
            return []
        if isinstance(told, ProviderError):
            return [events.Failed(told)]
        return list(self._saying.read(told))


def read_events(body: bytes) -> list[Event]:
    """The events of a stream that would have said the same. Raises UpstreamProtocolError if this is no answer."""
    return list(Saying().read(read_whole(body)))


class Saying:
    """One answer under way."""

    def __init__(self) -> None:
        self._counts = Counts()
        self._has_started = False
        self._has_said = False
        self._has_answer = False  # in words of the hub
        self._foreign = ""  # a kind of part that has none there
        self._calls = 0
        self._partial: PartialArgs | None = None  # of the last call, while it goes on

    def read(self, chunk: Chunk) -> Iterator[Event]:
        """Raises UpstreamProtocolError."""
        if not self._has_started:
            self._has_started = True
            yield events.Started(chunk.response_id or "", chunk.model_version or "")
        first = next((one for one in chunk.candidates or () if not one.index), None)
        if first is not None:
            yield from self._say(first)
        usage = self._counts.take(chunk.usage_metadata)
        if usage is not None:
            yield events.UsageTold(usage)
        if chunk.is_blocked:
            yield events.Finished(Finish.CONTENT_FILTER)
        elif first is not None and first.reason:
            yield from self._end(first)

    def _say(self, candidate: Candidate) -> Iterator[Event]:
        for part in candidate.parts:
            yield from self._part(part)
            self._has_said = self._has_said or part.says
            self._has_answer = self._has_answer or bool(part.function_call or (part.text and not part.thought))
            self._foreign = self._foreign or part.foreign
        yield from map(events.Cited, read_citations(candidate.grounding_metadata))

    def _part(self, part: Part) -> Iterator[Event]:
        proof = part.thought_signature or ""
        if part.function_call is not None:
            yield from self._call(part.function_call, proof)
            return
        if part.thought and part.text:
            yield events.ReasoningDelta(part.text)
        if proof:
            yield events.ReasoningDelta(signature=proof, issuer=GOOGLE)
        if part.text and not part.thought:
            yield events.TextDelta(part.text)

    def _call(self, call: FunctionCall, proof: str) -> Iterator[Event]:
        """One with a name begins; one without goes on, or has nothing more to say."""
        if call.name:
            yield from self._close()
            yield events.ToolStarted(self._calls, call.id or "", call.name, proof, GOOGLE if proof else "")
            self._calls += 1
            if not (call.will_continue or call.partial_args):
                yield events.ToolDelta(self._calls - 1, _arguments(call))
                return
            self._partial = PartialArgs()
        if self._partial is not None:
            self._partial.take(call.partial_args or ())
            if not call.will_continue:
                yield from self._close()

    def _close(self) -> Iterable[Event]:
        partial, self._partial = self._partial, None
        return [] if partial is None else [events.ToolDelta(self._calls - 1, partial.json())]

    def _end(self, candidate: Candidate) -> Iterator[Event]:
        yield from self._close()
        if candidate.reason in _BROKEN or (candidate.reason in _FAILED and not self._has_said):
            message = candidate.finish_message or f"the model gave no answer: {candidate.reason}"
            yield events.Failed(ProviderError(FailureClass.SERVER_ERROR, message))
            return
        end = events.finished_by(candidate.reason, FINISHES, Finish.TOOL_USE if self._calls else Finish.STOP)
        if end.reason is Finish.STOP and self._foreign and not self._has_answer:
            message = f"the answer is only of a kind that no other dialect can tell: {self._foreign}"
            yield events.Failed(ProviderError(FailureClass.PROTOCOL, message))
            return
        yield end


def _arguments(call: FunctionCall) -> str:
    """As JSON text. Raises UpstreamProtocolError."""
    try:
        told = bytes(call.args).decode()
    except UnicodeDecodeError as error:
        raise UpstreamProtocolError(f"the arguments of a call are no text: {error}") from None
    return "{}" if told in {"", "null"} else told
