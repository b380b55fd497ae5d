from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgw.graph.rules import Calendar, Rolling, Unit, Window
from llmgw.policy.windows import CurrentSlot, Tally, ends_ms, since_ms, slot_ms

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # put its clocks back over midnight
    "America/Havana",  # has two midnights
    "Africa/Cairo",  # jumps over midnight
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # moves its clocks by half an hour
    "Pacific/Apia",  # left out a day
)
calendars = st.builds(Calendar, st.sampled_from(Unit), st.sampled_from(ZONES))
windows = st.one_of(calendars, st.builds(Rolling, st.floats(0.5, 4e7)))
moments = st.integers(946_684_800_000, 2_500_000_000_000).map(lambda at_ms: at_ms / 1000)


def at(text: str, zone: str = "UTC", fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def told(at_ms: int, zone: str = "UTC") -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("unit", "begins", "ends"),
    [
        (Unit.HOUR, "2026-07-29T14:00", "2026-07-29T15:00"),
        (Unit.DAY, "2026-07-29T00:00", "2026-07-30T00:00"),
        (Unit.WEEK, "2026-07-27T00:00", "2026-08-03T00:00"),
        (Unit.MONTH, "2026-07-01T00:00", "2026-08-01T00:00"),
    ],
)
def test_a_calendar_window_goes_from_turn_to_turn(unit: Unit, begins: str, ends: str) -> None:
    window = Calendar(unit)
    slot = slot_ms(window, at("2026-07-29T14:35:12"))

    assert (told(slot), told(ends_ms(window, slot))) == (f"{begins}+00:00", f"{ends}+00:00")


def test_a_year_ends_with_its_last_month() -> None:
    slot = slot_ms(Calendar(Unit.MONTH), at("2026-12-31T23:59:59"))

    assert told(ends_ms(Calendar(Unit.MONTH), slot)) == "2027-01-01T00:00+00:00"


@pytest.mark.parametrize(
    ("zone", "noon", "begins", "hours"),
    [
        ("Europe/Berlin", "2026-03-29T12:00", "2026-03-29T00:00+01:00", 23),
        ("Europe/Berlin", "2026-10-25T12:00", "2026-10-25T00:00+02:00", 25),
        ("Africa/Cairo", "2026-04-24T12:00", "2026-04-24T01:00+03:00", 23),
        ("America/Havana", "2026-11-01T12:00", "2026-11-01T00:00-04:00", 25),
        ("Pacific/Apia", "2011-12-29T12:00", "2011-12-29T00:00-10:00", 24),
        ("Pacific/Apia", "2011-12-31T12:00", "2011-12-31T00:00+14:00", 24),
    ],
)
def test_a_day_is_as_long_as_it_is_there(zone: str, noon: str, begins: str, hours: int) -> None:
    window = Calendar(Unit.DAY, zone)
    slot = slot_ms(window, at(noon, zone))

    assert (told(slot, zone), (ends_ms(window, slot) - slot) / 3_600_000) == (begins, hours)


def test_a_day_that_the_clocks_leave_for_a_while_begins_once() -> None:
    zone = "America/St_Johns"
    window = Calendar(Unit.DAY, zone)
    just_begun = slot_ms(window, at("2010-11-07T00:00:30", zone))

    assert slot_ms(window, at("2010-11-06T23:30", zone, fold=1)) == just_begun
    assert slot_ms(window, at("2010-11-06T23:30", zone)) < just_begun


@pytest.mark.parametrize(
    ("zone", "moment", "fold", "begins"),
    [
        ("Asia/Kolkata", "2026-07-29T14:35", 0, "2026-07-29T14:00+05:30"),
        ("Europe/Berlin", "2026-10-25T02:30", 0, "2026-10-25T02:00+02:00"),
        ("Europe/Berlin", "2026-10-25T02:30", 1, "2026-10-25T02:00+01:00"),
    ],
)
def test_an_hour_begins_with_the_hour_of_the_place(zone: str, moment: str, fold: int, begins: str) -> None:
    assert told(slot_ms(Calendar(Unit.HOUR, zone), at(moment, zone, fold)), zone) == begins


def test_a_rolling_window_is_cut_into_a_thousand() -> None:
    window = Rolling(3600)  # quanta of 3.6 s

    assert slot_ms(window, 7203.599) == 7_200_000
    assert slot_ms(window, 7203.6) == 7_203_600
    assert ends_ms(window, 7_200_000) == 7_200_000 + 3_600_000 + 3600


