"""A whole answer: read from any provider, written as OpenAI would."""

from collections.abc import Iterator

import msgspec

from llmgw.chat import events
from llmgw.chat.answer import Answer
from llmgw.chat.conversation import Refusal, Text
from llmgw.chat.events import Event, Finish
from llmgw.chat.openai_words import read_usage, write_usage
from llmgw.dialects.openai_completions.chunks import Chunk, end_of, is_first, text_of, whole

UNNAMED = "cmpl-llmgw"  # the id of an answer to which the provider gave none
OBJECT = "text_completion"


def read_events(body: bytes) -> list[Event]:
    """Raises UpstreamProtocolError if it is no answer, or an error: then with its class."""
    return list(_events(whole(body)))


def write_answer(answer: Answer, created_s: int = 0) -> bytes:
    """The completion for a client. Thoughts have no place in it."""
    text = "".join(part.text for part in answer.parts if isinstance(part, Text | Refusal))
    choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish_word(answer.finish)}
    usage = {} if answer.usage is None else {"usage": write_usage(answer.usage)}
    return msgspec.json.encode(
        {
            "id": answer.id or UNNAMED,
            "object": OBJECT,
            "created": created_s,
            "model": answer.model,
            "choices": [choice],
            **usage,
        }
    )


def finish_word(finish: Finish | None) -> str:
    """There are only these three."""
    if finish is Finish.LENGTH:
        return "length"
    return "content_filter" if finish in (Finish.CONTENT_FILTER, Finish.REFUSAL) else "stop"


def _events(completion: Chunk) -> Iterator[Event]:
    """An answer at once that names no reason has ended all the same."""
    yield events.Started(text_of(completion.id), text_of(completion.model))
    end = events.Finished(Finish.STOP)
    for choice in filter(is_first, completion.choices or ()):
        if text_of(choice.text):
            yield events.TextDelta(choice.text)
        end = end_of(choice)
    usage = read_usage(completion.usage, completion.service_tier)
    if usage is not None:
        yield events.UsageTold(usage)
    yield end
