"""How much to think, in the way that the model takes it; and no thinking where it would only be refused."""

from typing import Any

import pytest

from llmgw.chat.conversation import (
    Conversation,
    Effort,
    Message,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
)
from llmgw.chat.signatures import ANTHROPIC
from llmgw.dialects.anthropic_messages.thinking import OutputConfig, Thinking, read_effort, write_effort

HELLO = Message(Role.USER, (Text("Hello"),))
CALL, RESULT = ToolUse("t", "f", "{}"), Message(Role.USER, (ToolResult("t", ()),))


def asking(effort: Effort | None, *messages: Message, **fields: Any) -> Conversation:
    return Conversation(model="m", messages=messages or (HELLO,), effort=effort, **fields)


@pytest.mark.parametrize(
    ("thinking", "config", "effort"),
    [
        (None, None, None),
        (None, OutputConfig(), None),
        (None, OutputConfig("low"), Effort("low")),
        (Thinking("disabled"), OutputConfig("low"), Effort("none")),
        (Thinking("enabled", 2048), None, Effort("", 2048)),
        (Thinking("adaptive"), OutputConfig("xhigh"), Effort("xhigh")),
        (Thinking("adaptive", display="summarized"), None, Effort(is_shown=True)),
        (Thinking("adaptive", display="omitted"), None, Effort(is_shown=False)),
    ],
)
def test_what_is_asked(thinking: Thinking | None, config: OutputConfig | None, effort: Effort | None) -> None:
    assert effort == read_effort(thinking, config)


@pytest.mark.parametrize(
    ("effort", "model", "thinking", "word"),
    [
        (None, "claude-opus-5", None, ""),
        (Effort("none"), "claude-opus-5", {"type": "disabled"}, ""),
        (Effort("none"), "claude-sonnet-4-5", None, ""),
        (Effort("minimal"), "claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 1024}, ""),
        (Effort("medium"), "claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 4096}, ""),
        (Effort("high"), "claude-3-7-sonnet", {"type": "enabled", "budget_tokens": 16384}, ""),
        (Effort(), "claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 4096}, ""),
        (Effort("", 10), "claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 1024}, ""),
        (Effort("", 3000), "claude-sonnet-4-6", {"type": "enabled", "budget_tokens": 3000}, ""),
        (Effort("high"), "claude-3-5-haiku", None, ""),
        (Effort("minimal"), "claude-sonnet-4-6", {"type": "adaptive"}, "low"),
        (Effort("xhigh"), "claude-sonnet-4-6", {"type": "adaptive"}, "high"),
        (Effort("xhigh"), "claude-opus-4-7", {"type": "adaptive"}, "xhigh"),
        (Effort(is_shown=True), "claude-opus-5", {"type": "adaptive", "display": "summarized"}, ""),
        (Effort("", 1024), "claude-opus-5", {"type": "adaptive"}, "low"),
        (Effort("", 4096), "claude-opus-5", {"type": "adaptive"}, "medium"),
        (Effort("", 32000), "claude-opus-5", {"type": "adaptive"}, "high"),
    ],
)
def test_as_the_model_takes_it(effort: Effort | None, model: str, thinking: Any, word: str) -> None:
    assert (thinking, word) == write_effort(asking(effort), model)


@pytest.mark.parametrize("choice", [ToolChoice(ToolMode.REQUIRED), ToolChoice(name="f")])
@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-5"])
def test_who_forces_a_tool_gets_no_thinking(choice: ToolChoice, model: str) -> None:
    asked = asking(Effort("low"), tools=(Tool("f"),), tool_choice=choice)

    assert write_effort(asked, model) == (None, "")


@pytest.mark.parametrize(
    ("parts", "thinks"),
    [
        ((CALL,), False),
        ((Reasoning("Hm", "s", issuer="gemini"), CALL), False),
        ((Reasoning("Hm", "s", issuer=ANTHROPIC), CALL), True),
        ((Reasoning(redacted="x", issuer=ANTHROPIC), CALL), True),
    ],
)
def test_in_a_tool_loop_it_thinks_only_with_the_thoughts_it_had(parts: Any, thinks: bool) -> None:
    asked = asking(Effort("low"), HELLO, Message(Role.ASSISTANT, parts), RESULT)

    assert thinks == (write_effort(asked, "claude-sonnet-4-5")[0] is not None)
    assert write_effort(asked, "claude-opus-5")[0] is not None


def test_a_loop_that_is_over_does_not_matter() -> None:
    asked = asking(Effort("low"), HELLO, Message(Role.ASSISTANT, (CALL,)), RESULT, HELLO)

    assert write_effort(asked, "claude-sonnet-4-5")[0] is not None
