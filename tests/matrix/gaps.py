"""The cells that cannot be, each with what happens instead and why: the one table that docs/matrix.md is written from.

A cell that is not here works as its feature says. Every gap is tested too: nothing is lost without being named.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

ANY = "*"


class Kind(Enum):
    """What a gap looks like. The value is its mark in the table."""

    NO_WORD = "\N{EN DASH}"  # the caller's dialect has no way to ask for it
    REFUSED = "✗"  # status 400, with the name of what cannot be said
    DROPPED = "◐"  # an answer without it, and its name in x-llmgw-dropped
    UNTOLD = "○"  # the provider's dialect has no sign for it


@dataclass(frozen=True, slots=True)
class Gap:
    """`client` and `column` may be `*`. `names` are what a caller of Chat Completions is told: see `told_to`."""

    client: str
    column: str
    feature: str
    kind: Kind
    reason: str
    names: tuple[str, ...] = ()


# What other callers call the same.
WORDS: Mapping[str, Mapping[str, str]] = {
    "openai_responses": {
        "response_format": "text.format", "reasoning_effort": "reasoning", "messages.image": "input.image",
    },
    "anthropic_messages": {
        "response_format": "output_config.format", "reasoning_effort": "thinking", "stop": "stop_sequences",
    },
    "gemini_generate": {
        "response_format": "generationConfig.responseJsonSchema", "reasoning_effort": "generationConfig.thinkingConfig",
        "stop": "generationConfig.stopSequences", "messages.image": "contents.image",
    },
}  # fmt: skip

PROMPT_ONLY = "legacy completions are a prompt and a text"

GAPS: tuple[Gap, ...] = (
    Gap("openai_completions", ANY, "tools", Kind.NO_WORD, PROMPT_ONLY),
    Gap("openai_completions", ANY, "parallel tools", Kind.NO_WORD, PROMPT_ONLY),
    Gap("openai_completions", ANY, "tool results", Kind.NO_WORD, PROMPT_ONLY),
    Gap("openai_completions", ANY, "images", Kind.NO_WORD, PROMPT_ONLY),
    Gap("openai_completions", ANY, "JSON schema", Kind.NO_WORD, PROMPT_ONLY),
    Gap("openai_completions", ANY, "reasoning", Kind.NO_WORD, PROMPT_ONLY),
    Gap("openai_responses", ANY, "stop", Kind.NO_WORD, "Responses knows no stop sequences"),
    Gap(ANY, "openai_responses", "stop", Kind.REFUSED, "Responses knows no stop sequences", ("stop",)),
    Gap(ANY, "openai_completions", "tools", Kind.REFUSED, PROMPT_ONLY, ("tools",)),
    Gap(ANY, "openai_completions", "parallel tools", Kind.REFUSED, PROMPT_ONLY, ("tools",)),
    Gap(ANY, "openai_completions", "tool results", Kind.REFUSED, PROMPT_ONLY, ("tools",)),
    Gap(ANY, "openai_completions", "images", Kind.REFUSED, PROMPT_ONLY, ("messages.image",)),
    Gap(ANY, "openai_completions", "JSON schema", Kind.REFUSED, PROMPT_ONLY, ("response_format",)),
    Gap(ANY, "openai_completions", "reasoning", Kind.DROPPED, PROMPT_ONLY, ("reasoning_effort",)),
    Gap(ANY, "cohere_chat", "filter", Kind.UNTOLD, "Cohere's answers have no such end"),
    Gap(ANY, "ollama_chat", "filter", Kind.UNTOLD, "Ollama's answers have no such end"),
)


def told_to(client: str, names: Iterable[str]) -> list[str]:
    """The names in the words of this caller."""
    return [WORDS.get(client, {}).get(name, name) for name in names]


def gap_of(client: str, column: str, feature: str) -> Gap | None:
    """The first that fits."""
    return next(_fitting(client, column, feature), None)


def _fitting(client: str, column: str, feature: str) -> Iterator[Gap]:
    for gap in GAPS:
        if gap.feature == feature and gap.client in (client, ANY) and gap.column in (column, ANY):
            yield gap
