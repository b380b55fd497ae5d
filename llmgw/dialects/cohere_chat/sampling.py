"""How the next token is chosen: Cohere's names, within Cohere's bounds. What is out of them would be refused."""

from collections.abc import Callable

from llmgw.chat.conversation import Sampling

P_MIN, P_MAX = 0.01, 0.99
K_MAX = 500
PENALTY_MAX = 1.0
# OpenAI's names for fields, and what they are called here.
WORDS = {"top_p": "p", "top_k": "k", "stop": "stop_sequences", "max_completion_tokens": "max_tokens"}


_BOUNDS = {
    "top_p": (P_MIN, P_MAX),
    "top_k": (0, K_MAX),
    "frequency_penalty": (0.0, PENALTY_MAX),
    "presence_penalty": (0.0, PENALTY_MAX),
}


def write_sampling(sampling: Sampling, drop: Callable[[str], object]) -> dict[str, object]:
    """The fields; None where nothing was said. `drop` is told the names of those that were brought within bounds."""
    fields: dict[str, object] = {"temperature": sampling.temperature, "seed": sampling.seed}
    for name, (least, most) in _BOUNDS.items():
        value = getattr(sampling, name)
        within = _within(value, least, most)
        if within != value:
            drop(name)
        fields[WORDS.get(name, name)] = within
    return fields


def _within(value: float | None, least: float, most: float) -> float | None:
    return None if value is None else max(least, min(value, most))
