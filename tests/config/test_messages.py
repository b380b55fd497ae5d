from collections.abc import Iterator
from typing import Any

import pytest

from llmgw.config.messages import findings
from llmgw.config.problems import KeyPath
from llmgw.config.schema import resolved_schema
from llmgw.config.violation import Violation

ROOT = resolved_schema()
MODEL = ROOT["properties"]["models"]["additionalProperties"]["else"]
PROVIDER = ROOT["properties"]["providers"]["additionalProperties"]
ROUTE = ROOT["properties"]["routes"]["additionalProperties"]


def said(
    keyword: str,
    value: Any,
    schema: dict[str, Any] | None = None,
    wanted: Any = None,
    path: KeyPath = ("server", "x"),
    written: str | None = None,
    **more: Any,
) -> list[tuple[str, str | None]]:
    text = written if written is not None else str(value) if isinstance(value, str | int | float) else ""
    return [
        (finding.message, finding.hint)
        for finding in findings(Violation(path, keyword, wanted, value, schema or {}, text, **more))
    ]


@pytest.mark.parametrize(
    ("path", "schema", "key", "hint"),
    [
        ((), ROOT, "modles", 'did you mean "models"?'),
        ((), ROOT, "fallbacks", "a fallback is a route: routes: {chat: {fallback: [gpt, claude]}}"),
        ((), ROOT, "zzz", f"known here: {', '.join(sorted(ROOT['properties']))}"),
        (("models", "m"), MODEL, "tragets", 'did you mean "target"?'),
        (("models", "m"), MODEL, "num_retries", "here it is retry: {attempts: 3}, which counts the first try too"),
        (("models", "m"), MODEL, "RPM", "here it is requests: 60/m, of a rule under `limits`"),
        (
            ("models", "m"),
            MODEL,
            "weight",
            "a weight belongs to the member of a pool: routes: {share: {pool: [{use: gpt, weight: 3}]}}",
        ),
        (("models", "m"), MODEL, "max_input_tokens", "here it is `context_window`"),
        (("providers", "p"), PROVIDER, "api_base", "here it is `base_url`"),
        (
            ("models", "m"),
            MODEL,
            "api_base",
            "here it is `base_url`, of a provider: providers: {vllm: {like: openai, base_url: …}}",
        ),
        (
            ("routes", "r"),
            ROUTE,
            "targets",
            "here it is the list itself: fallback: [gpt, claude] or pool: [gpt, claude]",
        ),
        (("routes", "r"), ROUTE, "fallbacks", 'did you mean "fallback"?'),
    ],
)
def test_an_unknown_key_has_the_likeliest_remedy(path: KeyPath, schema: Any, key: str, hint: str | None) -> None:
    ((message, found),) = said("additionalProperties", {key: 1}, schema, False, path)

    assert message == f'unknown key "{key}"'
    assert found == hint


@pytest.mark.parametrize("key", ["guardrails", "hooks"])
def test_a_section_of_a_later_version_is_no_typo(key: str) -> None:
    ((message, _),) = said("additionalProperties", {key: {}}, ROOT, False, ())

    assert message.startswith(f"`{key}` ")
    assert message.endswith("is not in this version yet")


def test_known_keys_beside_an_unknown_one_are_not_told() -> None:
    assert len(said("additionalProperties", {"target": "a/b", "zzz": 1}, MODEL, False)) == 1
    assert len(said("required", {"target": "a/b"}, wanted=["target", "name"])) == 1


def test_three_unknown_keys_are_three_findings() -> None:
    assert len(said("additionalProperties", {"a": 1, "b": 2, "c": 3}, MODEL, False)) == 3


@pytest.mark.parametrize(
    ("model_list", "hint"),
    [
        ([{"model_name": "gpt", "litellm_params": {"model": "azure/x"}}], "models: {gpt: azure/x}"),
        ([{"model_name": "gpt", "litellm_params": {"model": "gpt-4o"}}], "models: {gpt: openai/gpt-4o}"),
        ([{"model_name": "gpt"}], "here it is `models`: {gpt: openai/gpt-4o-mini}"),
        ([{"model_name": 5, "litellm_params": {"model": "x/y"}}], "here it is `models`: {gpt: openai/gpt-4o-mini}"),
        ([], "here it is `models`"),
        (None, "here it is `models`"),
    ],
)
def test_litellms_list_is_translated_by_its_first_entry(model_list: Any, hint: str) -> None:
    ((_, found),) = said("additionalProperties", {"model_list": model_list}, ROOT, False, ())

    assert hint in str(found)


def test_another_word_for_a_key_is_told_and_not_the_missing_key() -> None:
    path = ("routes", "r", "fallback", 0)

    assert said("required", {"model": "gpt"}, wanted=["use"], path=path) == []
    assert said("additionalProperties", {"model": "gpt"}, {"properties": {}}, False, path) == [
        ('unknown key "model"', "here it is `use`: {use: gpt}")
    ]


def test_what_is_no_name_is_not_shown_as_one() -> None:
    ((_, hint),) = said("additionalProperties", {"model": "a b"}, {"properties": {}}, False, ("routes", "r", "pool", 0))

    assert hint == "here it is `use`: {use: NAME}"


def test_each_missing_key_says_what_to_write() -> None:
    assert said("required", {}, wanted=["target"]) == [
        ('"target" is missing', "write target: provider/model, as in openai/gpt-4o-mini")
    ]
    assert said("required", {}, wanted=["odd"]) == [('"odd" is missing', None)]


