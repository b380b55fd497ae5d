"""From the caller's dialect to the provider's and back: as the bytes are where both speak the same, else translated."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import LEVELS, Conversation
from llmgw.chat.dialect import FINISH_CONTENT_FILTER, AnswerSign, Dialect, ProviderDialect
from llmgw.chat.events import Finish
from llmgw.chat.naming import Naming, NamingEncoder
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.relay import ForwardingRelay
from llmgw.chat.request import NO_HEADERS, ChatRequest, Edits
from llmgw.chat.translating import TranslatingRelay
from llmgw.chat.unsupported import NothingSaidError, refused, remedy
from llmgw.chat.usage import Usage
from llmgw.chat.wording import in_words
from llmgw.chat.wrapped import Wrapped
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
    ended_unknown: bool

    @property
    def output_tokens_about(self) -> int:
        """An estimate of what has been produced so far, for a stream that ends before its usage is told."""
        ...

    @property
    def finished(self) -> bool: ...

    @property
    def is_over(self) -> bool: ...

    def feed(self, chunk: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Crossing(Protocol):
    """One pair of dialects."""

    def request(
        self, request: ChatRequest, edits: Edits, forwarded: Mapping[str, str] = NO_HEADERS
    ) -> tuple[bytes, tuple[str, ...]]:
        """The body for the provider, and what could not cross. Raises InvalidRequestError."""
        ...

    def headers(self, forwarded: Mapping[str, str]) -> Mapping[str, str]:
        """Those of the caller's that the provider is to have."""
        ...

    def answer(self, body: bytes, request: ChatRequest) -> tuple[AnswerSign, bytes]:
        """What an answer at once means, and the body for the client. Raises UpstreamProtocolError."""
        ...

    def relay(self, request: ChatRequest, edits: Edits) -> Relay: ...


class Forwarding:
    """Both speak the same dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def request(
        self,
        request: ChatRequest,
        edits: Edits,
        forwarded: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002
    ) -> tuple[bytes, tuple[str, ...]]:
        return self._dialect.write_request(request, edits)

    def headers(self, forwarded: Mapping[str, str]) -> Mapping[str, str]:
        return forwarded

    def answer(self, body: bytes, request: ChatRequest) -> tuple[AnswerSign, bytes]:  # noqa: ARG002 - it goes on as it is
        return self._dialect.read_answer(body), body

    def relay(self, request: ChatRequest, edits: Edits) -> Relay:
        return ForwardingRelay(self._dialect, keep_usage=request.wants_usage, choices=edits.choices(request))


class Enclosing(Forwarding):
    """The provider speaks the caller's dialect in an envelope of its own."""

    def __init__(self, dialect: Dialect, wrapped: Wrapped) -> None:
        super().__init__(dialect)
        self._wrapped = wrapped

    def request(
        self, request: ChatRequest, edits: Edits, forwarded: Mapping[str, str] = NO_HEADERS
    ) -> tuple[bytes, tuple[str, ...]]:
        body, dropped = super().request(request, edits)
        return self._wrapped.enclose(body, edits, forwarded), dropped

    def headers(self, forwarded: Mapping[str, str]) -> Mapping[str, str]:
        return _for(self._wrapped, forwarded)

    def answer(self, body: bytes, request: ChatRequest) -> tuple[AnswerSign, bytes]:
        return super().answer(self._wrapped.disclose(body), request)

    def relay(self, request: ChatRequest, edits: Edits) -> Relay:
        choices, framing = edits.choices(request), self._wrapped.framing
        return ForwardingRelay(self._dialect, keep_usage=request.wants_usage, choices=choices, framing=framing)


