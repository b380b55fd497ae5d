import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from llmgw.adapters.ledger_journal import LedgerJournal
from llmgw.adapters.sqlite.database import database
from llmgw.adapters.sqlite.migrations import migrate
from llmgw.adapters.sqlite.rebuilding import Found, Spent, forget, know, spending, unknown
from llmgw.adapters.sqlite.retention import Retention, tidy
from llmgw.graph.condition import Condition, compile_condition
from llmgw.graph.rules import Amounts, BudgetRule, Calendar, Missing, Rolling, Scope, Unit, Window
from llmgw.graph.vocabulary import RULE_NAMES
from llmgw.policy.applying import MissingValueError, OfAttempt, applying
from llmgw.policy.entry import Charge, Entry, Settled, bucket_name
from llmgw.policy.windows import CurrentSlot, slot_ms
from llmgw.routing.facts import Facts
from tests.adapters.ledger_records import DAY_MS, START_MS, all_of, entry, request_id, reserved

NOW_MS = START_MS  # 2023-11-14T22:13:20Z
NOVEMBER_MS = 1_698_796_800_000
MONTH = Calendar(Unit.MONTH)

Sums = dict[tuple[str, int], int]


@cache
def condition(source: str) -> Condition:
    return compile_condition(source, RULE_NAMES)


def budget(*each: str, match: str | None = None, window: Window = MONTH, **scope: Any) -> BudgetRule:
    asked = None if match is None else condition(match)
    return BudgetRule("new", Scope("team-month", each, match=asked, **scope), Amounts(1), window)


class Books:
    """A ledger, and what it told."""

    def __init__(self, connection: sqlite3.Connection, journals: Path) -> None:
        self.connection = connection
        self.journals = journals
        self.told: list[str] = []

    def book(self, *entries: Entry) -> None:
        """As a process that has ended since has written them."""
        journal = LedgerJournal(self.journals)
        for one in entries:
            journal.append(Settled(one))
        journal.close()

    def found(self, *budgets: BudgetRule, now_ms: int = NOW_MS, timezone: str = "UTC") -> list[Found]:
        return spending(self.connection, budgets, now_ms, self.told.append, self.journals, timezone)

    def spent(self, *budgets: BudgetRule, now_ms: int = NOW_MS, timezone: str = "UTC") -> list[Sums]:
        """By each budget; they are known from then on."""
        found = self.found(*budgets, now_ms=now_ms, timezone=timezone)
        know(self.connection, dict.fromkeys([rule.id for rule in budgets], 60.0), now_ms)
        self.told += [one.lacking for one in found if one.lacking]

        assert [rule.id for rule in budgets] == [one.budget for one in found]
        assert [len(one.spent) for one in found] == [len(sums(one.spent)) for one in found]
        return [sums(one.spent) for one in found]


def sums(spent: Spent) -> Sums:
    return {(bucket, slot): nanousd for bucket, slot, nanousd in spent}


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with database(tmp_path / "a.db") as connection:
        yield Books(connection, tmp_path / "d")


def facts(row: Entry) -> OfAttempt:
    """As they were when the request came."""
    told = {"key": row.key, "key.team": row.team, "key.user": row.user, "request.user": row.request_user}
    values: Mapping[str, Any] = {**told, "model": row.model, "request.endpoint": row.endpoint}
    return OfAttempt(Facts(values, metadata=row.metadata, headers={}), row.target, row.provider)


def by_hand(rule: BudgetRule, rows: Sequence[Entry]) -> Sums:
    """Row by row, as their attempts would have been charged."""
    since_ms = CurrentSlot(rule.window, NOW_MS).since_ms
    by_place: Sums = {}
    for row in rows:
        for charge in charges(rule, row):
            if row.cost_nanousd and row.at_ms >= since_ms:
                place = (charge.bucket, charge.slot)
                by_place[place] = by_place.get(place, 0) + row.cost_nanousd
    return by_place


def charges(rule: BudgetRule, row: Entry) -> tuple[Charge, ...]:
    try:
        applied = [*applying([rule], facts(row))]
    except MissingValueError:
        return ()
    slot = slot_ms(rule.window, row.at_ms / 1000)
    return tuple(Charge(rule.id, bucket_name(values), slot) for _, values in applied)


