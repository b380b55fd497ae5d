import pytest

from llmgw.chat.conversation import Conversation, Effort
from llmgw.dialects.cohere_chat.thinking import takes_thinking, takes_thoughts, write_thinking

REASONER = "command-a-reasoning-08-2025"


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("command", False),
        ("command-r", False),
        ("command-r-plus-08-2024", False),
        ("command-r7b-12-2024", False),
        ("command-a-03-2025", False),
        ("command-a-vision-07-2025", False),
        ("c4ai-aya-expanse-32b", False),
        (REASONER, True),
        ("command-a-plus-05-2026", True),
        ("command-b-2027", True),
    ],
)
def test_older_models_do_not_think(model: str, takes: bool) -> None:
    assert takes is takes_thinking(model)


@pytest.mark.parametrize(
    ("effort", "told"),
    [
        (None, None),
        (Effort("none"), {"type": "disabled"}),
        (Effort("low"), {"type": "enabled", "token_budget": 1024}),
        (Effort("medium"), {"type": "enabled", "token_budget": 4096}),
        (Effort("high"), {"type": "enabled"}),
        (Effort(), {"type": "enabled"}),
        (Effort(budget_tokens=500), {"type": "enabled", "token_budget": 500}),
    ],
)
def test_a_word_is_a_budget(effort: Effort | None, told: dict[str, object] | None) -> None:
    assert told == write_thinking(effort, REASONER)
    assert write_thinking(effort, "command-r") is None


def test_thoughts_are_taken_back_where_they_are_wanted() -> None:
    def takes(model: str, effort: Effort | None) -> bool:
        return takes_thoughts(Conversation(model="m", messages=(), effort=effort), model)

    assert [takes(REASONER, None), takes(REASONER, Effort("none")), takes("command-r", None)] == [True, False, False]
