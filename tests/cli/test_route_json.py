"""A dry run for programs: the same fields, however it ends."""

from llmgw.cli.route_json import error_json, route_json
from llmgw.errors import FailureClass
from tests.cli.dry_runs import dry_run


def test_the_json_names_what_leads_to_a_candidate_and_how_it_ended() -> None:
    resolved, itinerary, rehearsal = dry_run("named", {"gpt": FailureClass.OVERLOADED})

    told = route_json("named", resolved, itinerary, rehearsal)

    assert [candidate["on_failure"] for candidate in told["candidates"]] == [[], [["timeout"]]]
    assert told["error"] == {
        "status": 503,
        "code": "overloaded",
        "message": "no target answered (max_attempts reached): gpt: overloaded (pretended)",
        "passed_on": False,
    }


def test_both_kinds_of_json_have_the_same_fields() -> None:
    told = route_json("chat", *dry_run("chat", {}))

    assert set(error_json("chat", 404, "model_not_found", "no")) == set(told)