NAMES = st.sampled_from(["a", "gpt-4", "b", ""])
TEXTS = ("key", "team", "user", "request_user", "model", "target", "provider", "endpoint")
EACH = ("key", "key.team", "key.user", "request.user", "model", "target", "metadata.tier", "metadata.x.y")
MATCHES = (
    'metadata.tier == "free"',
    'metadata["é"] != "" && key.team != "a"',
    "size(metadata) > 1",
    "int(metadata.tier) > 0",  # fails wherever it is asked
    'key == "a" || provider in ["b"] || request.endpoint.startsWith("gpt")',
)
WINDOWS: tuple[Window, ...] = (
    *(Calendar(unit, zone) for unit in Unit for zone in ("UTC", "Asia/Kathmandu", "America/New_York")),
    *(Rolling(seconds) for seconds in (0.5, 3600.0, 86_400.0, 30 * 86_400.0)),
)
RULES = st.builds(
    lambda each, match, window, missing, models: budget(
        *each, match=match, window=window, missing=missing, models=models
    ),
    st.lists(st.sampled_from(EACH), max_size=2, unique=True),
    st.sampled_from([None, None, *MATCHES]),
    st.sampled_from(WINDOWS),
    st.sampled_from(Missing),
    st.sampled_from([None, None, ("gpt-*", "b"), ("a", "b")]),
)


def rows_around(since_ms: int) -> st.SearchStrategy[list[Entry]]:
    """Some of them where the window begins."""
    fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {
            "at_ms": st.sampled_from([since_ms + after_ms for after_ms in (0, 1, 1000, -1)])
            | st.integers(since_ms, NOW_MS)
            | st.integers(NOW_MS - 33 * DAY_MS, NOW_MS),
            "attempt": st.integers(0, 2),
            "cost_nanousd": st.integers(1, 10**12) | st.sampled_from([0, None, 10**15]),
            "metadata": st.dictionaries(st.sampled_from(["tier", "x.y", "é"]), st.sampled_from(["free", '"a"\n', ""])),
            **dict.fromkeys(TEXTS, NAMES),
        }
    )
    return st.lists(fields, min_size=3, max_size=20).map(
        lambda rows: [entry(number, **fields, charges=()) for number, fields in enumerate(rows)]
    )


@st.composite
def ruled_rows(draw: st.DrawFn) -> tuple[BudgetRule, list[Entry], list[Entry]]:
    """A budget, what was paid before it was known, and what afterwards."""
    rule = draw(RULES)
    rows = rows_around(CurrentSlot(rule.window, NOW_MS).since_ms)
    before, after = draw(rows), draw(rows)
    ids = {(row.request_id, row.attempt) for row in before}
    new = {(row.request_id, row.attempt): row for row in after}
    return rule, before, [structs.replace(row, charges=charges(rule, row)) for it, row in new.items() if it not in ids]


@settings(deadline=None)
@given(ruled_rows())
def test_a_budget_that_is_new_has_spent_what_its_rule_says_of_every_row_and_from_then_on_what_is_charged(
    ruled: tuple[BudgetRule, list[Entry], list[Entry]],
) -> None:
    rule, before, after = ruled
    with TemporaryDirectory() as place, closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        books = Books(connection, Path(place))
        books.book(*before)
        rebuilt = [books.spent(rule), books.spent(rule)]
        books.book(*after)
        (now,) = books.spent(rule)

    assert [by_hand(rule, before)] == rebuilt[0] == rebuilt[1]
    assert by_hand(rule, [*before, *after]) == counting(now, rule)
    assert books.told == []


def counting(found: Sums, rule: BudgetRule) -> Sums:
    """What is something, and not over."""
    since_ms = CurrentSlot(rule.window, NOW_MS).since_ms
    return {place: nanousd for place, nanousd in found.items() if nanousd and place[1] >= since_ms}


def test_what_was_paid_before_is_in_the_buckets_it_would_have_been_in(books: Books) -> None:
    books.book(entry(1, team="a"), entry(2, team="b"), entry(4, team="b", at_ms=NOVEMBER_MS))
    books.book(entry(8, team="b", at_ms=NOVEMBER_MS - 1), entry(16, team="", cost_nanousd=None))

    assert books.spent(budget("key.team")) == [{('["a"]', NOVEMBER_MS): 1, ('["b"]', NOVEMBER_MS): 6}]


def test_what_a_dead_process_had_reserved_is_paid(books: Books) -> None:
    journal = LedgerJournal(books.journals)
    journal.append(reserved(5))
    journal.close()

    assert books.spent(budget()) == [{("[]", NOVEMBER_MS): 5}]


def test_what_a_living_process_has_written_counts_too(books: Books) -> None:
    journal = LedgerJournal(books.journals)
    journal.append(Settled(entry(5)))
    found = books.spent(budget())
    journal.close()

    assert found == [{("[]", NOVEMBER_MS): 5}]


def test_a_budget_that_is_known_is_not_rebuilt(books: Books) -> None:
    rule = budget()
    books.spent(rule)
    books.book(entry(5, charges=()))

    assert books.spent(rule) == [{}]


