import pytest

from llmgw.config.model import TestRequest as Request
from llmgw.errors import FailureClass
from llmgw.routing.dice import Dice
from llmgw.routing.facts import pretended
from llmgw.routing.health_board import ALL_WELL, View
from llmgw.routing.walk import Candidate, Itinerary, Turn, walk
from tests.graph.files import sound
from tests.routing.boards import ill

TEXT = (
    "models:\n"
    "  gpt: simulator/gpt\n"
    "  short: {target: simulator/short, max_output: 100}\n"
    "  strict: strict/x\n"
    "  local: simulator/local\n"
    '  "m-*": simulator/big-*\n'
    "providers: {strict: {like: mistral, api_key: k, unsupported: error}}\n"
    "routes:\n"
    "  chain: {fallback: [gpt, {use: local, on_failure: [timeout]}], deadline: 9s, max_attempts: 4}\n"
    "  share: {pool: [gpt, {use: local, weight: 3}, {use: short, weight: 0}]}\n"
    "  tiered: {when: [{if: 'metadata.tier == \"free\"', use: local}, {if: request.tools, use: chain}, {use: share}]}\n"
    "  mixed: {fallback: [share, strict, short]}\n"
    '  "any-*": {fallback: ["m-*", gpt]}\n'
)


def itinerary(name: str, *, seed: int = 1, health: View = ALL_WELL, **request: object) -> Itinerary:
    resolved = sound(TEXT).resolve(name)
    assert resolved is not None
    facts = pretended(Request(model=name, **request))  # type: ignore[arg-type]  # rows of tests
    return walk(resolved, facts, health, Dice(seed))


def ids(found: Itinerary) -> list[str]:
    return [candidate.target.id for candidate in found.candidates]


def dropped(found: Itinerary) -> dict[str, str | None]:
    return {candidate.target.id: candidate.dropped for candidate in found.candidates}


def test_a_model_is_one_candidate() -> None:
    (candidate,) = itinerary("gpt").candidates

    assert (candidate.path, candidate.turns, candidate.dropped, candidate.stands_for) == ("gpt", (), None, None)


def test_the_rules_of_the_request_are_the_routes() -> None:
    found = itinerary("chain")

    assert (found.deadline_s, found.max_attempts) == (9.0, 4)


def test_a_chain_is_in_order_and_each_candidate_knows_its_turns() -> None:
    found = itinerary("chain")

    assert ids(found) == ["gpt", "local"]
    assert [candidate.turns for candidate in found.candidates] == [
        (Turn("chain", 0),),
        (Turn("chain", 1, frozenset({FailureClass.TIMEOUT})),),
    ]


def test_a_pool_is_in_the_order_of_the_draw_without_what_is_drained() -> None:
    orders = {tuple(ids(itinerary("share", seed=seed))) for seed in range(30)}

    assert orders == {("gpt", "local"), ("local", "gpt")}
    assert ids(itinerary("share", seed=5)) == ids(itinerary("share", seed=5))
    assert [candidate.turns for candidate in itinerary("share").candidates] == [
        (Turn("share", 0),),
        (Turn("share", 1),),
    ]


def test_the_first_branch_that_holds_is_taken() -> None:
    assert ids(itinerary("tiered", metadata={"tier": "free"}, tools=True)) == ["local"]
    assert ids(itinerary("tiered", tools=True)) == ["gpt", "local"]
    assert sorted(ids(itinerary("tiered"))) == ["gpt", "local"]


def test_a_branch_is_no_turn() -> None:
    (candidate,) = itinerary("tiered", metadata={"tier": "free"}).candidates

    assert (candidate.path, candidate.turns) == ("tiered/when[0]=local", ())


def test_turns_of_nested_routes_come_from_the_outside_in() -> None:
    first: Candidate = itinerary("mixed").candidates[0]

    assert [(turn.place, turn.index) for turn in first.turns] == [("mixed", 0), ("mixed/fallback[0]=share", 0)]


