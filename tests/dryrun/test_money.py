"""Under limits and budgets too, `llmgw test-route` and the running server decide the same."""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dryrun.money import spend, with_money
from tests.dryrun.side_by_side import Upstream, assert_alike, rehearsed, serve_all

EXAMPLES = int(os.environ.get("LLMGW_EXAMPLES", "80"))
KINDS = {"ok", "budget_exceeded", "rate_limit_exceeded", "invalid_request"}


@pytest.mark.timeout(300)
def test_the_dry_run_decides_over_money_as_the_server_does(
    upstream_loop: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    file, body = folder / "config.yaml", folder / "body.json"
    ends: Counter[str] = Counter()

    @given(data=st.data())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def they_decide_alike(data: st.DataObject) -> None:
        scenario = data.draw(with_money(f"{upstream_loop.server.url}/v1"))
        file.write_text(scenario.text())
        served_all = upstream_loop.runner.run(serve_all(scenario, upstream_loop.server, spend))
        for ask, seen in zip(scenario.asks, served_all, strict=True):
            shown = rehearsed(file, body, ask, seen)
            ends[(shown["error"] or {}).get("code", "ok")] += 1
            assert_alike(shown, ask, seen)

    they_decide_alike()

    assert ends.keys() >= KINDS, ends
