"""A bound is never below what a request can come to, and never above what its target takes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.chat import measure
from llmgw.chat.bounds import OWN_TOKENS_MAX, Bounds, bounds
from llmgw.chat.dialect import Dialect
from llmgw.chat.estimate import MEDIA_BYTES_PER_TOKEN
from llmgw.chat.measure import IMAGE_TOKENS_MAX, IMAGE_TOKENS_USUAL
from llmgw.chat.request import Edits
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.gemini_generate.dialect import gemini_generate
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.dialects.openai_responses.dialect import openai_responses

EDITS = Edits("up", {}, {}, frozenset(), ask_usage=True)
SAID = [{"role": "user", "content": "hi"}]
HEARD = {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "A" * 3200, "format": "wav"}}]}
SEEN = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}
FUNCTION = {"type": "function", "function": {"name": "f"}}
CALLERS: Mapping[Dialect, str] = {
    openai_chat: "messages",
    openai_responses: "input",
    anthropic_messages: "messages",
    gemini_generate: "contents",
    openai_completions: "prompt",
}
CAP_OF = {
    openai_responses: "max_output_tokens",
    openai_completions: "max_tokens",
    anthropic_messages: "max_tokens",
    gemini_generate: "generationConfig",
}
EACH_CALLER = pytest.mark.parametrize("dialect", CALLERS, ids=lambda dialect: dialect.name)


def of(dialect: Dialect, body: object, edits: Edits = EDITS, **known: Any) -> Bounds:
    request = dialect.read_request(msgspec.json.encode(body), "m")
    return bounds(request, dialect, edits, dialect.write_request(request, edits)[0], **known)


def chat(edits: Edits = EDITS, known: Mapping[str, int] | None = None, **fields: Any) -> Bounds:
    return of(openai_chat, {"model": "m", "messages": SAID, **fields}, edits, **known or {})


def edited(**what: Any) -> Edits:
    """`set` or `default`, with values as a file has them; or `drop`."""
    encoded: dict[str, Any] = {
        name: frozenset(value)
        if name == "drop"
        else {field: msgspec.Raw(msgspec.json.encode(one)) for field, one in value.items()}
        for name, value in what.items()
    }
    return replace(EDITS, **encoded)


def turns_of(dialect: Dialect, texts: list[str]) -> object:
    if dialect is openai_completions:
        return texts
    if dialect is gemini_generate:
        return [{"role": "user", "parts": [{"text": text}]} for text in texts]
    return [{"role": "user", "content": text} for text in texts]


@EACH_CALLER
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=6))
def test_the_bound_is_not_below_the_exact_one_and_near_it(dialect: Dialect, texts: list[str]) -> None:
    turns = turns_of(dialect, texts)
    exact = measure.input_tokens_max(turns)
    found = of(dialect, {"model": "m", CALLERS[dialect]: turns}).input_tokens_max

    assert found is not None
    assert exact <= found <= 2 * exact + 40 * len(texts) + OWN_TOKENS_MAX + 40


@EACH_CALLER
def test_the_exact_bound_is_of_every_byte(dialect: Dialect) -> None:
    """What stands beside the turns counts alike."""
    body = {"model": "m", CALLERS[dialect]: turns_of(dialect, ["x" * 99]), "tools": [{"name": "f"}], "of_tomorrow": "y"}
    request = dialect.read_request(msgspec.json.encode(body), "m")
    beside = measure.bytes_beside(request.fields, request.turns_field)
    found = of(dialect, body)
    tools = OWN_TOKENS_MAX * 2

    assert found.input_tokens_max == len(request.fields[request.turns_field]) + beside + tools


@EACH_CALLER
def test_nothing_but_text_is_bounded_without_a_window(dialect: Dialect) -> None:
    found = of(dialect, {"model": "m", CALLERS[dialect]: turns_of(dialect, ["hi"])})

    assert found.input_tokens_max is not None
    assert found == Bounds(found.input_tokens_max, None, 1, False, "", found.input_tokens_about)


SETTINGS = {
    "n": 3,
    "max_tokens": 50,
    "max_completion_tokens": 70,
    "temperature": 1,
    "user": "ada",
    "best_of": 4,
    "service_tier": "flex",
    "prediction": {"content": "x"},
    "response_format": {"type": "json_object"},
    "tools": [FUNCTION],
    "background": True,
    "anything": "else",
}


@given(names=st.sets(st.sampled_from([*SETTINGS])), model=st.sampled_from(["m", "groq/compound"]))
def test_a_glance_at_a_request_finds_what_a_look_does(names: set[str], model: str) -> None:
    """The file's edit changes nothing here, but for its sake the request is looked at closely."""
    said = {name: SETTINGS[name] for name in sorted(names)}
    plain, closely = replace(EDITS, model=model), replace(EDITS, model=model, drop=frozenset({"what nobody says"}))
    known = {"max_output": 100, "context_window": 3000}

    assert chat(plain, known, **said) == chat(closely, known, **said)


