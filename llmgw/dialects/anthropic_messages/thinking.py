"""How much to think, as it is on the wire: a budget of tokens, or a word for a model that adapts."""

from typing import Any

import msgspec

from llmgw.chat.claude.thinking import NOT_AT_ALL
from llmgw.chat.conversation import Effort


class Thinking(msgspec.Struct):
    """`thinking` as it is on the wire."""

    type: str
    budget_tokens: int | None = None
    display: str | None = None


class OutputConfig(msgspec.Struct):
    """`output_config` as it is on the wire."""

    effort: str | None = None
    format: Any = None


def read_effort(thinking: Thinking | None, config: OutputConfig | None) -> Effort | None:
    """None: nothing was said."""
    level = (config.effort if config else None) or ""
    if thinking is None:
        return Effort(level) if level else None
    if thinking.type in ("disabled", "between_tools"):
        return Effort(NOT_AT_ALL)
    shown = None if thinking.display is None else thinking.display != "omitted"
    return Effort(level, thinking.budget_tokens, shown)
