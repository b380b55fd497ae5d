"""The items of an input as messages."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Message, Reasoning, Refusal, Role, Text, ToolResult, ToolUse
from llmgw.chat.signatures import ANTHROPIC, OPENAI
from llmgw.dialects.openai_responses.reading import InputReader, Turns
from llmgw.errors import InvalidRequestError

CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c", "output": "sunny"}
USE = ToolUse("c", "f", "{}")


def read(turns: Any) -> tuple[tuple[Text, ...], tuple[Message, ...], list[str]]:
    dropped: list[str] = []
    system, messages = InputReader(dropped.append).read(msgspec.convert(turns, Turns))
    return system, messages, dropped


def test_a_text_is_what_the_user_says() -> None:
    assert read("hi") == ((), (Message(Role.USER, (Text("hi"),)),), [])
    assert read("") == read(None) == read([]) == ((), (), [])


def test_instructions_at_the_start_are_the_systems_and_later_ones_stay_in_their_place() -> None:
    system, messages, _ = read(
        [
            {"role": "developer", "content": "a"},
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "b"}]},
            {"role": "user", "content": "c"},
            {"role": "developer", "content": "d"},
        ]
    )

    assert system == (Text("a"), Text("b"))
    assert messages == (Message(Role.USER, (Text("c"),)), Message(Role.SYSTEM, (Text("d"),)))


def test_what_a_model_said_in_one_turn_is_one_message() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "so"}]}
    said = {"role": "assistant", "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}]}
    _, messages, dropped = read(
        [
            {**thought, "encrypted_content": "gAAA"},
            {**said, "type": "message", "id": "msg_1", "status": "completed"},
            CALL,
            {**CALL, "call_id": "d", "arguments": {"a": 1}},
            RESULT,
            {**RESULT, "call_id": "d"},
            {"role": "user", "content": "and?"},
        ]
    )

    proved = Reasoning("so", "rs_1 gAAA", issuer=OPENAI)
    results = tuple(ToolResult(id_, (Text("sunny"),)) for id_ in "cd")
    assert messages == (
        Message(Role.ASSISTANT, (proved, Text("a"), Refusal("b"), USE, ToolUse("d", "f", '{"a":1}'))),
        Message(Role.USER, results),
        Message(Role.USER, (Text("and?"),)),
    )
    assert dropped == []


def test_results_may_have_parts() -> None:
    image = {"type": "input_image", "image_url": "https://a.example"}
    _, messages, _ = read([{**RESULT, "output": [{"type": "input_text", "text": "look"}, image]}])
    (result,) = messages[0].parts

    assert isinstance(result, ToolResult)
    assert [type(part).__name__ for part in result.parts] == ["Text", "Image"]


@pytest.mark.parametrize(
    ("item", "thoughts"),
    [
        ({"summary": [], "encrypted_content": "llmgw.anthropic.sig"}, (Reasoning("", "sig", issuer=ANTHROPIC),)),
        ({"content": [{"type": "reasoning_text", "text": "so"}], "summary": []}, (Reasoning("so"),)),
        ({"id": "rs_of_a_store", "summary": []}, ()),
    ],
)
def test_thoughts(item: dict[str, Any], thoughts: tuple[Reasoning, ...]) -> None:
    _, messages, _ = read([{"type": "reasoning", **item}, CALL])

    assert messages == (Message(Role.ASSISTANT, (*thoughts, USE)),)


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"type": "item_reference", "id": "msg_1"}, "input.item_reference"),
        ({"id": "msg_1"}, "input.item_reference"),
        ({"type": "custom_tool_call", "call_id": "c", "name": "n", "input": "x"}, "input.custom_tool_call"),
        (
            {"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot"}},
            "input.computer_call_output",
        ),
        ({"role": "assistant", "content": [], "phase": "commentary"}, "input.phase"),
        ({"role": "user", "content": [{"type": "of_tomorrow"}]}, "input.of_tomorrow"),
    ],
)
def test_what_has_no_word_is_named(item: dict[str, Any], name: str) -> None:
    *_, dropped = read([item])

    assert dropped == [name]


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"role": "robot", "content": "hi"}, "input[0].role"),
        ({"role": ["user"], "content": "hi"}, "input[0].role"),
        ({"role": "user", "content": 5}, "input[0].content"),
        ({"role": "user", "content": [{"text": "hi"}]}, "input[0].content[0].type"),
        ({"type": "function_call", "name": "f"}, "input[0].call_id"),
        ({"type": "function_call", "call_id": "c"}, "input[0].name"),
        ({"type": "function_call_output", "output": "x"}, "input[0].call_id"),
        ({"type": "function_call_output", "call_id": "c", "output": 5}, "input[0].output"),
    ],
)
def test_faults_name_their_place(item: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read([item])

    assert raised.value.param == param
