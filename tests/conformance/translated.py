"""A recorded stream of a provider's own dialect on its way to a client of another: cut anew in every way, and told."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Text, ToolUse
from llmgw.chat.dialect import ProviderDialect
from llmgw.chat.events import Event
from llmgw.chat.request import ChatRequest
from llmgw.chat.translating import TranslatingRelay
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.errors import FailureClass

CLASSES_BY_TAG = {
    "err.auth": FailureClass.UNAUTHORIZED,
    "err.not_found": FailureClass.NOT_FOUND,
    "err.rate_limit": FailureClass.RATE_LIMITED,
    "err.context_length": FailureClass.CONTEXT_LENGTH,
    "err.content_filter": FailureClass.CONTENT_FILTER,
}


@dataclass(frozen=True)
class Said:
    """What an answer says, each kind in one piece."""

    text: str
    reasoning: str
    calls: list[tuple[str, str]]


def said(answer: Answer) -> Said:
    text = "".join(part.text for part in answer.parts if isinstance(part, Text))
    reasoning = "".join(part.text for part in answer.parts if isinstance(part, Reasoning))
    return Said(text, reasoning, [(part.name, part.arguments) for part in answer.parts if isinstance(part, ToolUse)])


def decoded(dialect: ProviderDialect, stream: bytes) -> list[Event]:
    decoder = dialect.decoder()
    return [new for event in dialect.framing.split(stream) for new in decoder.read(event)]


def folded(dialect: ProviderDialect, stream: bytes) -> Answer:
    return fold(decoded(dialect, stream))


def relayed(dialect: ProviderDialect, pieces: list[bytes]) -> tuple[TranslatingRelay, bytes]:
    """As the gateway pumps, to a client of OpenAI's dialect: nothing is read after the end mark."""
    relay = TranslatingRelay(dialect, openai_chat.encoder(ChatRequest("m", {}, wants_usage=True)))
    out = b""
    for piece in pieces:
        out += relay.feed(piece)
        if relay.whole or relay.broken:
            return relay, out
    return relay, out + relay.finish()


def splits(dialect: ProviderDialect, stream: bytes) -> Iterator[list[bytes]]:
    """At once, event by event, in small even pieces, and in uneven ones."""
    yield [stream]
    yield dialect.framing.split(stream)
    for size in (1, 7, 64, 1000):
        yield [stream[place : place + size] for place in range(0, len(stream), size)]
    dice, places = Random(stream), [0]  # the same cuts every time
    while places[-1] < len(stream):
        places.append(places[-1] + dice.randint(1, 300))
    yield [stream[start:end] for start, end in pairwise(places)]
