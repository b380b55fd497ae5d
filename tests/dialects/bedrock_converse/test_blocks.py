"""Blocks as they are on the wire."""

from base64 import b64encode

import msgspec
import pytest

from llmgw.chat.events import Finish, Finished
from llmgw.dialects.bedrock_converse.blocks import Block, ReasoningContent, read_finish, stop_sequence


@pytest.mark.parametrize(
    ("given", "arguments", "piece"),
    [
        (b'{"a": 1}', '{"a": 1}', '{"a": 1}'),
        (b'"{\\"a\\""', '"{\\"a\\""', '{"a"'),
        (b'""', '""', ""),
        (b"null", "{}", ""),
    ],
)
def test_the_input_of_a_tool_is_an_object_or_a_piece_of_text(given: bytes, arguments: str, piece: str) -> None:
    block = msgspec.json.decode(b'{"toolUse":{"toolUseId":"t","name":"f","input":' + given + b"}}", type=Block)

    assert block.tool_use is not None
    assert (arguments, piece) == (block.tool_use.arguments, block.tool_use.piece)


def test_what_is_redacted_comes_out_of_its_second_base64() -> None:
    packed = b64encode(b"RXU4Ig==").decode()

    assert ReasoningContent(redacted_content=packed).redacted == "RXU4Ig=="
    assert [ReasoningContent(redacted_content=text).redacted for text in ("!", "/w==", None)] == ["", "", ""]


def test_every_reason_is_an_end() -> None:
    assert read_finish("guardrail_intervened", None) == Finished(Finish.CONTENT_FILTER)
    assert read_finish("stop_sequence", {"stop_sequence": "X"}) == Finished(Finish.STOP_SEQUENCE, "X")
    assert read_finish("something_new", None) == Finished(Finish.STOP, is_unknown=True)


def test_the_sequence_is_told_if_it_was_asked_for() -> None:
    assert [stop_sequence(told) for told in ({"stop_sequence": "X"}, {"stop_sequence": None}, None)] == ["X", "", ""]
