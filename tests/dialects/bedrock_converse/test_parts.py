"""Messages in the order and of the form that Bedrock takes."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolResult,
    ToolUse,
)
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.dialects.bedrock_converse.parts import Writing, tool_id, write_messages
from llmgw.errors import InvalidRequestError
from tests.dialects.bedrock_converse.wire import CLAUDE, HELLO, LLAMA, NOVA, assistant, user


def said(*messages: Message, model: str = CLAUDE) -> tuple[list[dict[str, Any]], list[str]]:
    writing = Writing(model, [])
    return msgspec.json.decode(msgspec.json.encode(write_messages(messages, writing))), writing.unsaid


def content(*parts: Part, model: str = CLAUDE) -> tuple[list[dict[str, Any]], list[str]]:
    turns, unsaid = said(HELLO, assistant(*parts), HELLO, model=model)
    return [block for turn in turns if turn["role"] == "assistant" for block in turn["content"]], unsaid


@pytest.mark.parametrize(
    ("part", "blocks"),
    [
        (Text("Hi"), [{"text": "Hi"}]),
        (Text("Hi", "5m"), [{"text": "Hi"}, {"cachePoint": {"type": "default"}}]),
        (Text("Hi", "1h"), [{"text": "Hi"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]),
        (Text(" \n", "5m"), []),
        (Refusal("No."), [{"text": "No."}]),
        (ToolUse("t", "f", '{"a":1}'), [{"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}}]),
        (ToolUse("t", "f", ""), [{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}]),
        (Image("image/png", "AA=="), [{"image": {"format": "png", "source": {"bytes": "AA=="}}}]),
        (Audio("AA==", "mp3"), [{"audio": {"format": "mp3", "source": {"bytes": "AA=="}}}]),
        (
            Reasoning("Hm", "s", issuer=ANTHROPIC),
            [{"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "s"}}}],
        ),
        (
            Reasoning(redacted="RXU=", issuer=ANTHROPIC),
            [{"reasoningContent": {"redactedContent": b64encode(b"RXU=").decode()}}],
        ),
        (Reasoning("Hm", "s", issuer=GOOGLE), []),
        (Reasoning("Hm"), []),
    ],
)
def test_each_part_is_a_block(part: Part, blocks: list[dict[str, Any]]) -> None:
    assert (blocks, []) == content(part)


def test_thoughts_of_claude_go_to_no_other_model() -> None:
    assert content(Reasoning("Hm", "s", issuer=ANTHROPIC), model=NOVA) == ([], [])


def test_citations_stay_behind_and_are_named() -> None:
    assert content(Text("Hi", citations=({"type": "x"},))) == ([{"text": "Hi"}], ["messages.annotations"])


def test_neighbours_of_a_role_are_one_message_and_the_user_begins() -> None:
    turns, _ = said(assistant(Text("a")), user(Text("b")), user(Text("c")), assistant(Reasoning("x")), user(Text("d")))

    assert turns == [
        {"role": "user", "content": [{"text": "(continued)"}]},
        {"role": "assistant", "content": [{"text": "a"}]},
        {"role": "user", "content": [{"text": "b"}, {"text": "c"}, {"text": "d"}]},
    ]


def test_instructions_amid_the_conversation_are_the_users_text_in_a_tag() -> None:
    turns, _ = said(HELLO, Message(Role.SYSTEM, (Text("Be brief."), Text(" "))))

    assert turns[0]["content"][1:] == [{"text": "<system>\nBe brief.\n</system>"}]


def test_results_of_tools_stand_first() -> None:
    turns, unsaid = said(user(Text("So?"), ToolResult("t", (Text("4"),))))

    assert turns[0]["content"] == [{"toolResult": {"toolUseId": "t", "content": [{"text": "4"}]}}, {"text": "So?"}]
    assert list(unsaid) == ["messages.order"]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (ToolResult("t", ()), {"content": [{"text": "(empty)"}]}),
        (ToolResult("t", (Text(" "),)), {"content": [{"text": "(empty)"}]}),
        (ToolResult("t", (Text("no"),), is_error=True), {"content": [{"text": "no"}], "status": "error"}),
        (
            ToolResult("t", (Text("a"), Image("image/png", "AA=="))),
            {"content": [{"text": "a"}, {"image": {"format": "png", "source": {"bytes": "AA=="}}}]},
        ),
    ],
)
def test_a_result_always_says_something(result: ToolResult, expected: dict[str, Any]) -> None:
    turns, unsaid = said(user(result))

    assert turns[0]["content"] == [{"toolResult": {"toolUseId": "t", **expected}}]
    assert unsaid == []


def test_that_a_tool_failed_is_told_to_those_who_listen() -> None:
    turns, unsaid = said(user(ToolResult("t", (Text("no"),), is_error=True)), model=LLAMA)

    assert "status" not in turns[0]["content"][0]["toolResult"]
    assert unsaid == ["is_error"]


@pytest.mark.parametrize(
    "result", [ToolResult("t", (Text("a", "5m"), Text("b"))), ToolResult("t", (Text("a"),), cache="5m")]
)
def test_a_mark_inside_of_a_result_stands_after_it(result: ToolResult) -> None:
    turns, _ = said(user(result))

    assert turns[0]["content"][1:] == [{"cachePoint": {"type": "default"}}]
    assert all("cachePoint" not in block for block in turns[0]["content"][0]["toolResult"]["content"])


def test_beside_a_document_there_is_a_text() -> None:
    file = File("a.txt", "text/plain", "AA==")

    assert said(user(file))[0][0]["content"][1:] == [{"text": "(attached)"}]
    assert len(said(user(file, Text("Read.")))[0][0]["content"]) == 2


def test_documents_of_all_messages_have_different_names() -> None:
    file = File("a.txt", "text/plain", "AA==")
    turns, _ = said(user(file, Text("Read.")), assistant(Text("ok")), user(Text("And"), file, ToolResult("t", (file,))))
    last = turns[2]["content"]

    assert turns[0]["content"][0]["document"]["name"] == "a"
    assert [last[0]["toolResult"]["content"][0]["document"]["name"], last[2]["document"]["name"]] == ["a 2", "a 3"]


def test_a_last_turn_of_the_assistant_goes_to_those_who_go_on_from_it() -> None:
    last = assistant(Text("The answer is \n"))

    assert said(HELLO, last)[0][-1]["content"] == [{"text": "The answer is"}]
    assert said(HELLO, last, model=NOVA)[0][-1] == {"role": "user", "content": [{"text": "(continue)"}]}
    assert said(HELLO, last, model=NOVA)[1] == ["messages.prefill"]


def test_a_speakers_name_cannot_be_said() -> None:
    assert said(Message(Role.USER, (Text("Hi"),), "ann"))[1] == ["messages.name"]


def test_arguments_that_are_no_object_are_the_callers_fault() -> None:
    with pytest.raises(InvalidRequestError, match="no JSON object"):
        content(ToolUse("t", "f", "[1]"))


@pytest.mark.parametrize("given", ["tooluse_Ze_bgl9CSqu8aJv7XD-_Dw", "a" * 64])
def test_an_id_that_is_plain_stays(given: str) -> None:
    assert tool_id(given) == given


@pytest.mark.parametrize("given", ["", "call:1", "functions.f:0", "a" * 65, "ü"])
def test_any_other_becomes_the_same_always(given: str) -> None:
    assert tool_id(given) == tool_id(given)
    assert tool_id(given).replace("_", "").replace("-", "").isalnum()
    assert len(tool_id(given)) <= 64
    assert tool_id("a" * 65) != tool_id("a" * 66)
