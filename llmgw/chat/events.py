"""What happens while a model answers: the same few events, whoever speaks.

Every decoder makes them, every encoder takes them, so a dialect needs to know no other.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from llmgw.chat.conversation import Json
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.usage import Usage


class Finish(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_USE = "tool_use"
    STOP_SEQUENCE = "stop_sequence"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"  # the provider wants the same conversation again, to go on


class Started(msgspec.Struct, frozen=True, gc=False):
    """The answer has begun. `model` is the provider's own name of it."""

    id: str = ""
    model: str = ""


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    text: str


class RefusalDelta(msgspec.Struct, frozen=True, gc=False):
    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False):
    """Text comes in pieces; a signature or redacted data comes whole, and ends the thought."""

    text: str = ""
    signature: str = ""
    redacted: str = ""
    issuer: str = ""  # of what is signed or redacted: see `signatures`


class ToolStarted(msgspec.Struct, frozen=True, gc=False):
    """`index` counts the calls of this answer from 0; the pieces of each bear it. No `id`: see `naming`."""

    index: int
    id: str
    name: str
    signature: str = ""
    issuer: str = ""


class ToolDelta(msgspec.Struct, frozen=True, gc=False):
    """The next piece of the arguments, as JSON text."""

    index: int
    arguments: str


class Cited(msgspec.Struct, frozen=True):
    """A citation in its dialect's own words, for the text before it."""

    citation: Json


class UsageTold(msgspec.Struct, frozen=True, gc=False):
    """So far: a later one replaces it, it is never added."""

    usage: Usage


class Finished(msgspec.Struct, frozen=True, gc=False):
    """Usage may still follow. `is_unknown`: it was told in a word that we do not know."""

    reason: Finish
    stop_sequence: str = ""
    is_unknown: bool = False


class Failed(msgspec.Struct, frozen=True):
    """An error where the answer should be, or amid it. Nothing follows."""

    error: ProviderError


Event = (
    Started
    | TextDelta
    | RefusalDelta
    | ReasoningDelta
    | ToolStarted
    | ToolDelta
    | Cited
    | UsageTold
    | Finished
    | Failed
)


def finished_by(
    word: str, finishes: Mapping[str, Finish], usual: Finish = Finish.STOP, stop_sequence: str = ""
) -> Finished:
    """What a dialect means by `word`: nothing said and a word that is not in its table are an end like any other.

    `usual`: what such an end comes to, after all that was said before it.
    """
    reason = finishes.get(word, Finish.STOP)
    return Finished(usual if reason is Finish.STOP else reason, stop_sequence, bool(word) and word not in finishes)


def is_content(event: Event) -> bool:
    """Whether the client would see something of it: the first such event is the commit point."""
    match event:
        case TextDelta(text) | RefusalDelta(text):
            return bool(text)
        case ReasoningDelta():
            return bool(event.text or event.redacted or event.signature)
        case ToolStarted():
            return True
        case _:
            return False
