import json
from datetime import UTC, datetime
from typing import Any

from llmgw.adapters.alert_message import alert_body
from llmgw.config.secrets import Secret
from llmgw.graph.rules import Alert, Amounts, BudgetRule, Calendar, Rolling, Scope, Unit, Window
from llmgw.policy.claims import Crossed

AUGUST_MS = int(datetime(2026, 8, 1, tzinfo=UTC).timestamp() * 1000)
USD = 1_000_000_000
MONTH = Calendar(Unit.MONTH)


def crossed(
    value: str = "search",
    *,
    spent_nanousd: int = 9600 * USD,
    limit_nanousd: int = 12_000 * USD,
    window: Window = MONTH,
    is_hard: bool = True,
    secret: str | None = None,
    url: str = "http://127.0.0.1:1/hook",
) -> Crossed:
    alert = Alert((0.8, 1.0), Secret(url), None if secret is None else Secret(secret))
    rule = BudgetRule(
        id="id",
        scope=Scope("team-month", ("key.team",)),
        limit_nanousd=Amounts(limit_nanousd),
        window=window,
        is_hard=is_hard,
        alert=alert,
    )
    return Crossed(rule, (value,), 0.8, spent_nanousd, limit_nanousd, AUGUST_MS)


def told(alert: Crossed) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(alert_body(alert))
    return found


def test_everything_that_a_program_wants_to_know() -> None:
    told_of = "Budget team-month (key.team search)"

    assert told(crossed()) == {
        "text": f"{told_of}: 80 % is used, $9,600.00 of $12,000.00 since 2026-08-01 00:00 UTC.",
        "budget": "team-month",
        "bucket": {"key.team": "search"},
        "used": 0.8,
        "limit_usd": 12000,
        "spent_usd": 9600,
        "at": 0.8,
        "window_started": "2026-08-01T00:00:00Z",
        "enforce": "hard",
    }


def test_amounts_are_exact() -> None:
    body = alert_body(crossed(spent_nanousd=9600 * USD + 1))

    assert b'"spent_usd":9600.000000001' in body


def test_what_is_not_quite_all_is_not_told_as_all() -> None:
    found = told(crossed(spent_nanousd=12_000 * USD - 1))

    assert (found["used"], "99 % is used" in found["text"]) == (0.9999, True)


def test_small_amounts_are_told_from_nothing() -> None:
    found = told(crossed(spent_nanousd=8000, limit_nanousd=10_000))

    assert "80 % is used, $0.000008 of $0.00001 since" in found["text"]


def test_when_nothing_is_left_it_says_what_follows() -> None:
    refused = told(crossed(spent_nanousd=12_000 * USD))["text"]
    watched = told(crossed(spent_nanousd=12_001 * USD, is_hard=False))

    assert refused.endswith("UTC. Requests are refused.")
    assert watched["text"].endswith("UTC. It is only watched: nothing is refused.")
    assert (watched["used"], watched["enforce"]) == (1.0, "shadow")


def test_a_rolling_window_is_told_by_its_length() -> None:
    assert told(crossed(window=Rolling(7200.0)))["text"].endswith("in the last 2 hours.")


def test_a_budget_of_nothing_is_used() -> None:
    assert told(crossed(spent_nanousd=0, limit_nanousd=0))["used"] == 1.0


def test_what_a_caller_calls_himself_mentions_nobody_and_links_nowhere() -> None:
    value = "<!channel> <https://evil.example|click>\n& more" + "x" * 200
    found = told(crossed(value))

    assert found["bucket"] == {"key.team": value}
    assert "(key.team &lt;!channel&gt; &lt;https://evil.example|click&gt;?&amp; more" in found["text"]
    assert len(found["text"]) < 300


def test_a_value_that_is_missing_is_told_as_such() -> None:
    assert "(key.team (none))" in told(crossed(""))["text"]


def test_what_is_no_text_is_told_all_the_same() -> None:
    found = told(crossed("a\udcffb"))

    assert found["bucket"] == {"key.team": "a?b"}
    assert "(key.team a?b)" in found["text"]
