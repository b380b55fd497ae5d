"""Thoughts are found wherever a provider or a client puts them, and a signature only where it says whose it is."""

from typing import Any

import pytest

from llmgw.chat.conversation import Reasoning
from llmgw.dialects.openai_chat.chunks import FullDelta
from llmgw.dialects.openai_chat.reasoning import read_reasoning, write_detail, write_reasoning

CLAUDE = "anthropic-claude-v1"
SIGNED = Reasoning("Hm", "sig", issuer="anthropic_messages")
REDACTED = Reasoning(redacted="xyz", issuer="anthropic_messages")


def detail(**fields: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "format": CLAUDE, **fields}


@pytest.mark.parametrize(
    ("told", "thoughts"),
    [
        ({}, []),
        ({"reasoning": "", "reasoning_content": None, "reasoning_details": []}, []),
        ({"reasoning": {}, "reasoning_content": {}, "reasoning_details": {}}, []),
        ({"reasoning_content": "Hm"}, [Reasoning("Hm")]),
        ({"reasoning": "Hm"}, [Reasoning("Hm")]),
        ({"reasoning": "Hm", "reasoning_content": "Hm"}, [Reasoning("Hm")]),
        ({"reasoning": "Hm", "reasoning_details": [detail(text="Hm", format="unknown")]}, [Reasoning("Hm")]),
        ({"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm"}]}, [Reasoning("Hm")]),
        ({"reasoning_details": [detail(text="Hm", signature="sig")]}, [SIGNED]),
        ({"reasoning_content": "Hm", "reasoning_details": [detail(signature="sig")]}, [SIGNED]),
        ({"reasoning_details": [detail(signature="sig")]}, [Reasoning("", "sig", issuer="anthropic_messages")]),
        ({"reasoning_details": [detail(text="Hm", signature="sig"), detail(data="xyz")]}, [SIGNED, REDACTED]),
        ({"reasoning_content": "Hm", "reasoning_details": [detail(data="xyz")]}, [Reasoning("Hm"), REDACTED]),
        (
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": "xyz", "format": "openai-responses-v1"}]},
            [],
        ),
        ({"reasoning_details": [detail(text="Hm", signature="sig", format=None)]}, [Reasoning("Hm")]),
        ({"reasoning_details": ["Hm", 5, {}]}, []),
    ],
)
def test_thoughts_are_read_in_every_accent(told: dict[str, Any], thoughts: list[Reasoning]) -> None:
    assert thoughts == list(read_reasoning(FullDelta(**told)))


def test_thoughts_are_written_so_that_they_read_back() -> None:
    thoughts = [SIGNED, REDACTED, Reasoning("And", "sig2", issuer="anthropic_messages")]
    written = write_reasoning(thoughts)

    assert written["reasoning_content"] == "Hm\n\nAnd"
    assert thoughts == list(read_reasoning(FullDelta(**written)))
    assert write_reasoning([]) == {}


@pytest.mark.parametrize(
    ("thought", "fields"),
    [
        (Reasoning("Hm"), {"text": "Hm"}),
        (Reasoning("", "sig"), {"signature": "sig"}),
        (Reasoning("Hm", "sig"), {"text": "Hm", "signature": "sig"}),
        (REDACTED, {"type": "reasoning.encrypted", "data": "xyz"}),
    ],
)
def test_a_detail_says_what_there_is(thought: Reasoning, fields: dict[str, Any]) -> None:
    assert {**detail(index=3), **fields} == write_detail(thought, 3)


def test_pieces_of_the_same_index_are_one_thought() -> None:
    pieces = [detail(text="H", index=0), detail(text="m", index=0), detail(signature="sig", index=0)]
    told = FullDelta(reasoning_details=[*pieces, detail(text="Well", index=1), detail(data="xyz", index=2)])

    assert list(read_reasoning(told)) == [SIGNED, Reasoning("Well", issuer="anthropic_messages"), REDACTED]