def test_what_stands_in_the_ledger_already_is_not_counted_once_more(books: Books) -> None:
    charge = Charge("new", "[]", NOVEMBER_MS)
    books.book(entry(3, charges=(charge,)), entry(4, charges=()))

    assert books.spent(budget()) == [{("[]", NOVEMBER_MS): 7}]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (Missing.OWN, {('["a"]', NOVEMBER_MS): 1, ('[""]', NOVEMBER_MS): 2}),
        (Missing.SKIP, {('["a"]', NOVEMBER_MS): 1}),
        (Missing.REJECT, {('["a"]', NOVEMBER_MS): 1}),
    ],
)
def test_a_request_without_the_value_is_where_the_rule_wants_it(books: Books, missing: Missing, expected: Sums) -> None:
    books.book(entry(1, metadata={"tier": "a"}, charges=()), entry(2, metadata={"tier": ""}, charges=()))

    assert books.spent(budget("metadata.tier", missing=missing)) == [expected]


def test_budgets_are_apart(books: Books) -> None:
    books.book(entry(3, model="gpt-4"), entry(4))
    rules = [budget(), replace(budget("model"), id="other"), replace(budget(models=("gpt-*",)), id="third")]
    november = NOVEMBER_MS

    assert books.spent(*rules) == [
        {("[]", november): 7},
        {('["gpt-4"]', november): 3, ('["m"]', november): 4},
        {("[]", november): 3},
    ]


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (budget("ip"), "ip"),
        (budget("headers.x", "key.team"), "headers.x"),
        (budget(match="request.stream && time.hour > 8"), "request.stream and time.hour"),
    ],
)
def test_what_rows_do_not_hold_is_not_guessed(books: Books, rule: BudgetRule, names: str) -> None:
    books.book(entry(5, charges=()))
    found = [books.spent(rule)]
    books.book(entry(7, charges=(Charge("new", '["x"]', NOVEMBER_MS),)))
    found.append(books.spent(rule))

    assert found == [[{}], [{('["x"]', NOVEMBER_MS): 7}]]
    assert books.told == [
        f"the budget team-month starts at nothing: the ledger does not know {names} of earlier requests"
    ]


def test_where_nothing_was_paid_nothing_is_lacking(books: Books) -> None:
    books.book(entry(5, charges=(), at_ms=NOVEMBER_MS - 1), entry(0, charges=()))

    assert (books.spent(budget("ip")), books.told) == ([{}], [])


def test_days_of_which_only_sums_are_left_are_told_if_the_window_has_some(books: Books) -> None:
    books.book(*(entry(1, charges=(), at_ms=NOW_MS - days * DAY_MS) for days in range(9)))
    books.spent()
    while tidy(books.connection, Retention(keep_s=5 * 86_400.0), NOW_MS / 1000):
        pass
    month = budget()
    shorter = replace(budget(window=Rolling(4 * 86_400.0)), id="shorter")
    unknown = replace(budget("ip"), id="unknown")
    month_sums, shorter_sums, _ = books.spent(month, shorter, unknown)

    assert (sum(month_sums.values()), sum(shorter_sums.values())) == (6, 5)
    assert books.told == [
        (
            "the budget team-month may start with less than was spent: "
            "for up to 2023-11-08 the ledger has only sums of days"
        ),
        "the budget team-month starts at nothing: the ledger does not know ip of earlier requests",
    ]


def test_the_days_that_are_summed_up_are_those_of_their_time_zone(books: Books) -> None:
    books.book(entry(1, charges=(), at_ms=NOW_MS - DAY_MS))
    books.spent()
    tidy(books.connection, Retention(keep_s=0.0, timezone="Asia/Tokyo"), NOW_MS / 1000)
    day = Calendar(Unit.DAY, "Asia/Tokyo")
    books.spent(budget(window=day), timezone="Asia/Tokyo")

    assert all_of(books.connection, "SELECT day FROM daily") == [("2023-11-14",)]
    assert books.told == []


def test_who_is_overtaken_by_another_counts_nothing_twice(books: Books, tmp_path: Path) -> None:
    books.book(entry(5, charges=()))
    found: list[list[Sums]] = []
    statements: list[str] = []
    with database(tmp_path / "a.db") as connection:
        other = Books(connection, books.journals)

        def overtake(statement: str) -> None:
            if statement.startswith("BEGIN") and "known_budget" in statements[-1]:
                found.append(other.spent(budget()))
            statements.append(statement)

        books.connection.set_trace_callback(overtake)
        found.append(books.spent(budget()))

    assert found == [[{("[]", NOVEMBER_MS): 5}]] * 2


def test_a_request_that_began_before_the_window_is_in_it_if_its_attempt_was(books: Books) -> None:
    began = request_id(1, NOVEMBER_MS - 60_000)
    books.book(entry(5, request_id=began, at_ms=NOVEMBER_MS, charges=()))

    assert books.spent(budget()) == [{("[]", NOVEMBER_MS): 5}]


