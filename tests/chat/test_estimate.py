"""Each kind of text has about as many tokens as it is known to have; real traffic is compared elsewhere."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import estimate
from llmgw.chat.estimate import MEDIA_BYTES_PER_TOKEN, SAMPLE_BYTES, of_fields, of_messages, of_text
from llmgw.chat.measure import IMAGE_TOKENS_USUAL
from llmgw.chat.request import ChatRequest

ENGLISH = "The quick brown fox jumps over the lazy dog, and nobody knows why it did so. "
DATA = "iVBORw0KGgo" * 100
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}
SOUND = {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}}


def user(content: object) -> list[Any]:
    return [{"role": "user", "content": content}]


def of(model: str = "gpt-4o", turns_field: str = "messages", **fields: object) -> int:
    return of_fields(
        {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in fields.items()}, turns_field, model
    )


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (ENGLISH * 5, 90),
        ("def f(x: int) -> int:\n    return x * (x + 1) // 2\n" * 5, 100),
        ("今天天气很好我们去公园散步吧" * 5, 70),
        ("Сегодня хорошая погода, пойдём гулять в парк. " * 5, 80),
        ("donaudampfschifffahrtsgesellschaftskapitän" * 20, 200),
        ("KC9wYXJ0L2Jhc2U2NC9nYXJiYWdl" * 20, 250),
    ],
)
def test_each_kind_of_text_has_about_so_many(text: str, tokens: int) -> None:
    assert 0.6 < of_text(text.encode()) / tokens < 1.6


@given(st.binary(max_size=300))
def test_no_bytes_are_too_odd(text: bytes) -> None:
    raw = {"messages": msgspec.Raw(text), "tools": msgspec.Raw(text), "text": msgspec.Raw(text)}

    assert of_fields(raw, "messages", "m") >= 0
    assert of_fields(raw, "contents", "m") >= 0


@pytest.mark.parametrize("fields", [{}, {"messages": []}, {"model": "m", "max_tokens": 9, "user": "x" * 400}])
def test_where_nothing_is_asked_there_is_nothing(fields: dict[str, Any]) -> None:
    assert of(**fields) == 0


def test_of_a_long_prompt_a_sample_tells_as_much() -> None:
    prose = (ENGLISH * 2000).encode()
    whole = of_text(ENGLISH.encode()) * 2000

    assert len(prose) > 10 * SAMPLE_BYTES
    assert of_text(prose) == pytest.approx(whole, rel=0.03)


def test_letters_told_by_their_numbers_count_as_letters() -> None:
    messages = user("今天天气很好" * 20)
    fields = {"messages": msgspec.Raw(json.dumps(messages, separators=(",", ":")).encode())}

    assert of_fields(fields, "messages", "m") == of_messages(messages, "m")


@pytest.mark.parametrize("body", [b'[{"content":"\\ud800"}]', b'[{"content":"\\u12', b"\xff\\u1234"])
def test_what_cannot_be_decoded_is_estimated_all_the_same(body: bytes) -> None:
    assert of_fields({"messages": msgspec.Raw(body)}, "messages", "m") > 0


@pytest.mark.parametrize(
    ("part", "tokens"), [(PICTURE, IMAGE_TOKENS_USUAL), (SOUND, (len(DATA) + 2) // MEDIA_BYTES_PER_TOKEN)]
)
def test_media_count_by_their_tables(part: object, tokens: int) -> None:
    plain = of(messages=user([{"type": "text", "text": "see"}]))
    told = of(messages=user([{"type": "text", "text": "see"}, part]))

    assert 0 <= told - plain - tokens < 20


def test_googles_media_are_known_by_their_type() -> None:
    data = {"inlineData": {"mimeType": "image/png", "data": DATA}}
    told = of(turns_field="contents", contents=[{"parts": [data]}])

    assert IMAGE_TOKENS_USUAL < told < IMAGE_TOKENS_USUAL + 20


def test_a_word_about_pictures_is_none() -> None:
    assert of(messages=user('he wrote {"type": "image_url"}')) < 40


@pytest.mark.parametrize(
    ("turns_field", "turn", "proof"),
    [
        ("messages", {"type": "thinking"}, {"signature": DATA}),
        ("messages", {"role": "assistant"}, {"reasoning_content": ENGLISH * 9}),
        ("input", {"type": "reasoning"}, {"encrypted_content": DATA}),
        ("contents", {"role": "model"}, {"thoughtSignature": DATA}),
    ],
)
def test_what_models_are_not_shown_again_is_left_out(turns_field: str, turn: dict[str, Any], proof: Any) -> None:
    def told(turn: dict[str, Any]) -> int:
        return of_fields({turns_field: msgspec.Raw(msgspec.json.encode([turn]))}, turns_field, "m")

    assert told({**turn, **proof}) <= told({**turn, "it": ""})


def test_instructions_tools_and_forms_count_beside_the_turns() -> None:
    turns, schema = user("hi"), {"type": "object", "properties": {"city": {"type": "string"}}}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": schema}}]
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema}}
    plain = of(messages=turns)

    assert of(messages=turns, system=ENGLISH) > plain + 10
    assert of(messages=turns, tools=tools) > plain + 20
    assert of(messages=turns, response_format=form) > plain + 10
    assert of(messages=turns, tools=[], response_format={"type": "text"}) == plain


def test_makes_of_models_differ_in_what_they_add() -> None:
    tools = [{"name": "weather", "input_schema": {"type": "object"}}]
    models = ("us.anthropic.claude-haiku-4-5", "google/gemini-2.5-flash", "gpt-4o", "mine")
    with_tools = [of(model, messages=user("hi"), tools=tools) for model in models]

    assert with_tools[0] > with_tools[3] > with_tools[2] > with_tools[1]


def test_a_request_is_estimated_by_its_own_fields() -> None:
    request = ChatRequest("gpt-4o", {"input": msgspec.Raw(b'"' + ENGLISH.encode() + b'"')}, turns_field="input")

    assert estimate.input_tokens(request) == of(turns_field="input", input=ENGLISH)
