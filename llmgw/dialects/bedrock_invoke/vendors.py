"""How the vendors behind InvokeModel answer, each in its own words: the text, why it ended, and what it used.

The same word means the same in an answer at once and in a stream, where it is about the piece. Titan: `outputText`;
Llama: `generation`; Mistral: `outputs`; Cohere: `generations`, `text`; AI21: `completions`; `choices` for who took
OpenAI's words; Claude before Messages: `completion`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from llmgw.chat.events import Finish, Finished, finished_by
from llmgw.chat.openai_words import FINISHES, count, read_usage
from llmgw.chat.usage import Usage

METRICS = "amazon-bedrock-invocationMetrics"
HUMAN = "\n\nHuman:"  # before Messages every turn of Claude ended where the next one began

Json = dict[str, Any]

# Beside the words that OpenAI has, in lower case.
_FINISHES = {
    **FINISHES,
    "complete": Finish.STOP,
    "finish": Finish.STOP,
    "finished": Finish.STOP,
    "stop_criteria_met": Finish.STOP,
    "endoftext": Finish.STOP,
    "error_toxic": Finish.CONTENT_FILTER,
    "error_limit": Finish.LENGTH,
}


class Said(NamedTuple):
    """What one answer says, or one event of a stream. `finish` is empty until the end."""

    text: str = ""
    finish: str = ""
    stop: str = ""

    @property
    def end(self) -> Finished:
        """The sequence at which it stopped matters only where that is the reason."""
        if self.stop == HUMAN:
            return Finished(Finish.STOP)
        end = finished_by(self.finish.lower(), _FINISHES)
        return Finished(end.reason, self.stop) if end.reason is Finish.STOP_SEQUENCE else end


def read(told: Json) -> Said | None:
    """None: in the words of nobody whom we know."""
    return next((reader(told) for word, reader in _READERS.items() if word in told), None)


def usage_of(told: Json) -> Usage | None:
    """AWS's own count, where it tells it, else the vendor's."""
    metrics = told.get(METRICS)
    if isinstance(metrics, dict):
        return _of_metrics(metrics)
    if told.get("prompt_token_count") is not None:
        return Usage(count(told, "prompt_token_count"), count(told, "generation_token_count"))
    if told.get("inputTextTokenCount") is not None and "results" in told:
        return Usage(count(told, "inputTextTokenCount"), count(_first(told, "results"), "tokenCount"))
    return read_usage(told.get("usage"))


def _of_metrics(metrics: Json) -> Usage:
    """What was cached stands beside the rest."""
    read, written = count(metrics, "cacheReadInputTokenCount"), count(metrics, "cacheWriteInputTokenCount")
    return Usage(
        input_tokens=count(metrics, "inputTokenCount") + read + written,
        output_tokens=count(metrics, "outputTokenCount"),
        cached_input_tokens=read,
        cache_write_input_tokens=written,
    )


def _claude(told: Json) -> Said:
    return Said(_text(told, "completion"), _text(told, "stop_reason"), _text(told, "stop"))


def _titan(told: Json) -> Said:
    return Said(_text(told, "outputText"), _text(told, "completionReason"))


def _llama(told: Json) -> Said:
    return Said(_text(told, "generation"), _text(told, "stop_reason"))


def _mistral(told: Json) -> Said:
    output = _first(told, "outputs")
    return Said(_text(output, "text"), _text(output, "stop_reason"))


def _cohere(told: Json) -> Said:
    """The last event of a chat repeats all of it."""
    text = "" if told.get("event_type") == "stream-end" else _text(told, "text")
    return Said(text, _text(told, "finish_reason"))


def _jurassic(told: Json) -> Said:
    completion = _first(told, "completions")
    return Said(_text(_object(completion, "data"), "text"), _text(_object(completion, "finishReason"), "reason"))


def _choices(told: Json) -> Said:
    choice = _first(told, "choices")
    message = _object(choice, "delta") or _object(choice, "message")
    text = _text(message, "content") or _text(choice, "text")
    return Said(text, _text(choice, "finish_reason") or _text(choice, "stop_reason"))


# By the word that only one of them has; the first that is there decides. One answer is all that was asked for.
_READERS: dict[str, Callable[[Json], Said]] = {
    "completion": _claude,
    "outputText": _titan,
    "results": lambda told: _titan(_first(told, "results")),
    "generation": _llama,
    "outputs": _mistral,
    "generations": lambda told: _cohere(_first(told, "generations")),
    "completions": _jurassic,
    "choices": _choices,
    "event_type": _cohere,
    "text": _cohere,
    "is_finished": _cohere,
}


def _text(told: Json, name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _first(told: Json, name: str) -> Json:
    value = told.get(name)
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def _object(told: Json, name: str) -> Json:
    value = told.get(name)
    return value if isinstance(value, dict) else {}
