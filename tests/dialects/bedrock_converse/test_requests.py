"""A conversation as a request, with what the file changes in it."""

from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Audio, Effort, ResponseFormat, Sampling, Text, Tool, ToolChoice
from llmgw.errors import InvalidRequestError
from tests.dialects.bedrock_converse.wire import CLAUDE, HELLO, LLAMA, NOVA, asking, user, written

SAID = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}


def raws(**values: Any) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in values.items()}


def test_all_that_can_be_said_is() -> None:
    schema = {"type": "object", "properties": {}}
    body, unsaid = written(
        asking(
            HELLO,
            system=(Text("Be brief."), Text("")),
            tools=(Tool("f", "does it"),),
            tool_choice=ToolChoice(),
            response_format=ResponseFormat(schema),
            max_tokens=20_000,
            stop=("X",),
            sampling=Sampling(temperature=1.0),
            effort=Effort("low"),
            metadata={"team": "a b"},
        )
    )

    assert unsaid == ()
    assert set(body) == {
        *("messages", "system", "inferenceConfig", "toolConfig", "outputConfig", "additionalModelRequestFields"),
        *("additionalModelResponseFieldPaths", "requestMetadata"),
    }
    assert body["system"] == [{"text": "Be brief."}]
    assert body["inferenceConfig"] == {"maxTokens": 20_000, "temperature": 1.0, "stopSequences": ["X"]}
    assert body["additionalModelResponseFieldPaths"] == ["/stop_sequence"]
    assert body["requestMetadata"] == {"team": "a b"}


def test_what_cannot_be_said_is_named() -> None:
    sampling = Sampling(presence_penalty=1, frequency_penalty=1, seed=1, logit_bias={"1": 1}, logprobs=0)
    body, unsaid = written(
        asking(choices=2, user="u", metadata={"a": "ü"}, sampling=sampling, beyond=("store",)), LLAMA
    )

    assert body == SAID
    assert set(unsaid) == {
        *("n", "user", "metadata", "store", "logit_bias", "logprobs"),
        *("presence_penalty", "frequency_penalty", "seed"),
    }


def test_instructions_alone_are_what_the_user_says() -> None:
    body, _ = written(asking(user(Text(" ")), system=(Text("Say hello."),)))

    assert body == {"messages": [{"role": "user", "content": [{"text": "Say hello."}]}]}


@pytest.mark.parametrize(
    ("message", "why"), [(user(Text(" ")), "nothing in them to answer$"), (user(Audio("", "x")), "messages.audio")]
)
def test_where_nothing_can_be_said_the_request_is_refused(message: Any, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        written(asking(message))


def test_what_is_nested_too_deeply_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"items": schema}
    with pytest.raises(InvalidRequestError, match="nested"):
        written(asking(response_format=ResponseFormat(schema)))
    with pytest.raises(InvalidRequestError, match="nested"):
        written(asking(tools=(Tool("f", "", schema),)))


def test_the_file_sets_converses_own_fields() -> None:
    guard = {"guardrailIdentifier": "g", "guardrailVersion": "1"}
    body, _ = written(asking(), set=raws(guardrailConfig=guard, serviceTier={"type": "flex"}))

    assert body == {**SAID, "guardrailConfig": guard, "serviceTier": {"type": "flex"}}


def test_the_file_calls_what_lies_inside_by_openais_names() -> None:
    body, dropped = written(
        asking(max_tokens=5, sampling=Sampling(temperature=0.1, top_p=0.5)),
        NOVA,
        set=raws(temperature=0.9),
        default=raws(max_tokens=100, stop=["X"]),
        drop=frozenset({"top_p", "top_k", "seed"}),
    )

    assert body["inferenceConfig"] == {"maxTokens": 5, "temperature": 0.9, "stopSequences": ["X"]}
    assert dropped == ("top_p",)


def test_objects_are_put_together() -> None:
    body, _ = written(
        asking(sampling=Sampling(top_k=3)),
        CLAUDE,
        set=raws(additionalModelRequestFields={"anthropic_beta": ["b"]}),
        default=raws(additionalModelRequestFields={"top_k": 9, "x": 1}),
    )

    assert body["additionalModelRequestFields"] == {"top_k": 3, "x": 1, "anthropic_beta": ["b"]}


def test_what_is_left_empty_is_left_out() -> None:
    body, dropped = written(
        asking(max_tokens=5, tools=(Tool("f"),), tool_choice=ToolChoice()),
        NOVA,
        drop=frozenset({"max_tokens", "tools"}),
        default=raws(max_tokens=7),
    )

    assert (body, dropped) == (SAID, ("max_tokens", "tools"))
