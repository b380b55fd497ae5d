"""What a model says, piece by piece or whole: deltas become events, whoever's accent they have."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from llmgw.chat import events
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import FINISHES
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.signatures import GOOGLE
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_chat.calls import Calls, google_signature, text_of
from llmgw.dialects.openai_chat.chunks import FullChoice, FullChunk, FullDelta
from llmgw.dialects.openai_chat.reasoning import call_proofs, read_reasoning
from llmgw.errors import FailureClass

_FAILURES = {
    "insufficient_system_resource": FailureClass.OVERLOADED,  # DeepSeek
    "network_error": FailureClass.SERVER_ERROR,  # Zhipu
}


class Saying:
    """One answer as it grows. `speaks`: something has been said; `is_over`: its end, too."""

    def __init__(self) -> None:
        self.is_over = False
        self._id: str | None = None
        self._usage: Usage | None = None
        self._calls = Calls()
        self.speaks = False
        self._refuses = False

    def start(self, chunk: FullChunk) -> Iterator[Event]:
        """Azure's first chunk has neither an id nor a choice: it is not the start."""
        if self._id is None and (chunk.choices or text_of(chunk.id)):
            self._id = text_of(chunk.id)
            yield events.Started(self._id, text_of(chunk.model))

    def say(self, choice: FullChoice, said: FullDelta | None) -> Iterator[Event]:
        """What a choice says, in its delta or its message."""
        if said is None:
            news: Iterator[Event] = _content(choice.text)
        else:
            calls = self._calls.read(said.tool_calls, said.function_call, self._id or "", call_proofs(said))
            news = chain(
                _thoughts(said),
                _content(said.content),
                _proof(said.extra_content),
                _refusal(said.refusal),
                calls,
                _citations(said.annotations),
            )
        for event in news:
            self.speaks = True
            self._refuses = self._refuses or isinstance(event, events.RefusalDelta)
            yield event

    def say_delta(self, choice: FullChoice) -> Iterator[Event]:
        """A message amid a stream repeats all that was said: it counts only where nothing else was."""
        said = choice.message if choice.delta is None and not self.speaks else choice.delta
        return self.say(choice, said)

    def tell(self, usage: Usage | None) -> Iterator[Event]:
        if usage is not None and usage != self._usage:
            self._usage = usage
            yield events.UsageTold(usage)

    def end(self, finish_reason: Any = "stop", stopped_by: Any = None) -> Iterator[Event]:
        """Some tell their reason twice, some never: it is told once. vLLM names the stop sequence."""
        if self.is_over:
            return
        self.is_over = True
        yield from self._calls.rest(self._id or "")
        reason = str(finish_reason).lower()
        if reason in _FAILURES:
            yield events.Failed(ProviderError(_FAILURES[reason], f"the provider ended the answer with {reason!r}"))
            return
        sequence = "" if text_of(stopped_by).lower() in FINISHES else text_of(stopped_by)
        end = events.finished_by(reason, FINISHES, self._usual(sequence))
        yield events.Finished(end.reason, sequence, end.is_unknown) if end.reason is Finish.STOP_SEQUENCE else end

    def _usual(self, sequence: str) -> Finish:
        """Many end a tool call with `stop`, and OpenAI a refusal."""
        if self._calls.count:
            return Finish.TOOL_USE
        if self._refuses:
            return Finish.REFUSAL
        return Finish.STOP_SEQUENCE if sequence else Finish.STOP


def texts(content: Any) -> Iterator[str]:
    """The texts of a text, of a part, or of a list of both."""
    for part in content if isinstance(content, list) else [content]:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str) and text:
            yield text


def _thoughts(said: FullDelta) -> Iterator[Event]:
    for thought in read_reasoning(said):
        yield events.ReasoningDelta(thought.text, thought.signature, thought.redacted, thought.issuer)


def _content(content: Any) -> Iterator[Event]:
    """Text, or Mistral's list of parts, where thoughts are a list again."""
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, dict) and part.get("type") == "thinking":
            yield from map(events.ReasoningDelta, texts(part.get("thinking")))
        else:
            yield from map(events.TextDelta, texts(part))


def _proof(extra_content: Any) -> Iterator[Event]:
    """Google's, of a text: it stands beside it."""
    signature = google_signature(extra_content)
    if signature:
        yield events.ReasoningDelta(signature=signature, issuer=GOOGLE)


def _refusal(refusal: Any) -> Iterator[Event]:
    if text_of(refusal):
        yield events.RefusalDelta(refusal)


def _citations(annotations: Any) -> Iterator[Event]:
    for annotation in annotations if isinstance(annotations, list) else []:
        if isinstance(annotation, dict):
            yield events.Cited(annotation)