def test_a_star_is_filled_in() -> None:
    first, second = itinerary("any-9").candidates

    assert (first.target.id, first.target.edits.model, first.path) == ("m-9", "big-9", "any-9/fallback[0]=m-9")
    assert (second.target.id, second.path) == ("gpt", "any-9/fallback[1]=gpt")


@pytest.mark.parametrize(
    ("max_tokens", "reason"), [(100, None), (101, "max_tokens 101 is over max_output 100"), (None, None)]
)
def test_a_target_is_dropped_whose_answer_would_be_too_short(max_tokens: int | None, reason: str | None) -> None:
    assert dropped(itinerary("mixed", max_tokens=max_tokens))["short"] == reason


def test_a_target_is_dropped_that_would_refuse_a_field() -> None:
    assert dropped(itinerary("mixed", user="u"))["strict"] == "unsupported: user"
    assert dropped(itinerary("mixed"))["strict"] is None


def test_a_target_is_dropped_that_lacks_what_is_asked_for() -> None:
    lacking = (
        "models: {a: {target: simulator/a, lacks: [tools, json]}, b: simulator/b}\nroutes: {r: {fallback: [a, b]}}"
    )
    resolved = sound(lacking).resolve("r")
    assert resolved is not None
    plain, rich = Request(model="r"), Request(model="r", tools=True, json=True, images=True)
    reasons = [walk(resolved, pretended(asked), ALL_WELL, Dice(1)).candidates[0].dropped for asked in (plain, rich)]

    assert reasons == [None, "lacks json, tools"]


def test_an_ejected_target_is_dropped_and_stands_for_its_failure() -> None:
    found = itinerary("chain", health=ill("gpt", FailureClass.OVERLOADED))

    assert [(c.dropped, c.stands_for) for c in found.candidates] == [
        ("ejected after overloaded", FailureClass.OVERLOADED),
        (None, None),
    ]


def test_what_a_target_cannot_do_is_told_before_how_it_is() -> None:
    health = ill("short", FailureClass.OVERLOADED)
    short = itinerary("mixed", max_tokens=101, health=health).candidates[-1]

    assert (short.dropped, short.stands_for) == ("max_tokens 101 is over max_output 100", FailureClass.OVERLOADED)


NESTED = (
    "models: {gpt: simulator/gpt, local: simulator/local}\n"
    "defaults: {deadline: 99s, max_attempts: 9}\n"
    "routes:\n"
    "  inner: {fallback: [gpt], deadline: 1s, max_attempts: 2}\n"
    "  half: {fallback: [gpt], max_attempts: 3}\n"
    "  listed: {fallback: [inner, local]}\n"
    "  tools: {when: [{if: request.tools, use: inner}, {if: request.json, use: half}, {use: listed}]}\n"
    "  outer: {when: [{if: request.stream, use: gpt}, {use: tools}], deadline: 5s}\n"
    '  "x-*": {when: [{if: request.tools, use: inner}, {use: gpt}]}\n'
    "  starred: {when: [{if: request.stream, use: gpt}, {use: x-1}]}\n"
)


@pytest.mark.parametrize(
    ("name", "request_", "expected"),
    [
        ("inner", {}, (1.0, 2)),
        ("tools", {"tools": True}, (1.0, 2)),
        ("tools", {"json": True}, (99.0, 3)),
        ("tools", {}, (99.0, 9)),
        ("outer", {"tools": True}, (5.0, 2)),
        ("outer", {"json": True}, (5.0, 3)),
        ("outer", {"stream": True, "tools": True}, (5.0, 9)),
        ("listed", {}, (99.0, 9)),
        ("x-1", {"tools": True}, (1.0, 2)),
        ("starred", {"tools": True}, (1.0, 2)),
    ],
)
def test_of_the_routes_on_the_way_the_outermost_that_says_something_rules_the_request(
    name: str, request_: dict[str, object], expected: tuple[float, int]
) -> None:
    resolved = sound(NESTED).resolve(name)
    assert resolved is not None
    found = walk(resolved, pretended(Request(model=name, **request_)), ALL_WELL, Dice(1))  # type: ignore[arg-type]  # rows

    assert (found.deadline_s, found.max_attempts) == expected