def test_of_several_that_are_new_all_are_rebuilt_or_none(books: Books) -> None:
    books.book(entry(5, charges=()))
    refusing = "BEFORE INSERT ON spend WHEN new.budget = 'last' BEGIN SELECT raise(ABORT, 'full'); END"
    books.connection.execute(f"CREATE TEMP TRIGGER full {refusing}")
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        books.spent(budget(), replace(budget(), id="last"))

    left = "SELECT (SELECT count(*) FROM spend WHERE budget <> 'b'), count(*) FROM known_budget"

    assert all_of(books.connection, left) == [(0, 0)]


# Until a budget is known its rows are asked for again.


def test_what_calls_have_cost_that_began_before_is_late(books: Books) -> None:
    books.book(entry(5, charges=()))
    first = books.found(budget())
    books.book(entry(7, charges=()), entry(1, charges=(Charge("new", "[]", NOVEMBER_MS),)))
    second, third = books.found(budget()), books.found(budget())

    assert first == [Found("new", [("[]", NOVEMBER_MS, 5)], [("[]", NOVEMBER_MS, 5)], "")]
    assert second == [Found("new", [("[]", NOVEMBER_MS, 13)], [("[]", NOVEMBER_MS, 7)], "")]
    assert third == [Found("new", [("[]", NOVEMBER_MS, 13)], [], "")]


def test_a_budget_that_is_back_has_spent_what_was_paid_meanwhile(books: Books) -> None:
    rule, other = budget(), replace(budget("model"), id="other")
    books.book(entry(5, charges=()))
    books.spent(rule, other)
    forget(books.connection, ["other"])
    books.book(entry(7, charges=()))

    assert unknown(books.connection, [rule, other]) == [rule]
    assert books.spent(rule) == [{("[]", NOVEMBER_MS): 12}]


def test_what_was_admitted_as_a_slot_ended_is_counted_once(books: Books) -> None:
    rule = budget(window=Rolling(3600.0))
    slot = slot_ms(rule.window, (NOW_MS - 60_000) / 1000)
    books.book(entry(5, at_ms=slot - 1, charges=(Charge("new", "[]", slot),)), entry(7, at_ms=slot, charges=()))
    (found,) = books.found(rule)

    assert sums(found.spent) == {("[]", slot - 3600): 5, ("[]", slot): 7}
    assert sums(found.late) == {("[]", slot - 3600): 5, ("[]", slot): 2}


def test_what_was_booked_is_not_less_because_rows_say_so(books: Books) -> None:
    rule = budget("key.team", window=Rolling(3600.0))
    slot = slot_ms(rule.window, (NOW_MS - 60_000) / 1000)
    books.book(entry(5, at_ms=slot, team="other", charges=(Charge("new", '["a"]', slot),)))
    books.book(entry(1, at_ms=slot + 3600, team="a", charges=()))
    (found,) = books.found(rule)

    assert sums(found.spent) == {('["a"]', slot): 5, ('["a"]', slot + 3600): 1, ('["other"]', slot): 5}


def test_what_is_only_left_as_sums_of_days_stays_booked(books: Books) -> None:
    charge = Charge("new", "[]", NOVEMBER_MS)
    books.book(*(entry(1, charges=(charge,), at_ms=NOW_MS - days * DAY_MS) for days in range(9)))
    while tidy(books.connection, Retention(keep_s=5 * 86_400.0), NOW_MS / 1000):
        pass

    assert books.spent(budget()) == [{("[]", NOVEMBER_MS): 9}]


def test_slots_that_are_over_are_left_alone(books: Books) -> None:
    before = Charge("new", "[]", NOVEMBER_MS - 30 * DAY_MS)
    books.book(entry(5, charges=(before,)))
    (found,) = books.found(budget())

    assert sums(found.spent) == {("[]", NOVEMBER_MS): 5}
    assert all_of(books.connection, "SELECT slot FROM spend ORDER BY slot") == [(before.slot,), (NOVEMBER_MS,)]


def test_it_is_told_that_one_may_lack_something_that_is_not_nothing(books: Books) -> None:
    books.book(entry(5, charges=(Charge("new", '["x"]', NOVEMBER_MS),)))

    assert books.spent(budget("ip")) == [{('["x"]', NOVEMBER_MS): 5}]
    assert books.told == [
        "the budget team-month may start with less than was spent: the ledger does not know ip of earlier requests"
    ]


def test_how_long_its_window_is_is_kept(books: Books) -> None:
    know(books.connection, {"new": 3600.0}, NOW_MS)
    know(books.connection, {"new": 60.0}, NOW_MS + 1)

    assert all_of(books.connection, "SELECT id, since_ms, window_s FROM known_budget") == [("new", NOW_MS, 3600.0)]
