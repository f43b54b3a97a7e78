"""Wall clocks, through every kind of change that clocks have made."""

from __future__ import annotations

import functools
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from availability.calendar import (
    Period,
    Shut,
    Timetable,
    grid,
    local_day,
    open_run,
    resolve,
    service_day,
    start_run,
    wall,
)
from availability.intervals import Interval, merge

HOUR = timedelta(hours=1)
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


@functools.cache
def changes(name: str) -> tuple[datetime, ...]:
    """The instants in ten years at which a zone's offset changes, to the second."""
    zone = ZoneInfo(name)
    found = []
    step = timedelta(days=14)
    low = FIRST
    while low < LAST:
        high = low + step
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            found.append(_between(low, high, zone))
        low = high
    return tuple(found)


def _between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


CHANGES = [
    (name, each)
    for name in sorted(zoneinfo.available_timezones() - {"localtime"})
    for each in changes(name)
]


def starts(timetable: Timetable, day: date, every: timedelta) -> list[str]:
    """What the clock on the wall shows at each start of a day."""
    found = grid(timetable, day, day, every)
    assert list(found) == sorted(set(found))
    return [wall(each, timetable.zone).strftime("%H:%M") for each in found]


def daily(zone: ZoneInfo, opens: time, closes: time) -> Timetable:
    period = Period(opens, closes)
    return Timetable(zone, weekly=tuple((weekday, period) for weekday in range(1, 8)))


def test_there_are_changes_to_look_at() -> None:
    assert len(CHANGES) > 3000


def test_office_hours_are_the_same_on_the_days_of_a_change() -> None:
    """In every zone, at every change of ten years, the day of it and the next."""
    expected = [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 30)]
    for name, change in CHANGES:
        zone = ZoneInfo(name)
        days = {service_day(change - timedelta(seconds=1), zone), service_day(change, zone)}
        for day in days | {max(days) + timedelta(days=1)}:
            timetable = daily(zone, time(9), time(17))
            office = Interval(resolve(day, time(9), zone), resolve(day, time(17), zone))
            if not office.start <= change < office.end:
                assert starts(timetable, day, HOUR / 2) == expected, (name, day)


def test_a_night_with_a_change_loses_and_invents_nothing() -> None:
    """Every quarter that the clock shows from 00:30 to 06:00 is open, as often as it shows it, and
    no other; and every half hour of them is a start."""
    for name, change in CHANGES:
        zone = ZoneInfo(name)
        quarter = timedelta(minutes=1 if change.minute % 15 else 15)  # Casey's clock, at 00:01
        for day in {service_day(change - timedelta(seconds=1), zone), service_day(change, zone)}:
            timetable = daily(zone, time(0, 30), time(6))
            opens, closes = datetime.combine(day, time(0, 30)), datetime.combine(day, time(6))
            at, shown = resolve(day, time(12), zone) - 20 * HOUR, []
            while at.astimezone(zone).replace(tzinfo=None) < closes + HOUR:
                if opens <= at.astimezone(zone).replace(tzinfo=None) < closes:
                    shown.append(at)
                at += quarter
            expected = merge(Interval(each, each + quarter) for each in shown)
            assert open_run(timetable, day, day) == expected, (name, day)
            assert list(grid(timetable, day, day, HOUR / 2)) == [
                each for each in shown if wall(each, zone).minute % 30 == 0
            ], (name, day)