def test_what_the_file_adds_counts_and_what_it_drops_does_not() -> None:
    plain = chat().input_tokens_max or 0

    assert chat(edited(set={"reasoning": "x" * 98})).input_tokens_max == plain + 100
    assert chat(edited(default={"reasoning": "x" * 98})).input_tokens_max == plain + 100
    assert chat(edited(default={"reasoning": "x" * 98}), reasoning="").input_tokens_max == plain + 2
    assert chat(edited(drop=["reasoning"]), reasoning="x" * 98).input_tokens_max == plain
    assert chat(edited(set={"messages": [SEEN]})).input_tokens_max == plain + IMAGE_TOKENS_MAX + (
        len(msgspec.json.encode([SEEN])) - len("image_url" + "https://a/b.png") - len(msgspec.json.encode(SAID))
    )


def test_pictures_are_bounded_by_a_table_and_the_window() -> None:
    two = chat(messages=[SEEN, SEEN])

    assert (two.input_tokens_max or 0) // IMAGE_TOKENS_MAX == 2
    assert two.input_tokens_about // IMAGE_TOKENS_USUAL == 2
    assert chat(messages=[SEEN, SEEN], known={"context_window": 8000}).input_tokens_max == 8000


def test_sounds_and_documents_are_bounded_by_the_window_only() -> None:
    heard = chat(messages=[HEARD])

    assert (heard.input_tokens_max, heard.unbounded) == (None, "input_audio")
    assert heard.input_tokens_about > 3200 // MEDIA_BYTES_PER_TOKEN
    known = chat(messages=[HEARD], known={"context_window": 8000})
    assert (known.input_tokens_max, known.unbounded) == (8000, "")


@pytest.mark.parametrize(
    ("fields", "known", "expected"),
    [
        ({}, {}, (None, False)),
        ({}, {"max_output": 50}, (50, False)),
        ({}, {"context_window": 80}, (80, False)),
        ({}, {"max_output": 50, "context_window": 80}, (50, False)),
        ({"max_tokens": 9}, {}, (9, True)),
        ({"max_tokens": 9}, {"max_output": 50}, (9, True)),
        ({"max_tokens": 90}, {"max_output": 50}, (50, True)),
        ({"max_completion_tokens": 9}, {"context_window": 80}, (9, True)),
        ({"max_tokens": 9, "max_completion_tokens": 5}, {}, (9, True)),
        ({"max_tokens": 5, "max_completion_tokens": 9}, {}, (9, True)),
        ({"max_tokens": 0}, {"max_output": 50}, (50, False)),
        ({"max_tokens": -1}, {"max_output": 50}, (50, False)),
        ({"max_tokens": None}, {"max_output": 50}, (50, False)),
    ],
)
def test_the_output_is_what_the_caller_says_and_the_model_can(
    fields: dict[str, Any], known: dict[str, int], expected: tuple[int | None, bool]
) -> None:
    found = chat(known=known, **fields)

    assert (found.output_tokens_max, found.is_capped) == expected


@pytest.mark.parametrize("dialect", CAP_OF, ids=lambda dialect: dialect.name)
def test_every_dialect_has_its_word_for_it(dialect: Dialect) -> None:
    cap: object = {"maxOutputTokens": 9} if dialect is gemini_generate else 9
    found = of(dialect, {"model": "m", CALLERS[dialect]: turns_of(dialect, ["hi"]), CAP_OF[dialect]: cap})

    assert (found.output_tokens_max, found.is_capped) == (9, True)


