"""A cap arrives wherever a request can go, in the provider's own field; where it cannot be said, that is seen."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from llmgw.chat import caps
from llmgw.chat.crossing import between
from llmgw.chat.dialect import Dialect
from llmgw.chat.request import ChatRequest, Edits
from llmgw.dialects.anthropic_messages.dialect import anthropic_messages
from llmgw.dialects.gemini_generate.dialect import gemini_generate
from llmgw.dialects.openai_chat.dialect import openai_chat
from llmgw.dialects.openai_completions.dialect import openai_completions
from llmgw.dialects.openai_responses.dialect import openai_responses
from llmgw.errors import InvalidRequestError
from llmgw.providers.catalog import DIALECTS, dialect, rows

CAP = 777
SAID = [{"role": "user", "content": "hi"}]
CALLERS: Mapping[Dialect, Mapping[str, Any]] = {
    openai_chat: {"model": "m", "messages": SAID},
    openai_responses: {"model": "m", "input": "hi"},
    openai_completions: {"model": "m", "prompt": "hi"},
    anthropic_messages: {"model": "m", "messages": SAID},
    gemini_generate: {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
}
# Where each provider's dialect has the cap of the output.
FIELD_OF = {
    "anthropic_complete": ("max_tokens_to_sample",),
    "anthropic_messages": ("max_tokens",),
    "anthropic_vertex": ("max_tokens",),
    "bedrock_converse": ("inferenceConfig", "maxTokens"),
    "bedrock_invoke": ("max_tokens",),
    "cohere_chat": ("max_tokens",),
    "cohere_chat_v1": ("max_tokens",),
    "cohere_generate_v1": ("max_tokens",),
    "gemini_generate": ("generationConfig", "maxOutputTokens"),
    "gemini_interactions": ("generation_config", "max_output_tokens"),
    "hf_text_generation": ("parameters", "max_new_tokens"),
    "ollama_chat": ("options", "num_predict"),
    "ollama_generate": ("options", "num_predict"),
    "openai_chat": ("max_tokens",),
    "openai_completions": ("max_tokens",),
    "openai_responses": ("max_output_tokens",),
    "replicate_predictions": ("input", "max_tokens"),
    "watsonx_text": ("parameters", "max_new_tokens"),
}
EDITS = Edits("claude-sonnet-4", {}, {}, frozenset(), ask_usage=True)
EACH_CALLER = pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
EACH_PROVIDER = pytest.mark.parametrize("provider", sorted(DIALECTS))
IN_OPENAIS_WORDS = [
    *("anthropic_messages", "bedrock_converse", "bedrock_invoke", "cohere_chat", "gemini_generate"),
    *("ollama_chat", "openai_chat", "openai_completions", "openai_responses"),
]


def asked(caller: Dialect, **more: object) -> ChatRequest:
    return caller.read_request(msgspec.json.encode({**CALLERS[caller], **more}), "m")


def sent(caller: Dialect, provider: str, request: ChatRequest, edits: Edits) -> bytes:
    return between(caller, dialect(provider), 0).request(request, edits)[0]


def at(body: bytes, path: tuple[str, ...]) -> object:
    found = json.loads(body)
    for name in path:
        found = found[name]
    return found


def raws(**values: object) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in values.items()}


@EACH_CALLER
@EACH_PROVIDER
def test_a_cap_arrives_in_the_field_of_every_provider(caller: Dialect, provider: str) -> None:
    body = sent(caller, provider, caller.capped(asked(caller), CAP, EDITS), EDITS)
    caps.require(body, CAP, EDITS)

    assert at(body, FIELD_OF[provider]) == CAP
    assert caps.told(body, EDITS) == CAP


@EACH_CALLER
def test_a_cap_arrives_in_the_word_of_every_row_that_speaks_chat(caller: Dialect) -> None:
    for row in rows():
        if row.dialect != "openai_chat":
            continue
        edits = replace(
            EDITS, drop=row.unsupported, cap_field=row.cap_field, departures=row.departs, ask_usage=False, model="m"
        )
        body = json.loads(sent(caller, "openai_chat", caller.capped(asked(caller), CAP, edits), edits))

        assert body[row.cap_field] == CAP, row.name
        assert {name for name in body if name in caps.WORDS} == {row.cap_field}, row.name


@EACH_CALLER
def test_what_is_read_again_is_capped(caller: Dialect) -> None:
    capped = caller.capped(asked(caller), CAP, EDITS)
    again = caller.read_request(msgspec.json.encode(dict(capped.fields)), "m")

    assert (capped.max_tokens, again.max_tokens) == (CAP, CAP)
    assert caller.read_conversation(capped).max_tokens == CAP


@EACH_CALLER
@pytest.mark.parametrize(("own", "expected"), [(100, 100), (5000, CAP)])
def test_a_callers_own_cap_is_never_raised(caller: Dialect, own: int, expected: int) -> None:
    once = caller.capped(asked(caller), own, EDITS)

    assert caller.capped(once, CAP, EDITS).max_tokens == expected


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", [None, 0, -1])
def test_a_cap_that_is_none_gives_way(field: str, value: object) -> None:
    request = openai_chat.capped(asked(openai_chat, **{field: value}), CAP, replace(EDITS, cap_field=field))

    assert {name: bytes(raw) for name, raw in request.fields.items() if name in caps.WORDS} == {field: b"777"}


@pytest.mark.parametrize("group", ["generationConfig", "generation_config"])
def test_googles_settings_stay_beside_the_cap(group: str) -> None:
    request = asked(gemini_generate, **{group: {"temperature": 0.5, "max_output_tokens": -1}})
    capped = gemini_generate.capped(request, CAP, EDITS)
    told = msgspec.json.decode(capped.fields["generationConfig"])

    assert told == {"temperature": 0.5, "maxOutputTokens": CAP}
    assert [name for name in capped.fields if "config" in name.lower()] == ["generationConfig"]


def test_settings_that_are_none_become_some() -> None:
    capped = gemini_generate.capped(asked(gemini_generate, generationConfig=None), CAP, EDITS)

    assert msgspec.json.decode(capped.fields["generationConfig"]) == {"maxOutputTokens": CAP}


@EACH_CALLER
@pytest.mark.parametrize("provider", IN_OPENAIS_WORDS)
@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ({"default": {"max_tokens": 50}}, 100),
        ({"set": {"max_tokens": 50}}, 50),
        ({"set": {"max_tokens": 5000}}, 5000),
    ],
)
def test_the_files_own_cap_is_told_as_it_goes_out(
    caller: Dialect, provider: str, edits: dict[str, dict[str, int]], expected: int
) -> None:
    encoded: dict[str, Any] = {what: raws(**values) for what, values in edits.items()}
    mine = replace(EDITS, **encoded)
    request = caller.capped(asked(caller), 100, mine)

    assert caps.is_in_doubt(request, mine)
    assert caps.told(sent(caller, provider, request, mine), mine) == expected


@EACH_CALLER
@EACH_PROVIDER
def test_a_file_that_keeps_the_cap_out_is_found_out(caller: Dialect, provider: str) -> None:
    edits = replace(EDITS, drop=caps.WORDS | caps.GROUPS)
    body = sent(caller, provider, caller.capped(asked(caller), CAP, edits), edits)

    with pytest.raises(InvalidRequestError, match="777 tokens"):
        caps.require(body, CAP, edits)


@pytest.mark.parametrize("value", [None, 5000, "many"])
def test_a_file_that_overrules_the_cap_is_found_out(value: object) -> None:
    edits = replace(EDITS, set=raws(max_tokens=value))
    body = sent(openai_chat, "openai_chat", openai_chat.capped(asked(openai_chat), CAP, edits), edits)

    with pytest.raises(InvalidRequestError):
        caps.require(body, CAP, edits)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, 0),
        ({"max_tokens": 5, "max_completion_tokens": 9}, 9),
        ({"max_tokens": 5, "max_completion_tokens": None}, 5),
        ({"max_tokens": 5, "max_completion_tokens": -1}, 0),
        ({"max_tokens": 0}, 0),
        ({"max_tokens": 1.5}, 0),
        ({"generation_config": {"max_output_tokens": 5}, "max_tokens": 9}, 9),
        ({"input": "max_tokens"}, 0),
        ({"input": {"max_length": 5}}, 5),
        ({"max_tokens": 9007199254740993000}, 9007199254740993000),
    ],
)
def test_of_several_caps_the_highest_counts_and_what_is_no_cap_is_none(body: object, expected: int) -> None:
    assert caps.told(msgspec.json.encode(body), replace(EDITS, cap_field="max_length")) == expected


@pytest.mark.parametrize(
    ("fields", "edits", "expected"),
    [
        ({}, {}, False),
        ({"max_tokens": 1}, {}, False),
        ({"max_tokens": 1, "max_completion_tokens": 2}, {}, True),
        ({}, {"drop": frozenset({"temperature"})}, False),
        ({}, {"drop": frozenset({"max_output_tokens"})}, True),
        ({}, {"default": {"generationConfig.maxOutputTokens": 1}}, True),
        ({}, {"set": {"options": {}}}, True),
        ({}, {"set": {"max_length": 1}, "cap_field": "max_length"}, True),
    ],
)
def test_a_cap_is_in_doubt_where_somebody_else_has_a_say(
    fields: dict[str, object], edits: dict[str, Any], expected: bool
) -> None:
    assert caps.is_in_doubt(ChatRequest("m", raws(**fields)), replace(EDITS, **edits)) is expected


def test_every_dialect_has_its_field() -> None:
    assert sorted(DIALECTS) == sorted(FIELD_OF)
