"""Marks of what may be cached: four at most, and only where the model takes them."""

from llmgw.chat.conversation import Text, Tool
from tests.dialects.bedrock_converse.wire import CLAUDE, LLAMA, NOVA, asking, user, written

MARK = {"cachePoint": {"type": "default"}}
MARKED = Text("a", "5m")
EVERYWHERE = asking(user(MARKED, MARKED), system=(MARKED, Text("b", "1h")), tools=(Tool("f"), Tool("g", cache="5m")))


def test_the_last_four_stay() -> None:
    body, unsaid = written(EVERYWHERE, CLAUDE)

    assert "cachePoint" not in body["toolConfig"]["tools"][-1]
    assert body["system"] == [{"text": "a"}, MARK, {"text": "b"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    assert body["messages"][0]["content"] == [{"text": "a"}, MARK, {"text": "a"}, MARK]
    assert unsaid == ("cache_control",)


def test_four_are_not_too_many() -> None:
    body, unsaid = written(asking(user(MARKED), system=(MARKED,), tools=(Tool("g", cache="5m"),)), CLAUDE)

    assert [body["toolConfig"]["tools"][-1], body["system"][-1], body["messages"][0]["content"][-1]] == [MARK] * 3
    assert unsaid == ()


def test_nova_takes_none_among_tools() -> None:
    body, unsaid = written(EVERYWHERE, NOVA)

    assert [block for block in body["toolConfig"]["tools"] if "cachePoint" in block] == []
    assert len([block for block in body["system"] if "cachePoint" in block]) == 2
    assert unsaid == ("cache_control",)


def test_most_models_take_none_at_all() -> None:
    body, unsaid = written(EVERYWHERE, LLAMA)

    assert "cachePoint" not in str(body)
    assert unsaid == ("cache_control",)
