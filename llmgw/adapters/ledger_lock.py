"""That one process only counts limits and budgets over a ledger: two would each grant all that is left."""

import os
from pathlib import Path

from llmgw.adapters.ledger_segments import real_path, take_lock
from llmgw.errors import GatewayError


class LedgerInUseError(GatewayError):
    """Another process counts over this ledger."""


class LedgerLock:
    """`<db>.lock`, held until it is released, or until the process ends in whatever way."""

    def __init__(self, ledger: Path) -> None:
        ledger = real_path(ledger)
        self._path = ledger.with_name(f"{ledger.name}.lock")
        self._ledger = ledger
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises LedgerInUseError, or OSError. Who has it already, keeps it."""
        if self._descriptor is not None:
            return
        self._descriptor = take_lock(self._path)
        if self._descriptor is None:
            raise LedgerInUseError(
                f"another process serves limits or budgets over {self._ledger}{self._whose()}: stop it, or give this "
                "one a `state.ledger` of its own"
            )
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, b"%d\n" % os.getpid())

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _whose(self) -> str:
        try:
            written = self._path.read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return ""
        return f" (process {written})" if written.isdecimal() else ""
