"""Processes that book and are killed at random instants, and whether what they told the world is in the ledger.

`python -m tests.adapters.ledger_kills DIRECTORY KILLS SEED` prints what went wrong. Each process runs on the database
that the one before has left; what it writes to its pipe stands for the last bytes of an answer.
"""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

from llmgw.adapters import ledger_writer
from llmgw.adapters.ledger import SqliteLedger, ledger_to_read
from llmgw.adapters.sqlite.database import database
from llmgw.policy.entry import Reserved, Settled
from tests.adapters.ledger_records import costs, entry, left, request_id, spent

LIVES_S_MAX = 0.08


async def serve(path: Path, first: int, pipe: int) -> None:
    """Some requests at a time, each with a reservation; it tells of each as soon as it has been booked."""
    ledger = SqliteLedger.open(path, print, segment_bytes_max=8 * 1024)
    for number in range(first, first + 10**6, 3):
        for one in (number, number + 1, number + 2):
            await ledger.append(Reserved(entry(one, cost_nanousd=2), 1))
        for one in (number + 1, number, number + 2):
            await ledger.append(Settled(entry(one, cost_nanousd=1), ends=1))
            os.write(pipe, b"%d\n" % one)
        await asyncio.sleep(0)


def killed(path: Path, first: int, dice: random.Random) -> list[int]:
    """The numbers of the requests that it told of before it died."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        asyncio.run(serve(path, first, writer))
        os._exit(0)
    os.close(writer)
    told = os.read(reader, 10) if dice.random() < 0.7 else b""  # others die while they clear up after the one before
    time.sleep(dice.uniform(0, LIVES_S_MAX))
    if dice.random() < 0.3:
        with ledger_to_read(path, print):  # it and we, both at once
            pass
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while more := os.read(reader, 65536):
        told += more
    os.close(reader)
    return [int(line) for line in told.split()]


def faults(path: Path, told: set[int]) -> list[str]:
    """What is not as it should be."""
    with ledger_to_read(path, print):
        pass
    rows = costs(path)
    known = {request for request, _, _ in rows}
    return [
        *(f"{number} is lost" for number in sorted(told) if request_id(number) not in known),
        *([f"{len(rows) - len(known)} are booked twice"] if len(rows) > len(known) else []),
        *([f"{spent(path)} spent, rows of {sum(row[2] for row in rows)}"] if spent(path) != _sum(rows) else []),
        *([f"{left(path)} reservations are left"] if left(path) else []),
        *(f"{request} costs what was reserved" for request, _, cost in rows if cost != 1 and _number(request) in told),
        *(f"{file.name} is left" for file in path.with_name(f"{path.name}.d").iterdir()),
    ]


def _number(request: str) -> int:
    return int(request[12:], 16)


def _sum(rows: list[tuple[str, int, int]]) -> int:
    return sum(nanousd for _, _, nanousd in rows)


def main(directory: str, kills: str, seed: str) -> None:
    ledger_writer.FOLD_S = 0.002  # so that it is killed in the midst of it
    dice, told = random.Random(int(seed)), set[int]()
    path = Path(directory) / "a.db"
    with database(path):
        pass
    for kill in range(int(kills)):
        told |= {*killed(path, kill * 10**6, dice)}
        is_checked = dice.random() < 0.3 or kill == int(kills) - 1
        if is_checked and (found := faults(path, told)):
            print(f"after kill {kill + 1}: {found}")
            return
    print(f"{len(told)} told", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
