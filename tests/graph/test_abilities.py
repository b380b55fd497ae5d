"""What one target of a route lacks and another has is told at load, and decides at each call."""

import pytest

from tests.graph.files import node, problems, sound

FILE = """
models:
  gpt: simulator/gpt
  plain: {target: simulator/plain, lacks: [tools, images]}
  bare: {target: simulator/bare, lacks: [tools]}
"""


def test_a_route_that_mixes_them_is_warned_about() -> None:
    (told,) = problems(f"{FILE}routes: {{chat: {{fallback: [gpt, plain]}}}}")

    assert told.endswith(
        "routes.chat: warning: plain lacks images and tools, which others of this route have "
        "(requests that need it skip that target)"
    )


def test_what_none_has_is_no_surprise() -> None:
    (told,) = problems(f"{FILE}routes: {{chat: {{pool: [plain, bare]}}}}")

    assert "plain lacks images, which" in told


def test_branches_of_a_when_are_apart() -> None:
    when = "when: [{if: request.tools, use: gpt}, {use: plain}]"

    assert problems(f"{FILE}routes: {{chat: {{{when}}}}}") == []


def test_like_takes_it_over() -> None:
    graph = sound(f"{FILE}  other: {{target: simulator/other, like: plain}}\n")

    assert graph.targets["other"].lacks == {"tools", "images"}


@pytest.mark.parametrize("word", ["tool", "[json, sound]"])
def test_only_what_is_known_can_be_lacking(word: str) -> None:
    (told,) = problems(f"models: {{m: {{target: simulator/m, lacks: {word}}}}}")

    assert "models.m.lacks" in told


def test_a_single_model_is_not_compared() -> None:
    assert problems(FILE) == []
    assert node(FILE, "plain").path == "plain"
