"""What is alike is one box; limits are told where they are not the file's defaults."""

from llmgw.config.model import DefaultsSection, Duration, TimeoutEntry
from llmgw.graph.drawing import NOTHING_LEFT, Root, boxes, drawn
from tests.graph.files import MODELS, compiled, sound

TEXT = MODELS + (
    "routes:\n"
    "  top: {when: [{if: request.tools, use: share}, {use: chain}], deadline: 90s, max_attempts: 5}\n"
    "  share: {pool: [gpt, {use: local, weight: 3}]}\n"
    "  chain: {fallback: [share, {use: gpt, on_failure: [timeout]}]}\n"
)


def roots(text: str, defaults: DefaultsSection | None = None) -> dict[str, Root]:
    return {root.when or root.name: root for root in drawn(sound(text), defaults or DefaultsSection())}


def test_routes_come_before_models() -> None:
    assert list(roots(TEXT)) == ["top", "share", "chain", "gpt", "claude", "local"]


def test_a_route_inside_of_another_is_the_same_box() -> None:
    found = roots(TEXT)
    inner = found["chain"].box.arrows[0].to

    assert inner == found["share"].box
    assert [box.name for box in boxes(found.values())] == ["top", "share", "gpt", "local", "chain", "claude"]


def test_arrows_tell_how_the_next_is_reached() -> None:
    found = roots(TEXT)

    assert [(arrow.place, arrow.notes) for arrow in found["top"].box.arrows] == [
        (1, ("if request.tools",)),
        (2, ("else",)),
    ]
    assert [(arrow.place, arrow.notes) for arrow in found["share"].box.arrows] == [
        (0, ("weight 1 (25%)",)),
        (0, ("weight 3 (75%)",)),
    ]
    assert [(arrow.place, arrow.notes) for arrow in found["chain"].box.arrows] == [
        (1, ()),
        (2, ("on_failure timeout",)),
    ]


def test_limits_of_the_whole_are_told_where_they_are_not_the_defaults() -> None:
    assert roots(TEXT)["top"].notes == ("deadline 90s", "max_attempts 5")
    assert roots(TEXT)["share"].notes == ()


def test_a_route_with_limits_of_its_own_makes_another_box_of_what_is_in_it() -> None:
    found = roots(TEXT + "  slow: {fallback: [share], timeout: {first_token: 2m}, retry: {attempts: 5}}\n")
    inner = found["slow"].box.arrows[0].to

    assert inner.name == "share"
    assert inner != found["share"].box
    assert inner.arrows[0].notes == ("weight 1 (25%)", "first_token 2m", "attempts 5")
    assert inner.arrows[0].to == found["gpt"].box


def test_what_the_file_says_for_all_is_usual() -> None:
    text = TEXT + "defaults: {timeout: {connect: 1s}}\n"
    usual = DefaultsSection(timeout=TimeoutEntry(connect=Duration(1.0)))

    assert roots(text, usual)["gpt"].notes == ()
    assert roots(text)["gpt"].notes == ("connect 1s",)


def test_a_branch_without_targets_says_so() -> None:
    text = (
        "providers: {openai: {optional: true}}\nmodels: {a: openai/gpt-4o, b: simulator/b}\n"
        "routes: {r: {when: [{if: request.tools, use: a}, {use: b}]}}\n"
    )
    graph = compiled(text).graph
    found = {root.name: root for root in drawn(graph, DefaultsSection())}

    assert [arrow.to.kind for arrow in found["r"].box.arrows] == [NOTHING_LEFT, "target"]


def test_a_budget_that_leads_elsewhere_is_drawn_too() -> None:
    budget = "budgets: [{name: all, limit_usd: 1, per: day, on_exceeded: {use: local}}]\n"
    found = roots(TEXT + budget)

    assert found["budget all is used up"].box == found["local"].box
