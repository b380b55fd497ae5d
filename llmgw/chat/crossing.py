"""From the caller's dialect to the provider's and back: as the bytes are where both speak the same, else translated."""

from collections.abc import Mapping
from typing import Protocol

from llmgw.chat.answer import Answer, fold
from llmgw.chat.dialect import FINISH_CONTENT_FILTER, AnswerSign, Dialect, ProviderDialect
from llmgw.chat.events import Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import ChatRequest, Edits
from llmgw.chat.translating import TranslatingRelay
from llmgw.chat.unsupported import refused
from llmgw.chat.usage import Usage
from llmgw.errors import FailureClass, InvalidRequestError, UpstreamProtocolError

VENDORS = frozenset({"anthropic", "openai"})  # with headers of their own


class Relay(Protocol):
    """A stream on its way to the client: bytes in, bytes out. See `ForwardingRelay` for what each field says."""

    committed: bool
    ended: bool
    whole: bool
    usage: Usage | None
    broken: ProviderError | None
    last_event: bytes

    @property
    def finished(self) -> bool: ...

    @property
    def is_over(self) -> bool: ...

    def feed(self, chunk: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Crossing(Protocol):
    """One pair of dialects."""

    def request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        """The body for the provider, and what could not cross. Raises InvalidRequestError."""
        ...

    def headers(self, forwarded: Mapping[str, str]) -> Mapping[str, str]:
        """Those of the caller's that the provider is to have."""
        ...

    def answer(self, body: bytes) -> tuple[AnswerSign, bytes]:
        """What an answer at once means, and the body for the client. Raises UpstreamProtocolError."""
        ...

    def relay(self, request: ChatRequest, edits: Edits) -> Relay: ...


class Forwarding:
    """Both speak the same dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        return self._dialect.write_request(request, edits)

    def headers(self, forwarded: Mapping[str, str]) -> Mapping[str, str]:
        return forwarded

    def answer(self, body: bytes) -> tuple[AnswerSign, bytes]:
        return self._dialect.read_answer(body), body

    def relay(self, request: ChatRequest, edits: Edits) -> Relay:
        return ForwardingRelay(self._dialect, keep_usage=request.wants_usage, choices=edits.choices(request.fields))


class Translating:
    """The caller speaks one dialect, the provider another."""

    def __init__(self, client: Dialect, provider: ProviderDialect, created_s: int) -> None:
        self._client = client
        self._provider = provider
        self._created_s = created_s

    def request(self, request: ChatRequest, edits: Edits) -> tuple[bytes, tuple[str, ...]]:
        body, dropped = self._provider.write_conversation(self._client.read_conversation(request), edits)
        if lost := refused((name for name in dropped if name not in edits.drop), edits.policy):
            raise InvalidRequestError(f"unsupported: {', '.join(lost)}", param=lost[0])
        return body, dropped

    def headers(self, forwarded: Mapping[str, str]) -> Mapping[str, str]:
        """What is one vendor's own goes to nobody else."""
        return {name: value for name, value in forwarded.items() if _is_for(self._provider, name)}

    def answer(self, body: bytes) -> tuple[AnswerSign, bytes]:
        answer = fold(self._provider.read_events(body))
        if answer.error is not None:
            failure = answer.error.failure or FailureClass.PROTOCOL
            raise UpstreamProtocolError(answer.error.message, failure, retry_after_s=answer.error.retry_after_s)
        return _sign(answer), self._client.write_answer(answer, self._created_s)

    def relay(self, request: ChatRequest, edits: Edits) -> Relay:  # noqa: ARG002 - one answer is all that crosses
        return TranslatingRelay(self._provider, self._client.encoder(request, self._created_s))


def between(client: Dialect, provider: ProviderDialect, created_s: int) -> Crossing:
    """The way there and back. `created_s`: when the answer was made, in Unix time, where we are to tell."""
    return Forwarding(client) if client is provider else Translating(client, provider, created_s)


def _is_for(dialect: ProviderDialect, header: str) -> bool:
    vendor = header.partition("-")[0]
    return vendor not in VENDORS or dialect.name.startswith(vendor)


def _sign(answer: Answer) -> AnswerSign:
    """A refusal in words is an answer; without any, it was a filter."""
    is_filtered = answer.finish is Finish.CONTENT_FILTER or (answer.finish is Finish.REFUSAL and not answer.parts)
    return AnswerSign(answer.usage, FINISH_CONTENT_FILTER if is_filtered else answer.finish)
