from datetime import UTC, datetime

import pytest

from llmgw.policy.usage import (
    FACTS,
    Counts,
    UsageQuery,
    UsageRow,
    WrongQueryError,
    answer,
    read_by,
    read_query,
    read_since,
    read_until,
    read_where,
    total,
)

NOW_S = datetime(2026, 11, 15, 12, 0, tzinfo=UTC).timestamp()


def shown(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("key,team,metadata.tier,day", ("key", "team", "metadata.tier", "day")),
        (" key , hour,, key", ("key", "hour")),
        ("key.team,key.user,request.endpoint,request.user", ("team", "user", "endpoint", "request.user")),
        (",".join(FACTS[:8]), FACTS[:8]),
    ],
)
def test_names_of_groups_are_those_of_rules(text: str, expected: tuple[str, ...]) -> None:
    assert expected == read_by(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("taem", "'taem' is not known: did you mean team?"),
        ("deployment", "it is called target here"),
        ("customer", "it is called request.user here"),
        ("tags", "it is called metadata.NAME here"),
        ("metadata.", "'metadata.' is not known"),
        ("qqq", "(there are key, team, user, request.user, model, route, target, provider, endpoint, outcome, status"),
        ("qqq", "status, cached and metadata.NAME, day, hour)"),
        ("cache_hit", "it is called cached here"),
        ("x" * 200, "x…' is not known"),
        (",".join(FACTS), "12 names at once: not more than 8"),
    ],
)
def test_a_wrong_name_hears_which_there_are(text: str, expected: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_by(text)

    assert expected in str(caught.value)


def test_filters_are_the_same_names_with_a_value() -> None:
    assert read_where(["key.team = search", "metadata.a=b=c", "user="]) == (
        ("team", "search"),
        ("metadata.a", "b=c"),
        ("user", ""),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("team", "'team' is not NAME=VALUE, as in team=search"),
        ("day=2026-11-01", "'day' is no filter: --since and --until say from when to when"),
        ("virtual_key=a", "it is called key here"),
        ("cached=yes", "'yes' is none: cached is true, false, hit, semantic, coalesced"),
    ],
)
def test_a_wrong_filter_hears_what_is_wrong(text: str, expected: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_where([text])

    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("cached=true", "true"), ("cached = semantic", "semantic"), ("cached=false", ""), ("cached=", "")],
)
def test_whether_an_answer_was_kept_is_a_filter_and_so_is_how_it_came(text: str, expected: str) -> None:
    assert read_where([text]) == (("cached", expected),)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("7d", "2026-11-08T12:00", "2026-11-08T12:00"),
        ("999999999d", "1970-01-01T00:00", "1970-01-01T00:00"),
        ("90m", "2026-11-15T10:30", "2026-11-15T10:30"),
        ("2026-11", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("2026-12", "2026-11-30T23:00", "2026-12-31T23:00"),
        ("2026-02", "2026-01-31T23:00", "2026-02-28T23:00"),
        ("2026-07-01", "2026-06-30T22:00", "2026-07-01T22:00"),
        (" 2026-11-01T12:30 ", "2026-11-01T11:30", "2026-11-01T11:30"),
        ("2026-11-01T12:30+00:00", "2026-11-01T12:30", "2026-11-01T12:30"),
    ],
)
def test_times_are_those_of_the_time_zone_and_a_day_that_is_named_counts(text: str, since: str, until: str) -> None:
    found = [shown(read(text, NOW_S, "Europe/Berlin")) for read in (read_since, read_until)]

    assert found == [since, until]


@pytest.mark.parametrize("text", ["", "7", "7 days", "yesterday", "2026-13", "2026-02-30", "01.11.2026", "9999-12"])
def test_what_is_no_time_hears_how_one_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: write 24h, 7d, 2026-11, 2026-11-01 or 2026-11-01T12:30"):
        read_since(text, NOW_S, "UTC")


def test_a_question_is_read_at_once_and_says_what_is_wrong_with_it() -> None:
    query = read_query(by="team", where=["key=k"], since="1h", until=None, now_s=7200.0, timezone="UTC")
    with pytest.raises(WrongQueryError, match="'then' is no time") as raised:
        read_query(by="", where=[], since=None, until="then", now_s=0, timezone="UTC")

    assert query == UsageQuery(("team",), (("key", "k"),), since_ms=3_600_000)
    assert raised.value.part == "until"


def test_an_answer_says_what_was_asked() -> None:
    query = UsageQuery(("team",), (("key", "k"),), since_ms=1)
    row = UsageRow(("a",), Counts(requests=1))

    assert answer(query, [row]) == {
        "by": ["team"],
        "where": {"key": "k"},
        "since_ms": 1,
        "until_ms": None,
        "timezone": "UTC",
        "rows": [{"team": "a", **row.counts.as_dict()}],
        "total": row.counts.as_dict(),
    }


def test_rows_add_up_and_are_flat_for_programs() -> None:
    rows = [UsageRow(("a", "b"), Counts(requests=1, cost_nanousd=5)), UsageRow(("c", ""), Counts(requests=2, errors=1))]

    assert total(rows) == Counts(requests=3, errors=1, cost_nanousd=5)
    assert total([]) == Counts()
    assert rows[1].as_dict(("team", "metadata.x")) == {
        "team": "c",
        "metadata.x": "",
        **Counts().as_dict(),
        "requests": 2,
        "errors": 1,
    }
