"""`ledger: none`: a book that keeps nothing, for who wants none. And alerts that nobody asked for."""

from llmgw.policy.claims import Crossed
from llmgw.policy.entry import Record
from llmgw.ports import Alerts, Ledger


class NoLedger:
    """Nothing is ever full, and nothing is ever there."""

    def check(self) -> None:
        """It takes everything."""

    async def append(self, record: Record) -> None:
        """And keeps none of it."""


class NoAlerts:
    """For a dry run: nobody is told of what has not happened."""

    def tell(self, crossed: Crossed) -> None:
        """It is heard by nobody."""


_ledger: type[Ledger] = NoLedger
_alerts: type[Alerts] = NoAlerts