@pytest.mark.parametrize(
    ("zone", "day", "lost", "twice"),
    [
        ("Europe/London", date(2026, 3, 29), ["01:00", "01:30"], []),
        ("Europe/London", date(2026, 10, 25), [], ["01:00", "01:30"]),
        ("America/New_York", date(2026, 3, 8), ["02:00", "02:30"], []),
        ("America/New_York", date(2026, 11, 1), [], ["01:00", "01:30"]),
        ("Africa/Cairo", date(2026, 4, 24), ["00:30"], []),  # from midnight to one
        ("Asia/Beirut", date(2026, 3, 29), ["00:30"], []),
        ("Australia/Lord_Howe", date(2026, 10, 4), ["02:00"], []),  # by half an hour
        ("Australia/Lord_Howe", date(2026, 4, 5), [], ["01:30"]),
        ("Atlantic/Azores", date(2026, 10, 25), [], ["00:30"]),
        ("Asia/Tokyo", date(2026, 6, 20), [], []),
    ],
)
def test_the_starts_of_a_night(zone: str, day: date, lost: list[str], twice: list[str]) -> None:
    usual = [f"{hour:02}:{minute:02}" for hour in range(6) for minute in (0, 30)][1:]
    expected = sorted([each for each in usual if each not in lost] + twice)
    found = starts(daily(ZoneInfo(zone), time(0, 30), time(6)), day, HOUR / 2)
    assert sorted(found) == expected


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Paris", date(2026, 3, 29), 23),
        ("Europe/Paris", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # midnight itself is skipped
        ("America/Santiago", date(2026, 9, 6), 23),
        ("America/Santiago", date(2026, 4, 4), 25),  # and the last hour comes twice
        ("Pacific/Apia", date(2011, 12, 30), 0),  # a day that never was
        ("Asia/Tokyo", date(2026, 6, 20), 24),
    ],
)
def test_how_long_a_local_day_is(zone: str, day: date, hours: float) -> None:
    found = local_day(day, ZoneInfo(zone))
    assert found.end - found.start == hours * HOUR


def test_days_follow_each_other_without_a_gap() -> None:
    for name, change in CHANGES:
        zone = ZoneInfo(name)
        day = service_day(change, zone)
        for each in (day - timedelta(days=1), day):
            today, tomorrow = local_day(each, zone), local_day(each + timedelta(days=1), zone)
            assert today.end == tomorrow.start
            if today.start < today.end:
                assert service_day(today.start, zone) == each
                assert service_day(today.end - timedelta(seconds=1), zone) == each


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Paris", datetime(2026, 3, 29, 2, 30), "2026-03-29T01:30:00+00:00"),
        ("Europe/Paris", datetime(2026, 10, 25, 2, 30), "2026-10-25T00:30:00+00:00"),
        ("America/New_York", datetime(2026, 3, 8, 2, 30), "2026-03-08T07:30:00+00:00"),
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 15), "2026-10-03T15:45:00+00:00"),
    ],
)
def test_times_that_never_come_and_times_that_come_twice(
    zone: str, local: datetime, utc: str
) -> None:
    assert resolve(local.date(), local.time(), ZoneInfo(zone)).isoformat() == utc


def test_an_appointment_stays_at_ten_by_the_clock() -> None:
    zone = ZoneInfo("Europe/Paris")
    for n in range(400):
        instant = resolve(date(2026, 1, 1) + timedelta(days=n), time(10), zone)
        assert wall(instant, zone).time() == time(10)


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
periods = st.builds(Period, times, times)
week = st.lists(st.tuples(st.integers(1, 7), periods), max_size=6)


@given(
    weekly=week,
    breaks=week,
    special=st.lists(st.tuples(st.integers(0, 6), periods), max_size=2),
    shut=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.none() | periods), max_size=2),
    zone=st.sampled_from(["UTC", "Europe/Paris", "Australia/Lord_Howe", "America/Santiago"]),
    start=st.sampled_from([date(2026, 3, 26), date(2026, 10, 1), date(2026, 9, 3)]),
)
def test_a_week_against_a_slow_obvious_reference(
    weekly: list[tuple[int, Period]],
    breaks: list[tuple[int, Period]],
    special: list[tuple[int, Period]],
    shut: list[tuple[int, int, Period | None]],
    zone: str,
    start: date,
) -> None:
    """Quarter of an hour by quarter of an hour: promised that day or the evening before, and in no
    break and no closure."""
    timetable = Timetable(
        ZoneInfo(zone),
        weekly=tuple(weekly),
        breaks=tuple(breaks),
        special=tuple((start + timedelta(days=n), period) for n, period in special),
        shut=tuple(
            Shut(start + timedelta(days=n), start + timedelta(days=n + more), period)
            for n, more, period in shut
        ),
    )
    run = open_run(timetable, start, start + timedelta(days=6))
    at = local_day(start, timetable.zone).start
    end = local_day(start + timedelta(days=6), timetable.zone).end
    while at < end:
        assert any(each.start <= at < each.end for each in run) == _is_open(timetable, at), at
        at += timedelta(minutes=15)


