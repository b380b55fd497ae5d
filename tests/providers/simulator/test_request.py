"""What the simulator reads of a request, and what it refuses."""

import msgspec
import pytest

from llmgw.errors import InvalidRequestError
from llmgw.providers.simulator.request import MEDIA_TOKENS, MESSAGE_TOKENS, Request, read_request


def request(**fields: object) -> Request:
    return read_request(msgspec.json.encode({"messages": [{"role": "user", "content": "hi"}], **fields}))


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"\xff", None),
        (b"[]", None),
        (b"[" * 100_000, None),
        (b"{}", None),
        (b'{"messages": []}', "messages"),
        (b'{"messages": "hi"}', "messages"),
        (b'{"messages": [{"content": "hi"}]}', "messages"),
        (b'{"messages": [{"role": "user"}], "n": 0}', "n"),
        (b'{"messages": [{"role": "user"}], "n": 1000}', "n"),
        (b'{"messages": [{"role": "user"}], "max_tokens": 0}', "max_tokens"),
        (b'{"messages": [{"role": "user"}], "stream": "yes"}', "stream"),
        (b'{"messages": [{"role": "user"}], "tools": [{"function": {}}]}', "tools"),
    ],
)
def test_a_bad_request_is_refused_with_its_field(body: bytes, param: str | None) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_request(body)

    assert param == (caught.value.param.partition("[")[0] if caught.value.param else None)


def test_unknown_fields_and_nulls_are_passed_over() -> None:
    read = request(temperature=0.2, unknown={"a": 1}, tools=None, n=None, stop=None, stream_options=None)

    assert read.choices == 1
    assert read.functions() == []
    assert not read.wants_usage


def test_the_newer_limit_wins() -> None:
    assert request(max_tokens=5, max_completion_tokens=7).tokens_max == 7


def test_the_question_is_the_last_text_of_the_user() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "x"}}, {"text": "two"}]
    messages = [{"role": "user", "content": "zero"}, {"role": "user", "content": parts}, {"role": "assistant"}]

    assert request(messages=messages).question() == "one\ntwo"
    assert request(messages=[{"role": "system", "content": "be kind"}]).question() == ""


def test_prompt_tokens_follow_a_rule_of_thumb() -> None:
    image = {"type": "image_url", "image_url": {"url": "x"}}
    tool = {"type": "function", "function": {"name": "f"}}

    assert request(messages=[{"role": "user", "content": "x" * 40}]).prompt_tokens() == MESSAGE_TOKENS + 10
    assert request(messages=[{"role": "user", "content": [image]}]).prompt_tokens() == MESSAGE_TOKENS + MEDIA_TOKENS
    assert request(messages=[{"role": "user"}]).prompt_tokens() == MESSAGE_TOKENS
    assert request(tools=[tool]).prompt_tokens() > request().prompt_tokens()