@given(windows, moments)
def test_now_is_in_its_slot(window: Window, now_s: float) -> None:
    slot = slot_ms(window, now_s)

    assert slot <= int(now_s * 1000) < ends_ms(window, slot)
    assert since_ms(window, now_s) <= slot


@given(windows, moments, moments)
def test_slots_grow_with_time(window: Window, one: float, other: float) -> None:
    earlier, later = sorted((one, other))

    assert slot_ms(window, earlier) <= slot_ms(window, later)


@given(st.builds(Calendar, st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]), st.sampled_from(ZONES)), moments)
def test_where_a_window_ends_the_next_one_begins(window: Calendar, now_s: float) -> None:
    ends = ends_ms(window, slot_ms(window, now_s))

    assert slot_ms(window, ends / 1000) == ends
    assert slot_ms(window, (ends - 1) / 1000) == slot_ms(window, now_s)


@given(st.floats(1, 4e7), moments, st.floats(0, 1))
def test_what_is_in_a_rolling_window_counts(seconds: float, now_s: float, part: float) -> None:
    window = Rolling(seconds)

    assert slot_ms(window, now_s) >= since_ms(window, now_s + seconds * part)
    assert slot_ms(window, now_s) < since_ms(window, now_s + seconds * 1.01 + 0.01)


@given(windows, moments)
def test_a_slot_counts_until_it_ends(window: Window, now_s: float) -> None:
    ends = ends_ms(window, slot_ms(window, now_s))

    assert since_ms(window, (ends - 1) / 1000) <= slot_ms(window, now_s)


@given(windows, st.lists(moments, min_size=1))
def test_the_current_slot_never_goes_back(window: Window, times: list[float]) -> None:
    turns = CurrentSlot(window, int(times[0] * 1000))
    latest = times[0]
    for now_s in times:
        latest = max(latest, now_s)
        turns.move(int(now_s * 1000))

        assert (turns.slot_ms, turns.since_ms) == (slot_ms(window, latest), since_ms(window, latest))


def test_a_moment_that_is_no_fraction_of_seconds_is_not_the_one_before() -> None:
    turns = CurrentSlot(Rolling(1.0), int(2177998098.937 * 1000))

    assert turns.slot_ms == slot_ms(Rolling(1.0), 2177998098.937)


def test_a_tally_is_the_sum_of_the_slots_that_count() -> None:
    tally = Tally()
    for at_, amount in [(1, 10), (1, 5), (3, 20), (4, 40)]:
        tally.add(at_, amount)
    sums = [tally.total]
    for before in (1, 2, 4, 9):
        tally.forget(before)
        sums.append(tally.total)

    assert sums == [75, 75, 60, 40, 0]


def test_what_is_booked_late_is_in_the_newest_slot() -> None:
    tally = Tally()
    newest = tally.add(5, 1)

    assert tally.add(4, 1) is newest
    assert [(cell.at, cell.amount) for cell in tally] == [(5, 2)]


def test_a_slot_is_corrected_for_as_long_as_it_counts() -> None:
    tally = Tally()
    cell = tally.add(5, 10)

    assert (tally.change(cell, -3), tally.total) == (True, 7)
    tally.forget(6)
    assert (tally.change(cell, 3), tally.total) == (False, 0)


def test_whoever_keeps_an_old_slot_does_not_keep_what_came_after() -> None:
    tally = Tally()
    old = tally.add(1, 1)
    tally.add(2, 1)
    tally.forget(2)

    assert old.later is None


def test_a_tally_is_raised_to_what_another_has_counted() -> None:
    tally = Tally()
    kept = tally.add(3, 30)
    tally.add(5, 50)
    tally.raise_to([(5, 70), (3, 10), (4, 40), (9, 90), (1, 10)])

    assert [(cell.at, cell.amount) for cell in tally] == [(1, 10), (3, 30), (4, 40), (5, 70), (9, 90)]
    assert tally.total == 240
    assert tally.change(kept, 1)
    assert tally.add(7, 1).at == 9


def test_nothing_is_raised_to_nothing() -> None:
    tally = Tally()
    tally.raise_to([])

    assert (tally.total, list(tally), tally.newest) == (0, [], None)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=40), st.integers(1, 10))
def test_a_tally_counts_as_a_list_would(steps: list[tuple[int, int]], length: int) -> None:
    tally, booked, now = Tally(), list[tuple[int, int]](), 0
    for passed, amount in steps:
        now += passed
        tally.forget(now - length)
        booked.append((tally.add(now, amount).at, amount))

        assert tally.total == sum(amount for at_, amount in booked if at_ >= now - length)
