"""Messages cross with all that was said, in the order in which every provider takes it."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import (
    Audio,
    Conversation,
    Image,
    Message,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolResult,
    ToolUse,
)
from llmgw.chat.request import Edits
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI
from llmgw.dialects.openai_chat.messages import MessageReader, Turn, write_messages
from llmgw.errors import InvalidRequestError

CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USE = ToolUse("a", "f", "{}")
ASKED = Message(Role.USER, (Text("Hi"),))
PNG = Image("image/png", "iVBO")
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}


def read(*turns: dict[str, Any], drop: Any = pytest.fail) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
    return MessageReader(drop).read(msgspec.convert(turns, list[Turn]))


def one(**turn: Any) -> Message:
    _, (message,) = read(turn)
    return message


def written(
    *messages: Message,
    system: tuple[Text, ...] = (),
    drop: Any = pytest.fail,
    model: str = "up",
    thoughts: str = "",
) -> list[dict[str, object]]:
    edits = Edits(model, {}, {}, frozenset(), ask_usage=True, thoughts_field=thoughts)
    return write_messages(Conversation(model="m", messages=messages, system=system), edits, drop)


# Reading.


def test_instructions_at_the_start_are_the_system_and_later_ones_stay_where_they_are() -> None:
    system, messages = read(
        {"role": "system", "content": "a"},
        {"role": "developer", "content": [{"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "content": "Hi", "name": "ada"},
        {"role": "developer", "content": "c"},
    )

    assert system == (Text("a"), Text("b", "5m"))
    assert messages == (Message(Role.USER, (Text("Hi"),), "ada"), Message(Role.SYSTEM, (Text("c"),)))


def test_an_assistant_thinks_speaks_refuses_and_calls() -> None:
    message = one(role="assistant", reasoning_content="Hm", content="Hi", refusal="No", tool_calls=[CALL], name="bot")

    assert message == Message(Role.ASSISTANT, (Reasoning("Hm"), Text("Hi"), Refusal("No"), USE), "bot")


def test_signatures_keep_their_issuer() -> None:
    detail = {"type": "reasoning.text", "text": "Hm", "signature": "sig", "format": "anthropic-claude-v1"}

    assert one(role="assistant", reasoning_details=[detail]).parts == (Reasoning("Hm", "sig", issuer=ANTHROPIC),)
    assert one(role="assistant", content=[{"type": "thinking", "thinking": "Hm"}]).parts == (Reasoning("Hm"),)


def test_signatures_of_calls_are_theirs_wherever_they_stand() -> None:
    googles = {**CALL, "extra_content": {"google": {"thought_signature": "sig"}}}
    encrypted = {"type": "reasoning.encrypted", "data": "enc", "format": "openai-responses-v1", "id": "b"}
    message = one(role="assistant", tool_calls=[googles, {**CALL, "id": "b"}], reasoning_details=[encrypted])

    assert message.parts == (ToolUse("a", "f", "{}", "sig", GOOGLE), ToolUse("b", "f", "{}", "enc", OPENAI))
    said = one(role="assistant", content="Hi", extra_content={"google": {"thought_signature": "sig"}})
    assert said.parts == (Text("Hi"), Reasoning(signature="sig", issuer=GOOGLE))


def test_results_are_parts_of_the_users_turn() -> None:
    content = [{"type": "text", "text": "x"}, PNG_PART]
    message = one(role="tool", tool_call_id="a", name="f", content=content, cache_control={"type": "ephemeral"})

    assert message == Message(Role.USER, (ToolResult("a", (Text("x"), PNG), "f", cache="5m"),))


def test_the_older_functions_get_ids_that_match() -> None:
    _, messages = read(
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "x"},
    )

    assert messages[1].parts == (ToolUse("call_1", "f", "{}"),)
    assert messages[2].parts == (ToolResult("call_1", (Text("x"),), "f"),)


def test_a_call_without_an_id_and_with_an_object_is_read() -> None:
    call = {"function": {"name": "f", "arguments": {"x": 1}}, "cache_control": {"ttl": "1h"}}

    assert one(role="assistant", tool_calls=[call]).parts == (ToolUse("call_0_0", "f", '{"x": 1}', cache="1h"),)


def test_a_mark_on_a_message_is_one_on_its_last_part() -> None:
    mark = {"type": "ephemeral"}

    assert one(role="user", content=["a", "b"], cache_control=mark).parts == (Text("a"), Text("b", "5m"))
    assert one(role="user", content=[], cache_control=mark).parts == ()
    audio = {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}
    assert one(role="user", content=[audio], cache_control=mark).parts == (Audio("UklG", "wav"),)


def test_what_has_no_word_is_named() -> None:
    dropped: list[str] = []
    turn = {"role": "assistant", "content": ["a", {"type": "video_url"}], "prefix": True, "audio": {"id": "x"}}
    _, (message,) = read({"role": "user"}, turn, drop=dropped.append)[1], read(turn, drop=lambda name: None)[1]

    assert message.parts == (Text("a"),)
    assert dropped == ["messages.audio", "messages.prefix", "messages.video"]


@pytest.mark.parametrize(
    ("turn", "param"),
    [
        ({"role": "narrator"}, "messages[1].role"),
        ({"role": "assistant", "tool_calls": [CALL, {"type": "custom", "custom": {}}]}, "messages[1].tool_calls[1]"),
        ({"role": "assistant", "tool_calls": [{"function": {}}]}, "messages[1].tool_calls[0]"),
    ],
)
def test_what_would_change_the_meaning_is_refused_with_its_place(turn: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read({"role": "user"}, turn)
    assert raised.value.param == param


# Writing.


def test_the_system_is_one_text_for_those_who_take_no_more() -> None:
    assert written(system=(Text("a"), Text("b", "5m"))) == [{"role": "system", "content": "a\n\nb"}]
    assert written(Message(Role.SYSTEM, (Text("c"),))) == [{"role": "system", "content": "c"}]


def test_one_text_is_a_string_and_more_are_parts() -> None:
    assert written(ASKED, Message(Role.USER, (Text("a"), PNG), "ada"), Message(Role.USER, ())) == [
        {"role": "user", "content": "Hi"},
        {"role": "user", "name": "ada", "content": [{"type": "text", "text": "a"}, PNG_PART]},
        {"role": "user", "content": ""},
    ]


def test_an_assistants_texts_are_one() -> None:
    assert written(Message(Role.ASSISTANT, (Text("a"), USE, Text("b")), "bot"), Message(Role.ASSISTANT, ())) == [
        {"role": "assistant", "name": "bot", "content": "ab", "tool_calls": [CALL]},
        {"role": "assistant", "content": ""},
    ]
    assert written(Message(Role.ASSISTANT, (USE,))) == [{"role": "assistant", "content": None, "tool_calls": [CALL]}]
    assert written(Message(Role.ASSISTANT, (Refusal("No"),))) == [
        {"role": "assistant", "content": None, "refusal": "No"}
    ]


THOUGHT = Message(Role.ASSISTANT, (Reasoning("Hm"), USE))
SIGNED = Message(Role.ASSISTANT, (Reasoning("So", "sig", issuer=ANTHROPIC), USE))
RESULT = Message(Role.USER, (ToolResult("a", (Text("x"),)),))
LOOP = (ASKED, THOUGHT, RESULT, ASKED, THOUGHT, RESULT, SIGNED, RESULT)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_the_text_of_thoughts_goes_back_within_a_loop_to_those_who_take_it(field: str) -> None:
    told = written(*LOOP, thoughts=field)

    assert [message.get(field) for message in told if message["role"] == "assistant"] == [None, "Hm", "So"]


def test_to_all_others_thoughts_do_not_go() -> None:
    assert {name for message in written(*LOOP) for name in message} == {"role", "content", "tool_calls", "tool_call_id"}


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (
            "anthropic/claude-sonnet-4.6",
            [{"type": "reasoning.text", "text": "So", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}],
        ),
        ("~anthropic/claude-sonnet-latest", [{"type": "reasoning.text", "text": "So", "signature": "sig"}]),
        ("google/gemini-3-pro", [{"type": "reasoning.encrypted", "data": "proof", "id": "a"}]),
        ("openrouter/auto", None),
    ],
)
def test_signatures_go_to_the_models_of_their_vendor(model: str, told: Any) -> None:
    call = ToolUse("a", "f", "{}", "proof", GOOGLE)
    message = Message(Role.ASSISTANT, (Reasoning("So", "sig", issuer=ANTHROPIC), call))
    (written_,) = written(message, model=model, thoughts="reasoning_details")
    details: Any = written_.get("reasoning_details")

    assert (details is None) == (told is None)
    assert all(expected.items() <= detail.items() for expected, detail in zip(told or [], details or [], strict=True))


def test_googles_signature_goes_back_to_its_models_in_its_place() -> None:
    call = Message(Role.ASSISTANT, (ToolUse("a", "f", "{}", "proof", GOOGLE),))
    proved = {**CALL, "extra_content": {"google": {"thought_signature": "proof"}}}

    assert written(call, model="gemini-3-pro")[0]["tool_calls"] == [proved]
    assert written(call)[0]["tool_calls"] == [CALL]


def test_results_come_first_and_what_is_no_text_in_them_follows() -> None:
    dropped: list[str] = []
    results = (ToolResult("a", (Text("x"), Text("y"))), ToolResult("b", (PNG,)))

    assert written(Message(Role.USER, (Text("Look"), *results)), drop=dropped.append) == [
        {"role": "tool", "tool_call_id": "a", "content": "x\ny"},
        {"role": "tool", "tool_call_id": "b", "content": ""},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Of the tool call b:"},
                PNG_PART,
                {"type": "text", "text": "Look"},
            ],
        },
    ]
    assert dropped == ["messages.order"]
    assert written(Message(Role.USER, (*results, Text("Look"))))[2]["role"] == "user"


def test_what_cannot_be_said_is_named() -> None:
    dropped: list[str] = []
    failed = Message(Role.USER, (ToolResult("a", (Text("x"),), is_error=True),))
    told = written(failed, Message(Role.ASSISTANT, (PNG,)), drop=dropped.append)

    assert dropped == ["is_error", "messages.image"]
    assert told[1] == {"role": "assistant", "content": ""}


def test_a_call_without_a_name_is_refused_at_its_place() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read({"role": "assistant", "content": None, "function_call": {"arguments": "{}"}})

    assert caught.value.param == "messages[0].function_call.name"


def result(told: str, id_: str | None = None) -> dict[str, Any]:
    return {"role": "tool", "content": told, **({"tool_call_id": id_} if id_ else {})}


def test_results_that_do_not_say_whose_they_are_answer_the_calls_in_order() -> None:
    calls = {"role": "assistant", "tool_calls": [{**CALL, "id": id_} for id_ in ("a", "b", "c")]}
    _, messages = read(calls, result("1"), result("2", "b"), result("3"), result("4"))

    assert [part.id for message in messages[1:] for part in message.parts if isinstance(part, ToolResult)] == [
        *("a", "b", "c"),
        "c",  # there is no other
    ]


def test_a_result_is_of_the_turn_before_it() -> None:
    calls = {"role": "assistant", "tool_calls": [CALL, {**CALL, "id": "b"}]}
    _, messages = read(calls, result("1", "a"), calls, result("2"))

    assert messages[-1] == Message(Role.USER, (ToolResult("a", (Text("2"),)),))


def test_citations_have_no_place_in_what_was_said_and_are_named() -> None:
    named: list[str] = []
    cited = Text("Hi", citations=({"url": "https://a.example"},))
    (turn,) = written(Message(Role.ASSISTANT, (cited,)), drop=named.append)
    read({"role": "assistant", "content": "Hi", "annotations": [{"type": "url_citation"}]}, drop=named.append)
    read({"role": "assistant", "content": "Hi", "annotations": []})

    assert turn == {"role": "assistant", "content": "Hi"}
    assert named == ["messages.annotations", "messages.annotations"]
