"""What a model takes is told by its name, whatever stands before it."""

import pytest

from llmgw.dialects.bedrock_converse import models

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"


@pytest.mark.parametrize(
    ("model", "claude", "schema", "cache", "tools", "status", "prefill"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", True, True, True, True, True, True),
        ("anthropic.claude-3-haiku-20240307-v1:0", True, False, False, False, True, True),
        ("global.anthropic.claude-opus-4-7", True, True, True, True, True, False),
        (PROFILE, True, True, True, True, True, True),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", False, False, True, False, True, False),
        ("us.amazon.nova-2-lite-v1:0", False, False, True, False, True, False),
        ("amazon.titan-text-lite-v1", False, False, False, False, False, False),
        ("openai.gpt-oss-120b-1:0", False, True, False, False, False, False),
        ("mistral.mistral-large-2402-v1:0", False, False, False, False, False, False),
        ("mistral.ministral-3-8b-instruct", False, True, False, False, False, False),
    ],
)
def test_each_takes_what_it_takes(  # noqa: PLR0917
    model: str, claude: bool, schema: bool, cache: bool, tools: bool, status: bool, prefill: bool
) -> None:
    assert (claude, schema) == (models.is_claude(model), models.takes_schema(model))
    assert (cache, tools) == (models.takes_cache(model), models.takes_cached_tools(model))
    assert (status, prefill) == (models.takes_status(model), models.takes_prefill(model))


def test_vendors_are_told_apart() -> None:
    assert [models.is_nova(name) for name in ("us.amazon.nova-pro-v1:0", "amazon.titan-x")] == [True, False]
    assert [models.is_nova_2(name) for name in ("us.amazon.nova-2-lite-v1:0", "amazon.nova-pro-v1:0")] == [True, False]
    assert [models.is_gpt(name) for name in ("openai.gpt-oss-20b-1:0", "amazon.nova-pro-v1:0")] == [True, False]
