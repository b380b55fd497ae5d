import json
from typing import Any

import pytest

from llmgw.chat.conversation import Audio, Conversation, Image, Message, Part, Role, Sampling, Text, Tool
from llmgw.chat.request import Edits
from llmgw.dialects.ollama_chat.generate import write_conversation
from llmgw.errors import InvalidRequestError

NOTHING = Edits("llava", {}, {}, frozenset(), ask_usage=True)


def written(*parts: Part, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    said = Conversation(model="m", messages=(Message(Role.USER, parts),), **fields)
    body, dropped = write_conversation(said, NOTHING)
    return json.loads(body), dropped


def test_a_prompt_has_its_instructions_and_images_beside_it() -> None:
    told = written(
        Text("what is it?"), Image("image/png", "AAAA"), system=(Text("Be brief"),), sampling=Sampling(seed=1)
    )

    assert told == (
        {
            "model": "llava",
            "prompt": "what is it?",
            "system": "Be brief",
            "images": ["AAAA"],
            "options": {"seed": 1},
            "stream": False,
        },
        (),
    )


def test_what_a_prompt_cannot_have_is_named() -> None:
    told = written(Text("hi"), Image(url="https://a.example"), Audio("AAAA", "wav"), tools=(Tool("t"),), choices=3)

    assert set(told[1]) == {"tools", "n", "messages.image.url", "messages.audio"}


def test_turns_cannot_be_said() -> None:
    turns = (Message(Role.USER, (Text("a"),)), Message(Role.ASSISTANT, (Text("b"),)), Message(Role.USER, (Text("c"),)))

    with pytest.raises(InvalidRequestError):
        write_conversation(Conversation(model="m", messages=turns), NOTHING)
