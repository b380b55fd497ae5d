"""A response at once: what it means, what it says, and how it is written for a client."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response

from llmgw.chat.answer import Answer, fold
from llmgw.chat.conversation import Reasoning, Refusal, Text, ToolUse
from llmgw.chat.dialect import FINISH_CONTENT_FILTER
from llmgw.chat.events import Cited, Finish, Finished, Started, TextDelta, ToolDelta, ToolStarted, UsageTold
from llmgw.chat.provider_errors import ProviderError
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI
from llmgw.chat.usage import Usage
from llmgw.dialects.openai_responses.answers import read_answer, read_events, write_answer
from llmgw.errors import FailureClass, UpstreamProtocolError
from tests.dialects.openai_responses.test_decoding import ITEM
from tests.dialects.openai_responses.wire import USAGE, call, message, output_text, thought

CITATION = {"type": "url_citation", "url": "https://a.example", "title": "", "start_index": 0, "end_index": 1}


def body(*output: dict[str, Any], **fields: Any) -> bytes:
    head = {"id": "resp_1", "object": "response", "model": "gpt", "status": "completed", "error": None}
    return json.dumps({**head, "output": list(output), "usage": USAGE, **fields}).encode()


def test_what_it_says() -> None:
    told = read_events(body(message(output_text("Hi", CITATION)), call('{"a":1}'), call(id="fc_2", call_id="call_2")))

    assert told == [
        Started("resp_1", "gpt"),
        TextDelta("Hi"),
        Cited(CITATION),
        ToolStarted(0, "call_1", "f"),
        ToolDelta(0, '{"a":1}'),
        ToolStarted(1, "call_2", "f"),
        ToolDelta(1, ""),
        UsageTold(Usage(17, 7, 5, 3, 2)),
        Finished(Finish.TOOL_USE),
    ]


@pytest.mark.parametrize(
    ("fields", "finish"),
    [
        ({}, "completed"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "incomplete"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, FINISH_CONTENT_FILTER),
        ({"status": "queued", "usage": None}, "queued"),
    ],
)
def test_what_it_means(fields: dict[str, Any], finish: str) -> None:
    told = read_answer(body(**fields))

    assert told.finish == finish
    assert told.usage == (None if "usage" in fields else Usage(17, 7, 5, 3, 2))


@pytest.mark.parametrize("read", [read_answer, read_events])
def test_a_response_that_failed_is_no_answer(read: Any) -> None:
    with pytest.raises(UpstreamProtocolError, match="slow down") as raised:
        read(body(status="failed", error={"code": "rate_limit_exceeded", "message": "slow down"}))

    assert raised.value.failure is FailureClass.RATE_LIMITED


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}", b'{"output":5}', b"\xff", b'{"detail":"no"}', b"[" * 100_000])
def test_what_is_no_response(data: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        read_answer(data)


def test_it_is_written_with_all_that_the_sdk_requires() -> None:
    answer = Answer(id="chatcmpl-1", model="m", parts=(Text("Hi"),), finish=Finish.STOP, usage=Usage(3, 2))
    written = Response.model_validate_json(write_answer(answer, created_s=1_700_000_000), strict=True)

    assert (written.id, written.model, written.created_at) == ("resp_chatcmpl-1", "m", 1_700_000_000)
    assert (written.output_text, written.status, written.error) == ("Hi", "completed", None)
    assert written.usage is not None
    assert written.usage.total_tokens == 5


def test_texts_beside_each_other_are_one_message_and_all_else_has_its_item() -> None:
    parts = (
        Reasoning("so", "rs_1 gAAA", issuer=OPENAI),
        Text("Hm.", citations=(CITATION, {"type": "char_location"})),
        Refusal("No."),
        ToolUse("c", "f", "{}", "sig", GOOGLE),
        Reasoning(redacted="x", issuer=ANTHROPIC),
    )
    output = json.loads(write_answer(Answer(parts=parts, finish=Finish.LENGTH)))["output"]

    assert [item["type"] for item in output] == ["reasoning", "message", "reasoning", "function_call", "reasoning"]
    assert output[0] == {**thought("so"), "encrypted_content": "gAAA"}
    assert output[1]["content"][0]["annotations"] == [CITATION]
    assert [item.get("status") for item in output] == [None, "completed", None, "completed", None]
    assert len({item["id"] for item in output}) == 5


def test_only_the_last_item_of_an_incomplete_answer_is_not_whole() -> None:
    parts = (Text("Hi"), ToolUse("c", "f", '{"a'))
    written = json.loads(write_answer(Answer(parts=parts, finish=Finish.LENGTH)))

    assert (written["status"], written["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert [item["status"] for item in written["output"]] == ["completed", "incomplete"]


def test_an_answer_that_failed_says_so() -> None:
    written = json.loads(write_answer(Answer(error=ProviderError(None, "no more"))))

    assert (written["status"], written["error"]) == ("failed", {"code": "server_error", "message": "no more"})


def test_what_was_written_is_read_again() -> None:
    parts = (Reasoning("so", "sig", issuer=ANTHROPIC), Text("Hi"), Reasoning("and"), ToolUse("c", "f", "{}"))

    assert fold(read_events(write_answer(Answer(parts=parts)))).parts == parts


@given(st.lists(ITEM, max_size=3), st.dictionaries(st.sampled_from(["usage", "status", "error"]), ITEM))
def test_whatever_is_in_a_response_it_is_read_or_refused(output: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    with suppress(UpstreamProtocolError):
        fold(read_events(body(*output, **fields)))
