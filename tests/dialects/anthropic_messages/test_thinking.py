"""How much to think, as a caller says it."""

import pytest

from llmgw.chat.conversation import Effort
from llmgw.dialects.anthropic_messages.thinking import OutputConfig, Thinking, read_effort


@pytest.mark.parametrize(
    ("thinking", "config", "effort"),
    [
        (None, None, None),
        (None, OutputConfig(), None),
        (None, OutputConfig("low"), Effort("low")),
        (Thinking("disabled"), OutputConfig("low"), Effort("none")),
        (Thinking("between_tools"), None, Effort("none")),
        (Thinking("enabled", 2048), None, Effort("", 2048)),
        (Thinking("adaptive"), OutputConfig("xhigh"), Effort("xhigh")),
        (Thinking("adaptive", display="summarized"), None, Effort(is_shown=True)),
        (Thinking("adaptive", display="omitted"), None, Effort(is_shown=False)),
    ],
)
def test_what_is_asked(thinking: Thinking | None, config: OutputConfig | None, effort: Effort | None) -> None:
    assert effort == read_effort(thinking, config)
