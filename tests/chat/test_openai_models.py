import msgspec
import pytest

from llmgw.chat.conversation import Conversation, Effort, Sampling
from llmgw.chat.openai_models import refused_by

ASKED = Conversation(
    model="m",
    messages=(),
    stop=("x",),
    sampling=Sampling(temperature=0.2, top_p=0.9, presence_penalty=1, frequency_penalty=1, logit_bias={"1": 1}, seed=7),
)
ALL = ["temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias", "stop"]


@pytest.mark.parametrize(
    "model", ["o1", "o3-mini", "o4-mini-2025-04-16", "gpt-5", "openai/GPT-5-nano", "gpt-5.1-codex"]
)
def test_models_that_reason_refuse_to_be_tuned(model: str) -> None:
    conversation, names = refused_by(model, ASKED)

    assert names == ALL
    assert (conversation.sampling, conversation.stop) == (Sampling(seed=7), ())


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-chat-latest", "gpt-5.2", "gpt-50", "gpt-oss-20b", "olmo", "house"])
def test_others_do_not(model: str) -> None:
    assert refused_by(model, ASKED) == (ASKED, [])


@pytest.mark.parametrize(("level", "names"), [("none", []), ("low", ALL)])
def test_those_that_need_not_reason_refuse_it_when_they_do(level: str, names: list[str]) -> None:
    assert refused_by("gpt-5.2", msgspec.structs.replace(ASKED, effort=Effort(level)))[1] == names


def test_what_it_would_be_anyway_is_taken() -> None:
    usual = Conversation(model="m", messages=(), sampling=Sampling(temperature=1, top_p=1.0, presence_penalty=0))

    assert refused_by("o3", usual) == (usual, [])
