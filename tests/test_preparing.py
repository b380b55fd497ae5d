"""What goes out is made when its turn comes; whoever cannot take it is told why, and nobody is asked twice."""

import pytest

from llmgw.chat.dialect import Dialect
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_responses.dialect import openai_responses
from llmgw.errors import InvalidRequestError
from llmgw.graph.model import Target
from llmgw.preparing import Preparing
from tests.graph.files import sound
from tests.partners.bodies import encode

FILE = """
providers: {a: {like: anthropic, base_url: "http://127.0.0.1:9", api_key: k}, o: {like: openai, api_key: k}}
models: {claude: a/claude, gpt: o/gpt}
"""
AUDIO = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}


def preparing(*parts: object) -> Preparing:
    message = {"role": "user", "content": [{"type": "text", "text": "Hi"}, *parts]}
    return Preparing(openai_chat.read_request(encode({"model": "m", "messages": [message], "seed": 1})), openai_chat, 0)


def test_a_target_of_the_same_dialect_gets_it_as_it_came() -> None:
    target = sound(FILE).targets["gpt"]
    made = preparing(AUDIO)

    assert made.unfit(target) is None
    assert made.ready(target) is made.ready(target)
    assert b"input_audio" in made.ready(target).body


def test_what_only_tunes_is_left_out_and_named() -> None:
    target = sound(FILE).targets["claude"]

    assert preparing().unfit(target) is None
    assert preparing().ready(target).dropped == ("seed",)


def test_what_changes_the_meaning_makes_a_target_unfit() -> None:
    target = sound(FILE).targets["claude"]

    assert "audio" in (preparing(AUDIO).unfit(target) or "")


# A body that can just be read is too deep a few calls further down.

DEPTHS = range(300, 1000, 5)
FRAMES = 60
RESPONSES = b'{"model":"m","input":[{"type":"message","role":"user","content":"llmgw."},{"type":"x","y":%s}]}'
MESSAGES = b'{"model":"m","max_tokens":9,"messages":[],"tools":[{"name":"f","input_schema":%s}]}'
DEEP_FILE = """
providers:
  v: {like: vertex-anthropic, project: p, region: r, credentials_file: f}
  o: {like: openai, api_key: k}
models: {claude: v/claude, gpt: o/gpt}
"""


def further_down(frames: int, preparing: Preparing, target: Target) -> str | None:
    return further_down(frames - 1, preparing, target) if frames else preparing.unfit(target)


@pytest.mark.parametrize(
    ("dialect", "body", "name"), [(openai_responses, RESPONSES, "gpt"), (anthropic_messages, MESSAGES, "claude")]
)
def test_what_is_nested_too_deeply_is_the_callers_fault_however_far_it_came(
    dialect: Dialect, body: bytes, name: str
) -> None:
    target = sound(DEEP_FILE).targets[name]
    reasons = set()
    for depth in DEPTHS:
        try:
            request = dialect.read_request(body % (b'{"a":' * depth + b"1" + b"}" * depth))
        except InvalidRequestError:
            break
        reasons.add(further_down(FRAMES, Preparing(request, dialect, 0), target))

    assert reasons == {None, "the body is nested too deeply"}
