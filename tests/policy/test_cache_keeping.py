"""Which answers are kept: only those of which all is known to be well."""

from typing import Any

import pytest

from llmgw.chat.events import Finish
from llmgw.policy.cache_keeping import ENDED_UNKNOWN, Told, why_not
from tests.policy.cached import RULE, ruled


def why(finish: str = "stop", **said: Any) -> str:
    return why_not(RULE, 1, Told(**{"status": 200, "finishes": (finish,), **said}))


@pytest.mark.parametrize("finish", ["stop", "STOP", "end_turn", "stop_sequence", "completed", "eos", Finish.STOP])
def test_an_answer_that_the_model_ended_is_kept(finish: str) -> None:
    assert why(finish) == ""


@pytest.mark.parametrize(
    "finish",
    [
        *("length", "max_tokens", "MAX_TOKENS", "incomplete", "model_context_window_exceeded", "model_length"),
        *("content_filter", "SAFETY", "RECITATION", "refusal", "error", "pause_turn", "failed", "cancelled"),
        *("MALFORMED_FUNCTION_CALL", "OTHER", "in_progress", "queued", "null", "", "something new"),
        *(Finish.LENGTH, Finish.CONTENT_FILTER, Finish.REFUSAL, Finish.PAUSE),
    ],
)
def test_an_answer_that_ended_otherwise_is_not(finish: str) -> None:
    assert why(finish).startswith("it ended with")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"status": 429}, "its status is 429"),
        ({"status": 304}, "its status is 304"),
        ({"whole": False}, "it is not whole"),
        ({"refuses": True}, "it is a refusal"),
        ({"finishes": ()}, "it does not say how it ended"),
    ],
)
def test_nor_is_one_with_anything_else_amiss(said: dict[str, Any], reason: str) -> None:
    assert why(**said) == reason


def test_nor_is_one_that_ended_in_a_word_that_the_hub_does_not_know() -> None:
    assert why("stop", ended_unknown=True) == ENDED_UNKNOWN
    assert why("moonrise", ended_unknown=True) == "it ended with 'moonrise'"


@pytest.mark.parametrize("finish", ["tool_calls", "function_call", "tool_use", Finish.TOOL_USE])
def test_an_answer_that_calls_tools_is_kept_only_if_the_rule_says_so(finish: str) -> None:
    told = Told(status=200, finishes=(finish,))

    assert why_not(RULE, 1, told) == "it calls tools"
    assert not why_not(ruled(keep_tool_calls=True), 1, told)


def test_a_call_counts_too_where_the_end_does_not_tell_of_it() -> None:
    assert why("completed", calls_tools=True) == "it calls tools"


@pytest.mark.parametrize(
    ("path", "is_kept"),
    [
        ("smart", True),
        ("smart/fallback[0]=gpt", True),
        ("smart/pool[3]=gpt", True),
        ("smart/fallback[1]=claude", False),
        ("smart/fallback[10]=claude", False),
        ("smart/fallback[0]=inner/fallback[2]=claude", False),
        ("budget:team/on_exceeded=local", False),
    ],
)
def test_what_was_reached_by_fallback_is_kept_only_if_the_rule_says_so(path: str, *, is_kept: bool) -> None:
    told = Told(status=200, finishes=("stop",), path=path)

    assert (not why_not(RULE, 1, told)) is is_kept
    assert not why_not(ruled(keep_fallback=True), 1, told)


def test_of_several_answers_each_has_to_be_well() -> None:
    told = Told(status=200, finishes=("stop", "length"))

    assert why_not(RULE, 2, told) == "it ended with 'length'"
    assert why_not(RULE, 3, told) == "it does not say how it ended"
