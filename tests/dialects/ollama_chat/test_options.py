import json
from typing import Any

import msgspec
import pytest

from llmgw.chat.conversation import Conversation, Sampling
from llmgw.chat.request import Edits
from llmgw.dialects.ollama_chat.options import write_options

SAMPLING = Sampling(temperature=0.5, top_p=0.9, top_k=4, presence_penalty=0.1, frequency_penalty=0.2, seed=0)


def raw(**values: Any) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in values.items()}


def edits(
    put: dict[str, Any] | None = None,
    default: dict[str, Any] | None = None,
    drop: tuple[str, ...] = (),
    window: int | None = None,
) -> Edits:
    told = frozenset(drop)
    return Edits("up", raw(**(put or {})), raw(**(default or {})), told, ask_usage=True, context_window=window)


def conversation(**fields: Any) -> Conversation:
    return Conversation(model="m", messages=(), **fields)


def test_what_is_not_said_is_left_to_ollama() -> None:
    assert write_options(conversation(), edits())[0] is None


def test_every_setting_has_its_name() -> None:
    said = conversation(max_tokens=7, stop=("a", "b"), sampling=SAMPLING)

    assert write_options(said, edits())[0] == {
        "num_predict": 7,
        "stop": ["a", "b"],
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 4,
        "seed": 0,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
    }


@pytest.mark.parametrize(
    ("default", "put", "size"),
    [
        ({}, {}, 32768),
        ({"options": {"num_ctx": 8192}}, {}, 8192),
        ({"num_ctx": 8192}, {}, 8192),
        ({"num_ctx": 8192}, {"options": {"num_ctx": 4096}}, 4096),
    ],
)
def test_the_window_is_what_the_file_knows_of_the_model_unless_it_says_otherwise(
    default: dict[str, Any], put: dict[str, Any], size: int
) -> None:
    assert write_options(conversation(), edits(put, default, window=32768))[0] == {"num_ctx": size}


def test_the_options_of_a_file_are_merged_key_by_key() -> None:
    of_file = edits({"options": {"num_gpu": 1, "top_k": 1}}, {"options": {"temperature": 0.1, "min_p": 0.2}})
    said = conversation(sampling=Sampling(temperature=0.9, top_k=50))

    assert write_options(said, of_file)[0] == {"temperature": 0.9, "min_p": 0.2, "num_gpu": 1, "top_k": 1}


def test_a_file_may_name_them_as_everywhere_else() -> None:
    of_file = edits({"temperature": 0.0, "keep_alive": "1h"}, {"max_tokens": 100, "think": False}, ("seed", "user"))
    options, rest, dropped = write_options(conversation(sampling=Sampling(seed=1)), of_file)

    assert options == {"temperature": 0.0, "num_predict": 100}
    assert (set(rest.set), set(rest.default), set(rest.drop)) == ({"keep_alive"}, {"think"}, {"user"})
    assert dropped == ("seed",)


def test_all_of_them_can_be_dropped_but_for_what_is_set() -> None:
    of_file = edits({"num_ctx": 4096}, drop=("options",), window=32768)
    options, _, dropped = write_options(conversation(max_tokens=7), of_file)

    assert (options, dropped) == ({"num_ctx": 4096}, ("options",))
    assert write_options(conversation(), edits(drop=("options", "seed")))[2] == ()
