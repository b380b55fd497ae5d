"""How much to think, in the way that the model takes it; and no thinking where it would only be refused."""

from typing import Any

import pytest

from llmgw.chat.claude.thinking import below, write_effort
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

HELLO = Message(Role.USER, (Text("Hello"),))
CALL, RESULT = ToolUse("t", "f", "{}"), Message(Role.USER, (ToolResult("t", ()),))


def asking(effort: Effort | None, *messages: Message, **fields: Any) -> Conversation:
    return Conversation(model="m", messages=messages or (HELLO,), effort=effort, **fields)


@pytest.mark.parametrize(
    ("effort", "model", "thinking", "word"),
    [
        (None, "claude-opus-5", None, ""),
        (Effort("none"), "claude-opus-5", {"type": "disabled"}, ""),
        (Effort("none"), "claude-sonnet-5-5", {"type": "between_tools"}, ""),
        (Effort("none"), "claude-opus-5-5", None, "low"),
        (Effort("none"), "claude-opus-4-7", None, ""),
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
        (Effort("max"), "claude-sonnet-4-6", {"type": "adaptive"}, "max"),
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
    said = Message(Role.ASSISTANT, (Text("Well"),))
    over = asking(Effort("low"), HELLO, Message(Role.ASSISTANT, (CALL,)), RESULT, said, HELLO)
    going_on = asking(Effort("low"), HELLO, Message(Role.ASSISTANT, (CALL,)), RESULT, HELLO)

    assert write_effort(over, "claude-sonnet-4-5")[0] is not None
    assert write_effort(going_on, "claude-sonnet-4-5")[0] is None


@pytest.mark.parametrize(
    ("cap", "budget", "told"),
    [
        (5000, 4096, 4096),
        (4096, 4096, 2048),
        (16000, 16384, 8000),
        (1500, 4096, 1024),
        (1024, 1024, None),
        (9, 1024, None),
    ],
)
def test_a_budget_is_a_part_of_the_cap(cap: int, budget: int, told: int | None) -> None:
    fitted = below(cap, {"type": "enabled", "budget_tokens": budget})

    assert told == (fitted and fitted["budget_tokens"])


def test_what_has_no_budget_fits_any_cap() -> None:
    assert below(1, {"type": "adaptive"}) == {"type": "adaptive"}
    assert below(1, None) is None
