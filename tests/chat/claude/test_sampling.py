"""Within Anthropic's bounds, and only what the model takes; what is left out is named."""

from typing import Any

import pytest

from llmgw.chat.claude.sampling import write_sampling, write_stop
from llmgw.chat.conversation import Sampling


@pytest.mark.parametrize(
    ("sampling", "model", "thinks", "told", "unsaid"),
    [
        (Sampling(), "claude-sonnet-4-5", False, {}, []),
        (Sampling(temperature=0.5, top_k=40), "claude-sonnet-4-5", False, {"temperature": 0.5, "top_k": 40}, []),
        (Sampling(temperature=2.0), "claude-sonnet-4-5", False, {"temperature": 1.0}, ["temperature"]),
        (Sampling(temperature=0.0, top_p=0.9), "claude-sonnet-4-5", False, {"temperature": 0.0}, ["top_p"]),
        (Sampling(temperature=0.1, top_p=0.9), "claude-3-haiku", False, {"temperature": 0.1, "top_p": 0.9}, []),
        (Sampling(temperature=0.5, top_p=0.99), "claude-sonnet-4-5", True, {"top_p": 0.99}, ["temperature"]),
        (Sampling(temperature=1.5, top_k=4), "claude-sonnet-4-5", True, {"temperature": 1.0}, ["temperature", "top_k"]),
        (Sampling(top_p=0.9), "claude-sonnet-4-5", True, {}, ["top_p"]),
        (Sampling(temperature=0.2, top_k=4), "claude-opus-4-7", False, {}, ["temperature", "top_k"]),
    ],
)
def test_what_the_model_takes(sampling: Sampling, model: str, thinks: bool, told: Any, unsaid: list[str]) -> None:
    named: list[str] = []

    assert told == write_sampling(sampling, model, named, thinks=thinks)
    assert unsaid == named


@pytest.mark.parametrize(
    ("stop", "told", "unsaid"),
    [((), None, []), (("END", "\n"), ["END"], ["stop"]), (("\n\n",), None, ["stop"]), (("a b",), ["a b"], [])],
)
def test_white_space_does_not_stop_it(stop: tuple[str, ...], told: list[str] | None, unsaid: list[str]) -> None:
    named: list[str] = []

    assert (told, unsaid) == (write_stop(stop, named), named)
