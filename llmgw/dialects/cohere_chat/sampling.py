"""How the next token is chosen: Cohere's names, within Cohere's bounds. What is out of them would be refused."""

from llmgw.chat.conversation import Sampling

P_MIN, P_MAX = 0.01, 0.99
K_MAX = 500
PENALTY_MAX = 1.0
# OpenAI's names for fields, and what they are called here.
WORDS = {"top_p": "p", "top_k": "k", "stop": "stop_sequences", "max_completion_tokens": "max_tokens"}


def write_sampling(sampling: Sampling) -> dict[str, object]:
    """The fields; None where nothing was said."""
    return {
        "temperature": sampling.temperature,
        "p": _within(sampling.top_p, P_MIN, P_MAX),
        "k": None if sampling.top_k is None else max(0, min(sampling.top_k, K_MAX)),
        "seed": sampling.seed,
        "frequency_penalty": _within(sampling.frequency_penalty, 0.0, PENALTY_MAX),
        "presence_penalty": _within(sampling.presence_penalty, 0.0, PENALTY_MAX),
    }


def _within(value: float | None, least: float, most: float) -> float | None:
    return None if value is None else max(least, min(value, most))
