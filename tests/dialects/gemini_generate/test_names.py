"""Names in both spellings are one."""

import pytest

from llmgw.dialects.gemini_generate.names import camel, renamed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text", "text"),
        ("generation_config", "generationConfig"),
        ("generationConfig", "generationConfig"),
        ("top_p", "topP"),
        ("_responseJsonSchema", "_responseJsonSchema"),
        ("", ""),
    ],
)
def test_a_name_in_camel_case(name: str, expected: str) -> None:
    assert expected == camel(name)


def test_all_names_but_those_of_the_callers_own_program() -> None:
    told = {
        "function_declarations": [{"parameters_json_schema": {"any_of": []}}],
        "function_call": {"args": {"a_b": 1}},
    }

    assert renamed(told) == {
        "functionDeclarations": [{"parametersJsonSchema": {"any_of": []}}],
        "functionCall": {"args": {"a_b": 1}},
    }
