"""Many rows in few statements.

Each statement lets go of the interpreter and then has to wait for it, while calls are answered: so a thread that makes
one for each row takes long, and is in everybody's way all the time.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple, TypeVar

# Any number of rows is a sum of some of these, each of which is prepared once.
_ROWS_AT_ONCE = (256, 128, 64, 32, 16, 8, 4, 2, 1)

Row = TypeVar("Row")


class Many(NamedTuple):
    """A statement about rows of so many values, which stand between its two parts."""

    before: str
    columns: int
    after: str = ""

    def split(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """So many of them at a time as `execute` takes at once."""
        most = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // self.columns
        at = 0
        while at < len(rows):
            count = next(count for count in _ROWS_AT_ONCE if count <= min(len(rows) - at, most))
            yield rows[at : at + count]
            at += count

    def execute(self, connection: sqlite3.Connection, rows: Sequence[Sequence[object]]) -> None:
        connection.execute(_text(self, len(rows)), [*chain.from_iterable(rows)])

    def execute_all(self, connection: sqlite3.Connection, rows: Sequence[Sequence[object]]) -> None:
        """However many there are, be it none."""
        for some in self.split(connection, rows):
            self.execute(connection, some)


@cache
def _text(many: Many, rows: int) -> str:
    marks = f"({', '.join('?' * many.columns)})"
    return f"{many.before} {', '.join([marks] * rows)} {many.after}"
