"""Windows of budgets as slots of Unix time in ms, and what has been used in the slots that still count.

A calendar window is one slot, from turn to turn of the calendar in its time zone. A rolling one is cut into a thousand
quanta, and each counts in full until all of it has left the window: so never too little is counted.
"""

from bisect import insort
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from operator import attrgetter
from zoneinfo import ZoneInfo

from llmgw.graph.rules import Calendar, Rolling, Unit, Window

QUANTA = 1000  # of a rolling window
HOUR_MS = 3_600_000

_GONE = -1  # the place of a cell that no longer counts


def slot_ms(window: Window, now_s: float) -> int:
    """The slot in which something is booked at that moment: when it began."""
    return _slot_ms(window, int(now_s * 1000))


def since_ms(window: Window, now_s: float) -> int:
    """The first of the slots that still count at that moment."""
    return _since_ms(window, int(now_s * 1000))


def _slot_ms(window: Window, now_ms: int) -> int:
    """A moment that came as a whole number stays one: as a fraction of seconds it may be the one before."""
    if isinstance(window, Rolling):
        return now_ms - now_ms % _quantum_ms(window)
    return _calendar_start_ms(window, now_ms)


def _since_ms(window: Window, now_ms: int) -> int:
    slot = _slot_ms(window, now_ms)
    return slot - _length_ms(window) if isinstance(window, Rolling) else slot


def ends_ms(window: Window, slot_ms: int) -> int:
    """From when on a slot no longer counts."""
    if isinstance(window, Rolling):
        return slot_ms + _quantum_ms(window) + _length_ms(window)
    if window.unit is Unit.HOUR:
        return slot_ms + HOUR_MS
    zone = ZoneInfo(window.timezone)
    first_day = datetime.fromtimestamp(slot_ms / 1000, zone).date()
    return _midnight_ms(_next_first_day(window.unit, first_day), zone)


class CurrentSlot:
    """The slot that is now, and the first one that counts: worked out once per slot, because calendars are slow.

    It never goes back, even if the clock does: a window that has begun is not left for the one before.
    """

    __slots__ = ("_window", "since_ms", "slot_ms", "turns_ms")

    def __init__(self, window: Window, now_ms: int) -> None:
        self._window = window
        self.turns_ms = 0  # until then it need not be moved
        self.slot_ms = 0
        self.since_ms = 0  # slots from here on count
        self.move(now_ms)

    def move(self, now_ms: int) -> None:
        """It is that late now."""
        if now_ms < self.turns_ms:
            return
        window = self._window
        self.slot_ms, self.since_ms = _slot_ms(window, now_ms), _since_ms(window, now_ms)
        slot = self.slot_ms
        self.turns_ms = slot + _quantum_ms(window) if isinstance(window, Rolling) else ends_ms(window, slot)


class Cell:
    """What was used in one slot. Whoever booked in it keeps it, to correct it."""

    __slots__ = ("amount", "at", "later")

    def __init__(self, at: int, amount: int) -> None:
        self.at = at
        self.amount = amount
        self.later: Cell | None = None


class Tally:
    """What was used, slot by slot, and in all of those that count. Any numbers do as slots, if they grow with time."""

    __slots__ = ("_oldest", "newest", "total")

    def __init__(self) -> None:
        self.total = 0
        self._oldest: Cell | None = None
        self.newest: Cell | None = None

    def forget(self, before: int) -> None:
        """Slots before that one no longer count."""
        cell = self._oldest
        while cell is not None and cell.at < before:
            self.total -= cell.amount
            cell.at, later = _GONE, cell.later
            cell.later = None  # else whoever keeps it would keep all that follow
            cell = later
        self._oldest = cell
        if cell is None:
            self.newest = None

    def add(self, at: int, amount: int) -> Cell:
        """Book it in that slot; or in the newest one, if that is later."""
        self.total += amount
        newest = self.newest
        if newest is not None and newest.at >= at:
            newest.amount += amount
            return newest
        cell = self.newest = Cell(at, amount)
        if newest is None:
            self._oldest = cell
        else:
            newest.later = cell
        return cell

    def cell(self, at: int) -> Cell:
        """Where it would be booked."""
        newest = self.newest
        return newest if newest is not None and newest.at >= at else self.add(at, 0)

    def change(self, cell: Cell, amount: int) -> bool:
        """So much more was used in a slot, or less. False: it no longer counts, and nothing has changed."""
        if cell.at == _GONE:
            return False
        cell.amount += amount
        self.total += amount
        return True

    def raise_to(self, amounts: Iterable[tuple[int, int]]) -> None:
        """In these slots at least so much was used."""
        cells = list(self)
        by_place = {cell.at: cell for cell in cells}
        for at, amount in amounts:
            cell = by_place.get(at)
            if cell is None:
                cell = by_place[at] = Cell(at, 0)
                insort(cells, cell, key=attrgetter("at"))
            self.total += max(amount - cell.amount, 0)
            cell.amount = max(amount, cell.amount)
        self._link(cells)

    def _link(self, cells: list[Cell]) -> None:
        for cell, later in pairwise(cells):
            cell.later = later
        self._oldest, self.newest = (cells[0], cells[-1]) if cells else (None, None)

    def __iter__(self) -> Iterator[Cell]:
        """From the oldest on."""
        cell = self._oldest
        while cell is not None:
            yield cell
            cell = cell.later


def _quantum_ms(window: Rolling) -> int:
    return max(-(-int(window.seconds * 1000) // QUANTA), 1)


def _length_ms(window: Rolling) -> int:
    """In whole quanta."""
    quantum_ms = _quantum_ms(window)
    return -(-int(window.seconds * 1000) // quantum_ms) * quantum_ms


def _calendar_start_ms(window: Calendar, now_ms: int) -> int:
    zone = ZoneInfo(window.timezone)
    local = datetime.fromtimestamp(now_ms / 1000, zone)
    if window.unit is Unit.HOUR:
        return now_ms - (now_ms + _offset_ms(local)) % HOUR_MS
    first_day = _first_day(window.unit, local.date())
    following = _next_first_day(window.unit, first_day)
    # Clocks that are put back over midnight show yesterday's date once more: that day does not begin again.
    begun = following if _midnight_ms(following, zone) <= now_ms else first_day
    return _midnight_ms(begun, zone)


def _first_day(unit: Unit, day: date) -> date:
    match unit:
        case Unit.MONTH:
            return day.replace(day=1)
        case Unit.WEEK:
            return day - timedelta(days=day.weekday())
        case _:
            return day


def _next_first_day(unit: Unit, first_day: date) -> date:
    match unit:
        case Unit.MONTH:
            return (first_day + timedelta(days=31)).replace(day=1)
        case Unit.WEEK:
            return first_day + timedelta(days=7)
        case _:
            return first_day + timedelta(days=1)


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    """The first moment of a day: of two midnights the first, and where there is none the jump over it."""
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)


def _offset_ms(local: datetime) -> int:
    offset = local.utcoffset()
    return 0 if offset is None else int(offset.total_seconds() * 1000)
