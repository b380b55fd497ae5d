"""A book that keeps nothing, and alerts that nobody hears."""

from llmgw.adapters.no_ledger import NoAlerts, NoLedger
from llmgw.policy.claims import Crossed
from tests.adapters.ledger_records import reserved, settled
from tests.policy.rules import budget


async def test_it_is_never_full_however_much_comes() -> None:
    ledger = NoLedger()
    for record in (reserved(1), settled(1, ends=1)):
        ledger.check()
        await ledger.append(record)
    ledger.check()

    assert vars(ledger) == {}


def test_alerts_are_told_to_nobody() -> None:
    alerts = NoAlerts()
    alerts.tell(Crossed(budget(), ("k",), 0.8, 80, 100, 0))

    assert vars(alerts) == {}
