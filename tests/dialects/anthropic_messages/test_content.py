"""Content blocks become parts; what becomes no part is named."""

import json
from base64 import b64encode
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import File, Image, Part, Reasoning, Text, ToolResult, ToolUse
from llmgw.chat.signatures import ANTHROPIC, GOOGLE, OPENAI, seal
from llmgw.dialects.anthropic_messages.blocks import Content
from llmgw.dialects.anthropic_messages.content import read_content
from llmgw.errors import InvalidRequestError

PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}
PLAIN = b64encode("für".encode()).decode()
MARK = {"type": "ephemeral"}


def read(content: Any) -> tuple[tuple[Part, ...], list[str]]:
    beyond: list[str] = []
    return read_content(msgspec.json.decode(json.dumps(content), type=Content | None), beyond), beyond


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        ({"type": "text", "text": "a", "cache_control": MARK, "citations": None}, Text("a", "5m")),
        ({"type": "text", "text": "a", "cache_control": {**MARK, "ttl": "1h"}}, Text("a", "1h")),
        (
            {"type": "text", "text": "a", "citations": [{"type": "char_location"}]},
            Text("a", "", ({"type": "char_location"},)),
        ),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x"}},
            Image("image/png", "x"),
        ),
        ({"type": "image", "source": {"type": "url", "url": "https://a/b"}}, Image(url="https://a/b")),
        ({"type": "document", "source": PDF, "title": "t"}, File("t", "application/pdf", "JVBE")),
        (
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "für"}},
            File("", "text/plain", PLAIN),
        ),
        ({"type": "document", "source": {"type": "url", "url": "https://a/b"}}, File(url="https://a/b")),
        ({"type": "document", "source": {"type": "file", "file_id": "file_1"}}, File(id="file_1")),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}, ToolUse("t", "f", '{"a": 1}')),
        ({"type": "tool_use", "id": "t", "name": "f", "input": None}, ToolUse("t", "f", "{}")),
        ({"type": "tool_use", "id": "t", "name": "f"}, ToolUse("t", "f", "{}")),
        ({"type": "tool_result", "tool_use_id": "t"}, ToolResult("t", ())),
        ({"type": "tool_result", "tool_use_id": "t", "content": None}, ToolResult("t", ())),
        ({"type": "tool_result", "tool_use_id": "t", "content": "ok"}, ToolResult("t", (Text("ok"),))),
        (
            {"type": "tool_result", "tool_use_id": "t", "is_error": True, "content": [{"type": "text", "text": "a"}]},
            ToolResult("t", (Text("a"),), is_error=True),
        ),
        ({"type": "thinking", "thinking": "", "signature": "s"}, Reasoning("", "s", issuer=ANTHROPIC)),
        ({"type": "redacted_thinking", "data": "x"}, Reasoning(redacted="x", issuer=ANTHROPIC)),
        ({"type": "thinking", "thinking": "Hm"}, Reasoning("Hm")),
        ({"type": "thinking", "thinking": "Hm", "signature": seal("", "", ANTHROPIC)}, Reasoning("Hm")),
        (
            {"type": "thinking", "thinking": "", "signature": seal(GOOGLE, "s", ANTHROPIC)},
            Reasoning("", "s", issuer=GOOGLE),
        ),
        (
            {"type": "redacted_thinking", "data": seal(OPENAI, "x.y", ANTHROPIC)},
            Reasoning(redacted="x.y", issuer=OPENAI),
        ),
        (
            {
                "type": "search_result",
                "source": "https://a",
                "title": "t",
                "content": [{"type": "text", "text": "said"}],
                "cache_control": MARK,
            },
            Text("t\nhttps://a\nsaid", "5m"),
        ),
    ],
)
def test_each_kind(block: dict[str, Any], part: Part) -> None:
    assert ((part,), []) == read([block])


@pytest.mark.parametrize(("content", "parts"), [("a", (Text("a"),)), ("", ()), (None, ()), ([], ())])
def test_content_may_be_text(content: Any, parts: tuple[Part, ...]) -> None:
    assert (parts, []) == read(content)


@pytest.mark.parametrize(
    ("block", "name"),
    [
        ({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, "messages.server_tool_use"),
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, "messages.image.file"),
        ({"type": "image"}, "messages.image.none"),
        ({"type": "document", "source": {"type": "content", "content": []}}, "messages.file.content"),
        ({"type": "document", "source": "https://a"}, "messages.file.none"),
    ],
)
def test_what_becomes_no_part_is_named(block: dict[str, Any], name: str) -> None:
    assert ((), [name]) == read([block])


def test_a_result_holds_only_what_is_given() -> None:
    found = {"type": "search_result", "source": "https://a", "title": "b", "content": []}
    inner = [found, {"type": "text", "text": "a"}, {"type": "tool_result", "tool_use_id": "x"}]
    parts, beyond = read([{"type": "tool_result", "tool_use_id": "t", "content": inner}])

    assert (ToolResult("t", (Text("b\nhttps://a"), Text("a"))),) == parts
    assert beyond == ["messages.tool_result.tool_result"]


def test_a_result_that_cannot_be_read_is_told_with_its_place() -> None:
    with pytest.raises(InvalidRequestError, match=r"content\[0\].type: missing"):
        read([{"type": "tool_result", "tool_use_id": "t", "content": [{}]}])
