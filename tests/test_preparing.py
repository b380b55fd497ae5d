"""What goes out is made when its turn comes; whoever cannot take it is told why, and nobody is asked twice."""

from llmgw.dialects.openai_chat.dialect import openai_chat
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
