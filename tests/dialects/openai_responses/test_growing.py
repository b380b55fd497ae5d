"""Output items while they grow: what was told bit by bit is told as a whole at the end."""

from collections.abc import Iterable

from llmgw.chat.conversation import Reasoning
from llmgw.chat.signatures import ANTHROPIC
from llmgw.dialects.openai_responses.growing import GrowingCall, GrowingMessage, GrowingThought, Told

NOTE: dict[str, object] = {"type": "file_citation", "file_id": "f", "filename": "x", "index": 1}


def kinds(*told: Iterable[Told]) -> list[str]:
    return [kind.removeprefix("response.") for news in told for kind, _ in news]


def test_a_message_of_two_parts() -> None:
    growing = GrowingMessage(3, "msg_3")
    told = kinds(
        growing.open(), growing.text("a"), growing.text("b"), growing.cite(NOTE), growing.refuse("c"), growing.close()
    )

    assert told == [
        *("output_item.added", "content_part.added", "output_text.delta", "output_text.delta"),
        *("output_text.annotation.added", "output_text.done", "content_part.done"),
        *("content_part.added", "refusal.delta", "refusal.done", "content_part.done", "output_item.done"),
    ]
    assert growing.item == {
        "id": "msg_3",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [
            {"type": "output_text", "text": "ab", "annotations": [NOTE], "logprobs": []},
            {"type": "refusal", "refusal": "c"},
        ],
    }


def test_every_event_says_of_what_it_is() -> None:
    growing = GrowingMessage(3, "msg_3")
    news = [*growing.open(), *growing.text("a"), *growing.refuse("b"), *growing.close("incomplete")]
    places = {(fields["item_id"], fields["output_index"]) for _, fields in news if "item_id" in fields}
    parts = [fields["content_index"] for _, fields in news if "content_index" in fields]

    assert places == {("msg_3", 3)}
    assert parts == [0, 0, 0, 0, 1, 1, 1, 1]
    assert growing.item["status"] == "incomplete"


def test_a_thought_with_its_proof() -> None:
    growing = GrowingThought(0, "rs_0")
    list(growing.open())
    told = kinds(growing.think("a"), growing.think("b"), growing.close(Reasoning(signature="sig", issuer=ANTHROPIC)))

    assert told[0] == "reasoning_summary_part.added"
    assert told[-3:] == ["reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"]
    assert growing.item == {
        "id": "rs_0",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "ab"}],
        "encrypted_content": "llmgw.anthropic.sig",
    }


def test_a_thought_without_words() -> None:
    growing = GrowingThought(0, "rs_0")

    assert kinds(growing.open(), growing.close()) == ["output_item.added", "output_item.done"]
    assert growing.item["summary"] == []


def test_a_call() -> None:
    growing = GrowingCall(1, "fc_1", call_id="c", name="f")
    told = kinds(growing.open(), growing.argue(""), growing.argue('{"a"'), growing.argue(":1}"), growing.close())

    assert told == [
        *("output_item.added", "function_call_arguments.delta", "function_call_arguments.delta"),
        *("function_call_arguments.done", "output_item.done"),
    ]
    assert (growing.item["call_id"], growing.item["arguments"]) == ("c", '{"a":1}')
