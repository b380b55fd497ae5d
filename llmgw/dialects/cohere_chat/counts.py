"""Usage in Cohere's words: what the model has read and written, and what of it is billed.

The first is told, as with everybody else: it has the template and the tools in it. The second stands in where it is
missing, as in the oldest answers.
"""

from typing import Any

from llmgw.chat.events import Event, UsageTold
from llmgw.chat.openai_words import count
from llmgw.chat.usage import Usage


def read_usage(told: Any) -> list[Event]:
    """Nothing, if nothing was counted."""
    if not isinstance(told, dict):
        return []
    tokens = told.get("tokens") or told.get("billed_units")
    if not isinstance(tokens, dict) or not ("input_tokens" in tokens or "output_tokens" in tokens):
        return []
    usage = Usage(
        input_tokens=count(tokens, "input_tokens"),
        output_tokens=count(tokens, "output_tokens"),
        cached_input_tokens=count(told, "cached_tokens"),
        reasoning_tokens=count(tokens, "reasoning_tokens"),
    )
    return [UsageTold(usage)]
