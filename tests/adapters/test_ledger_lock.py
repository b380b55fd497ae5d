import os
import subprocess
import sys
from pathlib import Path

import pytest

from llmgw.adapters.ledger_lock import LedgerInUseError, LedgerLock


def test_one_only_may_have_it_and_the_other_hears_which(tmp_path: Path) -> None:
    one, other = (LedgerLock(tmp_path / "a.db") for _ in range(2))
    one.take()
    one.take()
    with pytest.raises(LedgerInUseError, match=f"process {os.getpid()}"):
        other.take()
    one.release()
    one.release()
    other.take()
    with pytest.raises(LedgerInUseError):
        one.take()
    other.release()


def test_a_link_to_a_ledger_has_its_lock(tmp_path: Path) -> None:
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    one, other = LedgerLock(tmp_path / "a.db"), LedgerLock(tmp_path / "b.db")
    one.take()
    with pytest.raises(LedgerInUseError):
        other.take()
    one.release()


def test_it_ends_with_its_process_in_whatever_way(tmp_path: Path) -> None:
    script = "import sys, pathlib; from llmgw.adapters.ledger_lock import LedgerLock\n"
    script += "LedgerLock(pathlib.Path(sys.argv[1])).take(); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "a.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(LedgerInUseError, match=f"process {process.pid}"):
            LedgerLock(tmp_path / "a.db").take()
        process.kill()
    lock = LedgerLock(tmp_path / "a.db")
    lock.take()
    lock.release()


def test_whose_it_is_may_be_unknown(tmp_path: Path) -> None:
    one, other = (LedgerLock(tmp_path / "a.db") for _ in range(2))
    one.take()
    (tmp_path / "a.db.lock").write_text("?")
    with pytest.raises(LedgerInUseError, match=r"over .*a\.db: stop it"):
        other.take()
    one.release()
