"""Recurrence rules: which days, at which instants, through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.recurrence import BadRule, Occurrence, first_day, normalise, occurrences
from tests.engine.test_calendar import CHANGES

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)


def days(rule: str, *, last: date = MONDAY + 60 * DAY, **more: object) -> list[str]:
    values: dict[str, object] = {
        "start": MONDAY, "at": time(10), "zone": LONDON, "first": MONDAY, "last": last,
    }  # fmt: skip
    return [each.day.isoformat() for each in occurrences(rule, **(values | more))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;COUNT=3", ["2026-03-02", "2026-03-09", "2026-03-16"]),
        ("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=3", ["2026-03-03", "2026-03-05", "2026-03-10"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=2", ["2026-03-02", "2026-03-16"]),
        ("FREQ=DAILY;UNTIL=20260304", ["2026-03-02", "2026-03-03", "2026-03-04"]),
        ("FREQ=DAILY;UNTIL=20260304T100000", ["2026-03-02", "2026-03-03", "2026-03-04"]),
        ("FREQ=DAILY;UNTIL=20260304T095959Z", ["2026-03-02", "2026-03-03"]),
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=2", ["2026-03-02", "2026-04-06"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["2026-03-27", "2026-04-24"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-03-31", "2026-04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-03-31"]),
        ("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1", ["2026-04-01"]),
        ("FREQ=YEARLY;BYYEARDAY=100", ["2026-04-10"]),
        ("FREQ=YEARLY;BYWEEKNO=12;BYDAY=WE", ["2026-03-18"]),
        ("rrule:freq=weekly;count=1;", ["2026-03-02"]),
    ],
)
def test_the_days_of_a_rule(rule: str, expected: list[str]) -> None:
    assert days(rule) == expected


def test_days_left_out_are_counted_all_the_same() -> None:
    out = {MONDAY + 7 * DAY}
    assert days("FREQ=WEEKLY;COUNT=3", but=out) == ["2026-03-02", "2026-03-16"]
    assert days("FREQ=WEEKLY", until=date(2026, 3, 9)) == ["2026-03-02", "2026-03-09"]
    assert days("FREQ=WEEKLY", until=date(2026, 3, 1)) == []


def test_a_window_never_shifts_the_counting() -> None:
    every = days("FREQ=WEEKLY;INTERVAL=3;COUNT=3")
    assert days("FREQ=WEEKLY;INTERVAL=3;COUNT=3", first=MONDAY + DAY) == every[1:]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("", "NAME=VALUE"),
        ("every monday", "NAME=VALUE"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=SECONDLY", "too often"),
        ("FREQ=MINUTELY;INTERVAL=5", "too often"),
        ("FREQ=HOURLY", "too often"),
        ("FREQ=FORTNIGHTLY", "can't be"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;INTERVAL=0", "can't be"),
        ("FREQ=DAILY;INTERVAL=1001", "1000 at most"),
        ("FREQ=DAILY;COUNT=1001", "1000 at most"),
        ("FREQ=DAILY;COUNT=99999999999", "can't be"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "not both"),
        ("FREQ=DAILY;UNTIL=20260230", "can't be"),
        ("FREQ=DAILY;UNTIL=tomorrow", "can't be"),
        ("FREQ=DAILY;BYHOUR=9", "the time is the same"),
        ("FREQ=WEEKLY;BYDAY=XX", "can't be"),
        ("FREQ=WEEKLY;BYDAY=1MO", "numbered"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "doesn't go with"),
        ("FREQ=DAILY;BYYEARDAY=1", "doesn't go with"),
        ("FREQ=DAILY;BYSETPOS=2", "doesn't go with"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs another"),
        ("FREQ=YEARLY;BYYEARDAY=400", "366"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "No such month"),
        ("FREQ=DAILY;BYEASTER=0", "has no BYEASTER"),
        ("DTSTART=20260101T100000;FREQ=DAILY", "has no DTSTART"),
        ("FREQ=DAILY\nRDATE:20260101", "can't be"),
        ("FREQ=DAILY;" + "BYDAY=" + "MO," * 200 + "MO", "500 characters"),
    ],
)
def test_a_bad_rule_is_refused_with_words(rule: str, said: str) -> None:
    with pytest.raises(BadRule, match=said):
        normalise(rule)


@given(st.text(alphabet="FREQ=DAILYWKMOTUBCS;:,-+0123456789\n", max_size=60))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = normalise(text)
    except BadRule:
        return
    assert normalise(rule) == rule


def test_a_rule_that_names_no_day_is_found_out() -> None:
    never = "FREQ=DAILY;INTERVAL=7;BYDAY=TU"
    assert first_day(never, start=MONDAY, at=time(10), zone=LONDON) is None
    assert first_day("FREQ=WEEKLY;BYDAY=TU", start=MONDAY, at=time(10), zone=LONDON) == date(
        2026, 3, 3
    )


@pytest.mark.parametrize(
    ("zone", "at", "day", "expected"),
    [
        # The day before, the day of the change, the day after.
        ("Europe/London", "10:00", "2026-03-28", ["10:00", "09:00", "09:00"]),
        ("Europe/London", "10:00", "2026-10-24", ["09:00", "10:00", "10:00"]),
        ("America/New_York", "10:00", "2026-03-07", ["15:00", "14:00", "14:00"]),
        ("America/New_York", "10:00", "2026-10-31", ["14:00", "15:00", "15:00"]),
        ("Australia/Lord_Howe", "10:00", "2026-04-04", ["23:00", "23:30", "23:30"]),
        ("Australia/Lord_Howe", "10:00", "2026-10-03", ["23:30", "23:00", "23:00"]),
        ("Africa/Cairo", "10:00", "2026-04-23", ["08:00", "07:00", "07:00"]),
        ("Africa/Cairo", "10:00", "2026-10-29", ["07:00", "08:00", "08:00"]),
        # Times that the clock skips mean what it would have shown: an hour on, or half of one.
        ("Europe/London", "01:30", "2026-03-28", ["01:30", "01:30", "00:30"]),
        ("America/New_York", "02:30", "2026-03-07", ["07:30", "07:30", "06:30"]),
        ("Australia/Lord_Howe", "02:15", "2026-10-03", ["15:45", "15:45", "15:15"]),
        ("Africa/Cairo", "00:30", "2026-04-23", ["22:30", "22:30", "21:30"]),
        # Times that come twice mean the first.
        ("Europe/London", "01:30", "2026-10-24", ["00:30", "00:30", "01:30"]),
        ("America/New_York", "01:30", "2026-10-31", ["05:30", "05:30", "06:30"]),
    ],
)
def test_the_wall_shows_the_same_time_through_a_change(
    zone: str, at: str, day: str, expected: list[str]
) -> None:
    start = date.fromisoformat(day)
    found = occurrences(
        "FREQ=DAILY;COUNT=3", start=start, at=time.fromisoformat(at), zone=ZoneInfo(zone),
        first=start, last=start + 9 * DAY,
    )  # fmt: skip
    assert [each.day for each in found] == [start + n * DAY for n in range(3)]
    assert [f"{each.starts_at:%H:%M}" for each in found] == expected


def test_ten_stays_ten_in_every_zone_at_every_change() -> None:
    for name, change in CHANGES:
        zone = ZoneInfo(name)
        day = change.astimezone(zone).date()
        found = occurrences(
            "FREQ=DAILY", start=day - DAY, at=time(10), zone=zone, first=day - DAY, last=day + DAY
        )
        shown = [each.starts_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") for each in found]
        said = [f"{day + n * DAY} 10:00" for n in (-1, 0, 1)]
        if shown != said:  # a zone skipped ten o'clock itself, or the whole day
            assert change - timedelta(hours=25) < found[1].starts_at < change + timedelta(hours=25)
        assert len(found) == 3


@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY;BYMONTHDAY=-1"]),
    st.integers(1, 5),
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
    st.times(),
    st.integers(0, 700),
    st.integers(0, 200),
)
def test_a_window_shows_what_the_whole_shows_there(
    freq: str, interval: int, zone: str, at: time, skipped: int, length: int
) -> None:
    """Sorted, one a day, and looking at a part is part of looking at all."""
    rule, first = f"{freq};INTERVAL={interval}", MONDAY + skipped * DAY
    values = {"start": MONDAY, "at": at, "zone": ZoneInfo(zone)}
    whole = occurrences(rule, first=MONDAY, last=MONDAY + 900 * DAY, **values)  # type: ignore[arg-type]
    part = occurrences(rule, first=first, last=first + length * DAY, **values)  # type: ignore[arg-type]
    assert part == [each for each in whole if first <= each.day <= first + length * DAY]
    assert len({each.day for each in whole}) == len(whole)
    assert whole == sorted(whole)


def test_an_occurrence_is_an_instant() -> None:
    (found,) = occurrences(
        "FREQ=DAILY", start=MONDAY, at=time(10), zone=LONDON, first=MONDAY, last=MONDAY
    )
    assert found == Occurrence(MONDAY, datetime(2026, 3, 2, 10, tzinfo=UTC))