@pytest.mark.parametrize(
    ("title", "value", "message", "hint"),
    [
        ("Target", "gpt-4o", "is not `provider/model`", "write openai/gpt-4o, or the provider that has it"),
        ("Target", "a b", "is not `provider/model`", "write the provider, a slash and its model: openai/gpt-4o-mini"),
        ("Base URL", "x.org/v1", "is not a URL", "write https://x.org/v1"),
        ("Base URL", "x.org", "is not a URL", "write https://x.org"),
        ("Base URL", "127.0.0.1:8000", "is not a URL", "write http://127.0.0.1:8000/v1"),
        ("Base URL", "10.1.2.3:8000/v1", "is not a URL", "write http://10.1.2.3:8000/v1"),
        ("Base URL", "8.8.8.8", "is not a URL", "write https://8.8.8.8"),
        ("Base URL", "vllm:8000", "is not a URL", "write http://vllm:8000/v1"),
        ("Base URL", "https://x?y", "is not a URL", "write https://host/path, without a query"),
        ("Name", "a b", "cannot be a name", "a name has no spaces and at most one *"),
        ("Other", "x", "does not fit here", "as described"),
    ],
)
def test_a_text_of_the_wrong_shape(title: str, value: Any, message: str, hint: str | None) -> None:
    schema = {"title": title, "description": "as described"}

    assert said("pattern", value, schema, "^x$") == [(f'"{value}" {message}', hint)]


def test_a_colon_after_a_provider_should_be_a_slash() -> None:
    providers = frozenset({"openai"})

    assert said("pattern", "openai:gpt-4o", {"title": "Target"}, providers=providers)[0][1] == "write openai/gpt-4o"
    assert said("pattern", "llama3.3:70b", {"title": "Target"}, providers=providers)[0][1] == (
        "write openai/llama3.3:70b, or the provider that has it"
    )


def test_a_text_of_the_wrong_shape_from_a_reference_is_not_shown() -> None:
    ((message, hint),) = said("pattern", "hunter2", {"title": "Target"}, "^x$", written="${T}", is_reference=True)

    assert message == '"${T}" is not `provider/model`'
    assert "hunter2" not in str(hint)


DURATION = {"pattern": "^(?![0.]+[a-z])[0-9]+(ms|s|m|h|d)$"}


@pytest.mark.parametrize(
    ("written", "more", "message", "hint"),
    [
        ("5 min", {}, '"5 min" is not a duration', "write 5m"),
        ("0s", {}, "a duration of 0s makes no sense here", "take it out for the default"),
        (
            "${D}",
            {"is_reference": True},
            '"${D}" does not hold a duration',
            "write one number and one unit: 500ms, 30s, 5m, 1h or 7d",
        ),
    ],
)
def test_a_wrong_unit(written: str, more: Any, message: str, hint: str | None) -> None:
    assert said("pattern", "x", DURATION, DURATION["pattern"], written=written, **more) == [(message, hint)]


def test_numbers_out_of_range() -> None:
    assert said("maximum", 99999, {"minimum": 0, "maximum": 65535}) == [
        ("99999 is out of range", "write a number from 0 to 65535")
    ]
    assert said("exclusiveMinimum", 0, {"exclusiveMinimum": 0, "maximum": 9}) == [
        ("0 is out of range", "write a number above 0 to 9")
    ]
    assert said("minimum", 0, {"minimum": 1, "maximum": 9}, written="${N}", is_reference=True)[0][0] == (
        'what "${N}" holds is out of range'
    )


def test_empty_and_endless_values() -> None:
    assert said("minItems", [])[0][0] == "is an empty list"
    assert said("minLength", "")[0][0] == "is an empty text"
    assert said("maxLength", "x", wanted=9)[0][0] == "is longer than 9 characters"


def test_a_route_has_exactly_one_kind() -> None:
    assert (
        said("oneOf", {"fallback": [], "when": []})[0][0]
        == "has `fallback` and `when`, and a route has exactly one of them"
    )
    assert said("oneOf", {})[0][0] == "needs one of `fallback`, `pool` and `when`"
    assert said("oneOf", "text") == []
    assert said("oneOf", {"use": "gpt"}) == []  # which is told as an unknown key


def test_a_key_that_needs_another() -> None:
    assert said("dependentRequired", {"by": "weight"}, wanted={"by": ["pool"]}) == [
        ("`by` is of no use without `pool`", "take it out")
    ]
    assert said("dependentRequired", {}, wanted={"by": ["pool"]}) == []


def test_a_keyword_without_words_of_its_own_gives_the_description() -> None:
    assert said("const", 1, {"description": "a one"}) == [("this does not fit", "a one")]


def test_every_keyword_of_the_schema_has_words() -> None:
    from llmgw.config.messages import _BY_KEYWORD

    def keywords(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                yield key
                if key in ("default", "examples"):
                    continue
                children = value.values() if key == "properties" else [value]
                for child in children:
                    yield from keywords(child)
        if isinstance(node, list):
            for child in node:
                yield from keywords(child)

    silent = {
        "$schema",
        "$id",
        "title",
        "description",
        "default",
        "examples",
        "properties",
        "items",
        "if",
        "then",
        "else",
    }
    silent |= {"propertyNames"}  # what is wrong with a name is said by the keyword inside

    assert set(keywords(ROOT)) - silent - set(_BY_KEYWORD) <= {"by", "sticky"}
