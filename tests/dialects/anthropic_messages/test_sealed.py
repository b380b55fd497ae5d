"""What we have sealed never reaches Anthropic, and nothing else is touched."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.signatures import ANTHROPIC, GOOGLE, seal
from llmgw.dialects.anthropic_messages.sealed import without_sealed
from llmgw.errors import InvalidRequestError

SEALED = f'{{"type":"thinking","thinking":"Hm","signature":"{seal(GOOGLE, "s", ANTHROPIC)}"}}'
UNSIGNED = f'{{"type":"thinking","thinking":"Hm","signature":"{seal("", "", ANTHROPIC)}"}}'
REDACTED = f'{{"type":"redacted_thinking","data":"{seal(GOOGLE, "s", ANTHROPIC)}"}}'
OWN = '{"type": "thinking",  "thinking":"llmgw.", "signature":"c2ln"}'
TEXT = '{ "type":"text", "text":"llmgw.google.s" }'


def written(messages: str) -> str:
    fields = {"messages": msgspec.Raw(messages.encode()), "x": msgspec.Raw(b"1")}
    return bytes(without_sealed(fields)["messages"]).decode()


@pytest.mark.parametrize("block", [SEALED, UNSIGNED, REDACTED])
def test_sealed_thoughts_are_taken_out_and_all_else_stays_byte_for_byte(block: str) -> None:
    sent = f'[{{"role":"assistant","content":[{OWN},{block},{TEXT}]}},{{"role":"user","content":"llmgw."}}]'

    assert written(sent) == f'[{{"role":"assistant","content":[{OWN},{TEXT}]}},{{"role":"user","content":"llmgw."}}]'


def test_a_turn_of_nothing_else_goes_with_them() -> None:
    assert written(f'[{{"role":"assistant","content":[{SEALED}]}},{{"role":"user"}}]') == '[{"role":"user"}]'


@pytest.mark.parametrize(
    "messages",
    [
        f'[ {{"role":"user","content":[{TEXT}, {OWN}]}} ]',
        '[{"content":["llmgw.",5]}]',
        '[{"content":[{"type":5,"x":"llmgw."}]}]',
    ],
)
def test_what_only_speaks_of_it_stays(messages: str) -> None:
    assert msgspec.json.decode(messages) == msgspec.json.decode(written(messages))


def test_without_the_mark_nothing_is_read() -> None:
    fields: dict[str, Any] = {"messages": msgspec.Raw(b"[ not JSON")}

    assert without_sealed(fields) is fields
    assert without_sealed({}) == {}


def test_messages_that_are_none_are_a_fault_of_the_caller() -> None:
    with pytest.raises(InvalidRequestError):
        written('["llmgw."]')