@pytest.mark.parametrize(
    ("edits", "fields", "expected"),
    [
        (edited(set={"max_tokens": 5}), {"max_tokens": 9}, (5, True)),
        (edited(default={"max_tokens": 5}), {"max_tokens": 9}, (9, True)),
        (edited(default={"max_tokens": 5}), {}, (5, True)),
        (edited(default={"max_tokens": 5}), {"max_completion_tokens": 9}, (9, True)),
        (edited(drop=["max_tokens"]), {"max_tokens": 9}, (50, False)),
        (edited(drop=["max_tokens"]), {"max_completion_tokens": 9}, (9, True)),
        (edited(set={"max_tokens": None}), {"max_tokens": 9}, (50, False)),
    ],
)
def test_the_file_has_its_say_in_it(edits: Edits, fields: dict[str, Any], expected: tuple[int, bool]) -> None:
    found = chat(edits, {"max_output": 50}, **fields)

    assert (found.output_tokens_max, found.is_capped) == expected


def test_a_prediction_is_paid_for_beside_the_answer_and_nobody_caps_it() -> None:
    predicted = {"type": "content", "content": "x" * 100}
    size = len(msgspec.json.encode(predicted)) - len("null")
    found = chat(known={"max_output": 50}, prediction=predicted)

    assert (found.output_tokens_max, found.is_capped, found.unbounded) == (50 + size, True, "")
    assert chat(prediction=predicted).unbounded == "prediction"
    assert not chat(prediction=None).is_capped
    assert chat(prediction=predicted, max_tokens=9).output_tokens_max == 9 + size


@pytest.mark.parametrize(
    ("edits", "fields", "expected"),
    [
        (EDITS, {"n": 3}, 3),
        (EDITS, {"prompt": ["a", "b"], "n": 3}, 6),
        (EDITS, {"prompt": ["a", "b"], "best_of": 4}, 8),
        (EDITS, {"n": 4, "best_of": 4}, 4),
        (EDITS, {"n": 2, "best_of": 5}, 5),
        (edited(set={"n": 7}), {"n": 3}, 7),
        (edited(set={"best_of": 7}), {"n": 3}, 7),
        (edited(drop=["best_of"]), {"best_of": 4}, 1),
    ],
)
def test_every_answer_that_is_made_is_counted(edits: Edits, fields: dict[str, Any], expected: int) -> None:
    assert of(openai_completions, {"model": "m", "prompt": "hi", **fields}, edits).answers == expected


def test_googles_candidates_are_answers() -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}], "generationConfig": {"candidateCount": 3}}

    assert of(gemini_generate, body).answers == 3


@pytest.mark.parametrize(
    ("edits", "fields", "expected"),
    [
        (EDITS, {"tools": [FUNCTION, {"type": "web_search"}]}, "tools[1]: web_search"),
        (EDITS, {"tools": [FUNCTION]}, ""),
        (EDITS, {"web_search_options": {}}, "web_search_options"),
        (edited(drop=["web_search_options"]), {"web_search_options": {}}, ""),
        (edited(set={"plugins": [{"id": "web"}]}), {}, "plugins"),
        (edited(default={"tools": [{"googleSearch": {}}]}), {}, "tools[0]: googleSearch"),
        (edited(default={"tools": [{"googleSearch": {}}]}), {"tools": [FUNCTION]}, ""),
        (EDITS, {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]}, "file_id"),
        (replace(EDITS, model="a/b:online"), {}, ":online"),
    ],
)
def test_what_cannot_be_bounded_is_named_as_the_caller_knows_it(
    edits: Edits, fields: dict[str, Any], expected: str
) -> None:
    assert chat(edits, **fields).unbounded == expected


@pytest.mark.parametrize(
    ("edits", "expected"),
    [(EDITS, "priority"), (edited(drop=["service_tier"]), ""), (edited(set={"speed": "x"}), "priority+x")],
)
def test_the_service_tier_is_the_one_that_goes_out(edits: Edits, expected: str) -> None:
    assert chat(edits, service_tier="priority").service_tier == expected


def test_a_stored_conversation_needs_no_turns() -> None:
    assert of(openai_responses, {"model": "m", "previous_response_id": "resp_1"}).unbounded == "previous_response_id"


def test_what_the_provider_explains_to_its_model_is_bounded_too() -> None:
    plain, tools = chat().input_tokens_max or 0, [{"type": "bash_20250124", "name": "bash"}]

    assert chat(tools=tools).input_tokens_max == plain + 2 * OWN_TOKENS_MAX + len(msgspec.json.encode(tools))
    form = {"type": "json_object"}
    assert chat(response_format=form).input_tokens_max == plain + OWN_TOKENS_MAX + len(msgspec.json.encode(form))


def test_an_estimate_comes_with_the_bounds() -> None:
    found = chat(messages=[{"role": "user", "content": "word " * 800}])

    assert found.input_tokens_about == pytest.approx(800, rel=0.2)