class Translating:
    """The caller speaks one dialect, the provider another."""

    def __init__(self, client: Dialect, provider: ProviderDialect, created_s: int) -> None:
        self._client = client
        self._provider = provider
        self._created_s = created_s

    def request(
        self,
        request: ChatRequest,
        edits: Edits,
        forwarded: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002
    ) -> tuple[bytes, tuple[str, ...]]:
        conversation, beyond = _of_one_answer(self._client.read_conversation(request))
        if (not edits.takes_effort and _thinks(conversation)) or not _knows_effort(conversation):
            conversation = msgspec.structs.replace(conversation, effort=None)
            beyond.append("reasoning_effort")
        try:
            body, unsaid = self._provider.write_conversation(conversation, edits)
        except NothingSaidError as error:
            raise NothingSaidError(self._in_words(error.names, request), request.turns_field) from None
        dropped = tuple(dict.fromkeys((*beyond, *unsaid)))
        names = (name for name in dropped if name not in edits.drop)
        if lost := refused(names, edits.policy, self._client.meaning):
            words = [f"{self._in_words([name], request)[0]}{remedy(name)}" for name in lost]
            raise InvalidRequestError(f"unsupported: {', '.join(words)}", param=self._in_words(lost, request)[0])
        return body, self._in_words(dropped, request)

    def _in_words(self, names: Iterable[str], request: ChatRequest) -> tuple[str, ...]:
        return tuple(dict.fromkeys(in_words(self._client.words, name, request.fields) for name in names))

    def headers(self, forwarded: Mapping[str, str]) -> Mapping[str, str]:
        """What is one vendor's own goes to nobody else."""
        return _for(self._provider, forwarded)

    def answer(self, body: bytes, request: ChatRequest) -> tuple[AnswerSign, bytes]:
        answer = fold(self._naming(request).named(self._provider.read_events(body)))
        if answer.error is not None:
            failure = answer.error.failure or FailureClass.PROTOCOL
            raise UpstreamProtocolError(answer.error.message, failure, retry_after_s=answer.error.retry_after_s)
        return _sign(answer), self._client.write_answer(answer, request, self._created_s)

    def relay(self, request: ChatRequest, edits: Edits) -> Relay:  # noqa: ARG002 - one answer is all that crosses
        encoder = NamingEncoder(self._client.encoder(request, self._created_s), self._naming(request))
        return TranslatingRelay(self._provider, encoder)

    def _naming(self, request: ChatRequest) -> Naming:
        return Naming(request, self._client.id_prefix)


def between(client: Dialect, provider: ProviderDialect, created_s: int) -> Crossing:
    """The way there and back. `created_s`: when the answer was made, in Unix time, where we are to tell."""
    if client is provider:
        return Forwarding(client)
    if isinstance(provider, Wrapped) and provider.inner is client:
        return Enclosing(client, provider)
    return Translating(client, provider, created_s)


def _of_one_answer(conversation: Conversation) -> tuple[Conversation, list[str]]:
    """What is asked for that no answer could tell on its way back: one text crosses, without its odds."""
    sampling, beyond = conversation.sampling, []
    if conversation.choices > 1:
        beyond.append("n")
    if sampling.logprobs is not None:
        beyond.append("logprobs")
        sampling = msgspec.structs.replace(sampling, logprobs=None)
    return msgspec.structs.replace(conversation, choices=1, sampling=sampling), beyond


def _thinks(conversation: Conversation) -> bool:
    """Whether the caller says how much: not at all is no more than the models do who cannot."""
    return conversation.effort is not None and conversation.effort.level != "none"


def _knows_effort(conversation: Conversation) -> bool:
    """A word that nobody knows would be anybody's guess."""
    return conversation.effort is None or conversation.effort.level in LEVELS


def _for(dialect: ProviderDialect, forwarded: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in forwarded.items() if _is_for(dialect, name)}


def _is_for(dialect: ProviderDialect, header: str) -> bool:
    vendor = header.partition("-")[0]
    if vendor not in VENDORS:
        return True
    return header in dialect.envelope.headers if isinstance(dialect, Wrapped) else dialect.name.startswith(vendor)


def _sign(answer: Answer) -> AnswerSign:
    """A refusal in words is an answer; without any, it was a filter."""
    is_filtered = answer.finish is Finish.CONTENT_FILTER or (answer.finish is Finish.REFUSAL and not answer.parts)
    finish = FINISH_CONTENT_FILTER if is_filtered else answer.finish
    return AnswerSign(answer.usage, finish, answer.ended_unknown)
