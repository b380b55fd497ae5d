"""The response object and its items: the SDK's types take them, strictly."""

import json

import msgspec
import pytest
from openai.types.responses import Response

from llmgw.chat.conversation import Reasoning
from llmgw.chat.events import Finish
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.signatures import ANTHROPIC, OPENAI
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.objects import (
    IN_PROGRESS,
    Ending,
    Head,
    ending,
    function_call,
    message,
    output_text,
    reasoning,
    refusal,
    response,
)

NO_ERROR = Ending()
FAILED = ProviderError(None, "no")


def sdks(head: Head, end: Ending = NO_ERROR) -> Response:
    items = [
        message(head.item_id("msg", 0), "completed", [output_text("Hi"), refusal("No.")]),
        reasoning(head.item_id("rs", 1), Reasoning("so", "sig", issuer=ANTHROPIC)),
        function_call(head.item_id("fc", 2), "completed", "c", "f", "{}"),
    ]
    written = msgspec.json.encode(response(head, end, items, Usage(3, 2)))
    return Response.model_validate_json(written, strict=True)


def head(id_: str = "x", **fields: object) -> Head:
    return Head(
        id_, "m", 1_700_000_000, {name: msgspec.Raw(json.dumps(value).encode()) for name, value in fields.items()}
    )


def test_the_sdk_takes_it() -> None:
    written = sdks(head())

    assert [item.id for item in written.output] == ["msg_x_0", "rs_x_1", "fc_x_2"]
    assert (written.parallel_tool_calls, written.tool_choice, written.tools) == (True, "auto", [])


def test_it_repeats_what_was_asked_but_for_what_we_do_not_do() -> None:
    written = sdks(head(instructions="s", metadata={"a": "b"}, temperature=0.5, store=True, background=True, user=None))

    assert (written.instructions, written.metadata, written.temperature, written.user) == ("s", {"a": "b"}, 0.5, None)
    assert (written.background, response(head(store=True), NO_ERROR, [], None)["store"]) == (False, False)


@pytest.mark.parametrize(
    ("given", "id_"),
    [("resp_1", "resp_1"), ("chatcmpl-1", "resp_chatcmpl-1"), ("", "resp_llmgw"), ("a:b/c", "resp_a_b_c")],
)
def test_the_id_is_the_providers_as_far_as_it_can_be(given: str, id_: str) -> None:
    assert response(head(given), NO_ERROR, [], None)["id"] == id_


def test_ids_are_not_longer_than_openai_takes_them_back() -> None:
    assert len(head("i" * 500).item_id("msg", 4095)) <= 64


@pytest.mark.parametrize(
    ("finish", "refuses", "end"),
    [
        (None, False, Ending()),
        (Finish.STOP, False, Ending()),
        (Finish.TOOL_USE, False, Ending()),
        (Finish.LENGTH, False, Ending("incomplete", "max_output_tokens")),
        (Finish.CONTENT_FILTER, True, Ending("incomplete", "content_filter")),
        (Finish.REFUSAL, True, Ending()),
        (Finish.REFUSAL, False, Ending("incomplete", "content_filter")),
    ],
)
def test_how_it_ended(finish: Finish | None, refuses: bool, end: Ending) -> None:
    assert ending(finish, refuses=refuses) == end


def test_a_response_under_way_and_one_that_failed() -> None:
    failed = sdks(head(), ending(Finish.STOP, refuses=False, error=FAILED))

    assert sdks(head(), Ending(IN_PROGRESS)).status == "in_progress"
    assert failed.error is not None
    assert (failed.status, failed.error.code, failed.error.message) == ("failed", "server_error", "no")


def test_a_thought_of_openais_keeps_its_id() -> None:
    assert reasoning("rs_x_1", Reasoning("", "rs_own gAAA", issuer=OPENAI)) == {
        "id": "rs_own",
        "type": "reasoning",
        "summary": [],
        "encrypted_content": "gAAA",
    }
