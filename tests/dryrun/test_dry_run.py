"""`llmgw test-route` and the running server are held against each other: same file, same request, same failures."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmgw.errors import FailureClass
from tests.dryrun.scenarios import scenarios
from tests.dryrun.side_by_side import ERRORS, Upstream, assert_alike, rehearsed, serve_all

# Each of three or four requests. `LLMGW_EXAMPLES=350`: more than a thousand requests.
EXAMPLES = int(os.environ.get("LLMGW_EXAMPLES", "80"))


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.timeout(300)
def test_the_dry_run_lists_the_targets_that_the_server_tries(
    data: st.DataObject, upstream_loop: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scenario = data.draw(scenarios(f"{upstream_loop.server.url}/v1"))
    folder = tmp_path_factory.getbasetemp()
    file, body = folder / "config.yaml", folder / "body.json"
    file.write_text(scenario.text())

    served_all = upstream_loop.runner.run(serve_all(scenario, upstream_loop.server))

    for ask, seen in zip(scenario.asks, served_all, strict=True):
        assert_alike(rehearsed(file, body, ask, seen), ask, seen)


def test_every_class_that_the_scenarios_use_is_a_failure_class() -> None:
    assert set(ERRORS) <= {failure.value for failure in FailureClass}
