"""Thoughts are found wherever a provider or a client puts them, and a signature only where it says whose it is."""

from typing import Any

import pytest

from llmgw.chat.conversation import Reasoning, ToolUse
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI
from llmgw.dialects.openai_chat.chunks import FullDelta
from llmgw.dialects.openai_chat.reasoning import (
    call_proofs,
    read_reasoning,
    write_call_proofs,
    write_details,
    write_reasoning,
)

CLAUDE, GEMINI, RESPONSES = "anthropic-claude-v1", "google-gemini-v1", "openai-responses-v1"
SIGNED = Reasoning("Hm", "sig", issuer=ANTHROPIC)
REDACTED = Reasoning(redacted="xyz", issuer=ANTHROPIC)


def detail(**fields: Any) -> dict[str, Any]:
    return {"type": "reasoning.text", "format": CLAUDE, **fields}


def encrypted(data: str = "enc", **fields: Any) -> dict[str, Any]:
    return {"type": "reasoning.encrypted", "data": data, **fields}


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
        ({"reasoning_details": [detail(signature="sig")]}, [Reasoning("", "sig", issuer=ANTHROPIC)]),
        ({"reasoning_details": [detail(text="Hm", signature="sig"), detail(data="xyz")]}, [SIGNED, REDACTED]),
        ({"reasoning_content": "Hm", "reasoning_details": [detail(data="xyz")]}, [Reasoning("Hm"), REDACTED]),
        ({"reasoning_details": [encrypted(format=RESPONSES)]}, [Reasoning(signature="enc", issuer=OPENAI)]),
        (
            {"reasoning_details": [encrypted(format=RESPONSES, id="rs_1")]},
            [Reasoning(signature="rs_1 enc", issuer=OPENAI)],
        ),
        (
            {"reasoning_details": [detail(text="Hm", format=GEMINI, index=0), encrypted(format=GEMINI, index=0)]},
            [Reasoning("Hm", "enc", issuer=GOOGLE)],
        ),
        (
            {"reasoning_details": [detail(text="Hm", format=GEMINI, index=0), encrypted(format=GEMINI, index=1)]},
            [Reasoning("Hm", issuer=GOOGLE), Reasoning(signature="enc", issuer=GOOGLE)],
        ),
        ({"reasoning_details": [encrypted(format="xai-v1")]}, [Reasoning(signature="enc", issuer="xai-v1")]),
        ({"reasoning_details": [encrypted(), encrypted(format="unknown")]}, []),
        ({"reasoning_details": [detail(text="Hm", signature="sig", format=None)]}, [Reasoning("Hm")]),
        ({"reasoning_details": ["Hm", 5, {}]}, []),
    ],
)
def test_thoughts_are_read_in_every_accent(told: dict[str, Any], thoughts: list[Reasoning]) -> None:
    assert thoughts == list(read_reasoning(FullDelta(**told)))


def test_thoughts_are_written_so_that_they_read_back() -> None:
    thoughts = [
        SIGNED,
        REDACTED,
        Reasoning("And", "sig2", issuer=ANTHROPIC),
        Reasoning("Well", "sig3", issuer=GOOGLE),
        Reasoning("", "sig4", issuer=GOOGLE),
        Reasoning("Sum", "rs_1 sig5", issuer=OPENAI),
        Reasoning("Free"),
    ]
    written = write_reasoning(thoughts)

    assert written["reasoning_content"] == "Hm\n\nAnd\n\nWell\n\nSum\n\nFree"
    assert thoughts == list(read_reasoning(FullDelta(**written)))
    assert write_reasoning([]) == {}


@pytest.mark.parametrize(
    ("thought", "details"),
    [
        (Reasoning("Hm"), [{"type": "reasoning.text", "text": "Hm"}]),
        (Reasoning("", "sig", issuer=ANTHROPIC), [detail(signature="sig")]),
        (SIGNED, [detail(text="Hm", signature="sig")]),
        (REDACTED, [encrypted("xyz", format=CLAUDE)]),
        (
            Reasoning("Hm", "enc", issuer=GOOGLE),
            [detail(text="Hm", format=GEMINI), encrypted(format=GEMINI)],
        ),
        (
            Reasoning("Hm", "rs_1 enc", issuer=OPENAI),
            [
                {"type": "reasoning.summary", "summary": "Hm", "format": RESPONSES},
                encrypted(format=RESPONSES, id="rs_1"),
            ],
        ),
        (Reasoning(), []),
    ],
)
def test_details_say_what_there_is(thought: Reasoning, details: list[dict[str, Any]]) -> None:
    assert [{**told, "index": 3} for told in details] == list(write_details(thought, 3))


def test_pieces_of_the_same_index_are_one_thought() -> None:
    pieces = [detail(text="H", index=0, format=None), detail(text="m", index=0), detail(signature="sig", index=0)]
    told = FullDelta(reasoning_details=[*pieces, detail(text="Well", index=1), detail(data="xyz", index=2)])

    assert list(read_reasoning(told)) == [SIGNED, Reasoning("Well", issuer=ANTHROPIC), REDACTED]


def test_what_bears_the_id_of_a_call_is_the_calls() -> None:
    calls = [ToolUse("a", "f", "{}", "enc", OPENAI), ToolUse("b", "f", "{}", "sig", GOOGLE), ToolUse("c", "f", "{}")]
    told = list(write_call_proofs(calls))
    delta = FullDelta(reasoning_details=told, tool_calls=[{"id": "a"}, {"id": "b"}])

    assert told == [encrypted(id="a", format=RESPONSES)]
    assert (call_proofs(delta), list(read_reasoning(delta))) == ({"a": ("enc", OPENAI)}, [])
    assert [one["id"] for one in write_call_proofs(calls, googles=True)] == ["a", "b"]
    assert call_proofs(FullDelta(reasoning_details=told)) == {}
