import pytest

from llmgw.chat.conversation import Effort
from llmgw.dialects.ollama_chat.thinking import write_think


@pytest.mark.parametrize(
    ("effort", "most", "gpt_oss"),
    [
        (None, None, None),
        (Effort("none"), False, False),
        (Effort("minimal"), True, "low"),
        (Effort("low"), True, "low"),
        (Effort("medium"), True, "medium"),
        (Effort("high"), True, "high"),
        (Effort("xhigh"), True, "high"),
        (Effort(), True, "medium"),
        (Effort(budget_tokens=1000), True, "low"),
        (Effort(budget_tokens=5000), True, "medium"),
        (Effort(budget_tokens=30000), True, "high"),
    ],
)
def test_only_gpt_oss_takes_a_word(effort: Effort | None, most: bool | None, gpt_oss: bool | str | None) -> None:
    assert (most, gpt_oss) == (write_think(effort, "qwen3:8b"), write_think(effort, "gpt-oss:20b"))