def _is_open(timetable: Timetable, at: datetime) -> bool:
    today = service_day(at, timetable.zone)

    shown = wall(at, timetable.zone).replace(tzinfo=None)

    def within(period: Period, day: date) -> bool:
        opens, closes = (datetime.combine(day, each) for each in (period.opens, period.closes))
        return opens <= shown < (closes if closes > opens else closes + timedelta(days=1))

    def promised(day: date) -> list[Period]:
        own = [period for each, period in timetable.special if each == day and period]
        return own or [p for weekday, p in timetable.weekly if weekday == day.isoweekday()]

    days = (today - timedelta(days=1), today)
    if not any(within(period, day) for day in days for period in promised(day)):
        return False
    resting = [(each, p) for each in days for w, p in timetable.breaks if w == each.isoweekday()]
    if any(within(period, day) for day, period in resting):
        return False
    for each in timetable.shut:
        if each.period is None and each.first_day <= today <= each.last_day:
            return False
        if each.period and any(
            within(each.period, day) for day in days if each.first_day <= day <= each.last_day
        ):
            return False
    return True


def test_a_last_seating_may_outlast_closing() -> None:
    zone = ZoneInfo("Europe/Paris")
    dinner = Period(time(18), time(23), time(21, 30))
    timetable = Timetable(zone, weekly=tuple((weekday, dinner) for weekday in range(1, 8)))
    day = date(2026, 6, 20)
    assert starts(timetable, day, HOUR / 2) == [
        "18:00", "18:30", "19:00", "19:30", "20:00", "20:30", "21:00", "21:30",
    ]  # fmt: skip
    stay = timedelta(hours=2)
    (run,) = open_run(timetable, day, day, stay)
    assert (wall(run.start, zone).time(), wall(run.end, zone).time()) == (time(18), time(23, 30))
    assert start_run(timetable, day, day)[0].end == resolve(day, time(21, 30, 1), zone)


def test_starts_begin_anew_with_each_period() -> None:
    zone = ZoneInfo("Europe/Paris")
    timetable = Timetable(
        zone, weekly=((6, Period(time(9, 15), time(11))), (6, Period(time(14), time(15, 30))))
    )
    assert starts(timetable, date(2026, 6, 20), HOUR / 2) == [
        "09:15", "09:45", "10:15", "10:45", "14:00", "14:30", "15:00",
    ]  # fmt: skip


def test_a_night_shift_belongs_to_the_days_its_starts_are_on() -> None:
    zone = ZoneInfo("Europe/Paris")
    timetable = Timetable(zone, weekly=((5, Period(time(22), time(2))),))  # Friday night
    assert starts(timetable, date(2026, 6, 19), HOUR) == ["22:00", "23:00"]
    assert starts(timetable, date(2026, 6, 20), HOUR) == ["00:00", "01:00"]


@given(
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.integers(0, 3),
    st.sampled_from([(time(14), time(17)), (time(22), time(3)), (time(0), time(0))]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo"]),
)
def test_what_is_shut_for_a_part_of_each_day_is_said_for_the_days_asked_about(
    first: date, more: int, part: tuple[time, time], name: str
) -> None:
    """Three years of it cost no more than a day, and none of it that touches them is left out."""
    zone, last = ZoneInfo(name), first + timedelta(days=more)
    shut = Shut(date(2026, 1, 1), date(2028, 12, 31), Period(*part))
    asked = Interval(local_day(first, zone).start, local_day(last, zone).end)
    said = shut.during(zone, (first, last))
    assert len(said) <= 2 * (more + 3)
    near = [each for each in shut.during(zone) if each.start < asked.end and asked.start < each.end]
    assert set(near) <= set(said)
