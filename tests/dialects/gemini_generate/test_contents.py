"""The turns of a request, read."""

from typing import Any

import pytest

from llmgw.chat.conversation import Image, Message, Part, Reasoning, Role, Text, ToolResult, ToolUse
from llmgw.chat.signatures import ANTHROPIC, GOOGLE
from llmgw.dialects.gemini_generate.contents import ContentReader, listed
from llmgw.dialects.gemini_generate.proofs import write_proof
from tests.dialects.gemini_generate.wire import call, text, thought


def read(*contents: Any) -> tuple[tuple[Message, ...], list[str]]:
    beyond: list[str] = []
    return ContentReader(beyond).read(list(contents)), beyond


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def result(name: str, response: Any, **fields: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": response, **fields}}


def parts_of(content: dict[str, Any]) -> tuple[Part, ...]:
    ((message,), beyond) = read(content)
    assert beyond == []
    return message.parts


@pytest.mark.parametrize(
    "content",
    [user(text("Hi")), {"parts": [text("Hi")]}, {"parts": text("Hi")}, {"role": "user", "parts": ["Hi"]}, "Hi"],
)
def test_a_turn_of_the_user_in_all_its_forms(content: Any) -> None:
    assert read(content) == ((Message(Role.USER, (Text("Hi"),)),), [])


def test_roles() -> None:
    roles = [message.role for message in read(user(text("a")), model(text("b")), {"role": "function", "parts": []})[0]]

    assert roles == [Role.USER, Role.ASSISTANT, Role.USER]


def test_calls_without_an_id_get_one_and_results_find_it_by_name_and_order() -> None:
    messages, _ = read(
        model(call("f", {"a": 1}), call("g"), call("f", {"a": 2})),
        user(result("f", {"output": "1"}), result("f", {"output": "2"}), result("g", {"output": "3"})),
    )
    calls = [part for part in messages[0].parts if isinstance(part, ToolUse)]
    results = [part for part in messages[1].parts if isinstance(part, ToolResult)]

    assert [(one.name, one.arguments) for one in calls] == [("f", '{"a":1}'), ("g", "{}"), ("f", '{"a":2}')]
    assert len({one.id for one in calls}) == 3
    assert [(one.id, one.parts) for one in results] == [
        (calls[0].id, (Text("1"),)),
        (calls[2].id, (Text("2"),)),
        (calls[1].id, (Text("3"),)),
    ]


def test_ids_that_are_there_are_kept() -> None:
    messages, _ = read(
        model(call("f", id="a"), call("f", id="b"), call("f")),
        user(result("f", {}, id="b"), result("f", {}), result("f", {}), result("h", {})),
    )
    calls = [part.id for part in messages[0].parts if isinstance(part, ToolUse)]
    results = [part.id for part in messages[1].parts if isinstance(part, ToolResult)]

    assert (calls[:2], results) == (["a", "b"], ["b", "a", calls[2], "call_h"])


@pytest.mark.parametrize(
    ("response", "said", "is_error"),
    [
        ({"output": "sunny"}, "sunny", False),
        ({"result": "sunny"}, "sunny", False),
        ({"error": "no such city"}, "no such city", True),
        ({"output": {"t": 21}}, '{"output":{"t":21}}', False),
        ({"output": "a", "more": 1}, '{"output":"a","more":1}', False),
        ({}, "{}", False),
        ("sunny", "sunny", False),
        (None, "", False),
    ],
)
def test_what_a_function_gave(response: Any, said: str, *, is_error: bool) -> None:
    (part,) = parts_of(user(result("f", response)))

    assert isinstance(part, ToolResult)
    assert (part.parts, part.is_error, part.name) == ((Text(said),), is_error, "f")


def test_a_result_may_be_an_image() -> None:
    image = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    (part,) = parts_of(user(result("f", None, parts=[image])))

    assert isinstance(part, ToolResult)
    assert part.parts == (Image("image/png", "AA=="),)


def test_thoughts_and_the_proof_that_follows_them() -> None:
    parts = parts_of(model(thought("Hm"), text("So", thoughtSignature="sig"), text("", thoughtSignature="more")))

    assert parts == (Reasoning("Hm", "sig", issuer=GOOGLE), Text("So"), Reasoning("", "more", issuer=GOOGLE))


def test_the_proof_of_a_call_stands_on_the_call() -> None:
    parts = parts_of(model(thought("Hm"), call("f", {}, "sig", id="a"), call("f", {}, id="b")))

    assert parts == (Reasoning("Hm"), ToolUse("a", "f", "{}", "sig", GOOGLE), ToolUse("b", "f", "{}"))


def test_a_thought_of_another_that_was_kept_in_pieces_is_whole_again() -> None:
    proof = write_proof(ANTHROPIC, "sig")
    messages, _ = read(
        user(text("Hi")),
        model(thought("So ")),
        model(thought("be it")),
        model({"text": "", "thought": True, "thoughtSignature": proof}),
        model(text("It ")),
        model(text("is")),
        model(call("f", {}, write_proof("", ""), id="a")),
    )

    assert messages[1:] == (
        Message(
            Role.ASSISTANT,
            (Reasoning("So be it", "sig", issuer=ANTHROPIC), Text("It is"), ToolUse("a", "f", "{}")),
        ),
    )


def test_the_proof_of_another_on_a_call_stands_before_it() -> None:
    parts = parts_of(model(call("f", {}, write_proof(ANTHROPIC, "sig"), id="a")))

    assert parts == (Reasoning("", "sig", issuer=ANTHROPIC), ToolUse("a", "f", "{}"))


def test_a_thought_that_nobody_may_read() -> None:
    proof = write_proof("redacted-anthropic", "data")
    parts = parts_of(model(thought("Hm"), {"text": "", "thought": True, "thoughtSignature": proof}))

    assert parts == (Reasoning("Hm"), Reasoning(redacted="data", issuer=ANTHROPIC))


def test_what_has_no_word_is_named_by_its_kind() -> None:
    _, beyond = read(
        model({"executableCode": {"code": "1"}}, {**text("a"), "videoMetadata": {}, "partMetadata": None}),
        user(result("f", {}, scheduling="SILENT")),
    )

    assert beyond == ["messages.executableCode", "messages.videoMetadata", "functionResponse.scheduling"]


def test_instructions_are_text() -> None:
    reader = ContentReader([])

    assert reader.texts({"parts": [text("a"), text("")]}) == (Text("a"),)
    assert reader.texts({"parts": text("a")}) == reader.texts("a") == (Text("a"),)
    assert reader.texts(None) == ()


def test_one_thing_is_a_list_of_one() -> None:
    assert (listed(None), listed(1), listed([1, 2])) == ([], [1], [1, 2])
