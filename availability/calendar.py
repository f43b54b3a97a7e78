"""Wall-clock promises in a zone, as UTC instants. Pure; nothing else turns one into the other.

Where the clock is put forward, the times it skips mean the instant that the clock would have shown
them at had it not been changed (RFC 5545, 3.3.5): 02:30 is then 03:30. Where it is put back, a time
that comes twice means the first. A promise from `opens` to `closes` holds between those two
instants, so a night with a change is an hour (or half of one) shorter or longer and nothing is lost
or made up; only a promise whose two ends fall into one skipped stretch is empty.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from availability.intervals import Interval, Run, intersect, merge, subtract

DAY = timedelta(days=1)


def resolve(day: date, at: time, zone: ZoneInfo) -> datetime:
    """What a clock on a wall of the zone means, as a UTC instant."""
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)


def wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows at an instant; aware, in the zone."""
    return instant.astimezone(zone)


def local_day(day: date, zone: ZoneInfo) -> Interval:
    """From midnight to midnight by the clock: 24 hours, or 23, 25, 23.5..., or none for a day that
    a zone skipped whole. A midnight that the clock skips is the instant of the change."""
    return Interval(_midnight(day, zone), _midnight(day + DAY, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, whatever the clock does around it."""
    instant = resolve(day, time(), zone)
    # A skipped midnight resolves to some time after the change; the day began at the change itself.
    shown = wall(instant, zone)
    if shown.date() == day and shown.time() == time():
        return instant
    low, high = instant - 2 * DAY, instant
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if middle in (low, high):
            break
        if wall(middle, zone).date() < day:
            low = middle
        else:
            high = middle
    return high


def service_day(instant: datetime, zone: ZoneInfo) -> date:
    """The local date of an instant."""
    return wall(instant, zone).date()


@dataclasses.dataclass(frozen=True, slots=True)
class Period:
    """A stretch of one kind of day by the clock; `closes` at or before `opens` is on the next."""

    opens: time
    closes: time

    def on(self, day: date, zone: ZoneInfo) -> Interval:
        """This period of that date, as instants."""
        last = day if self.closes > self.opens else day + DAY
        return Interval(resolve(day, self.opens, zone), resolve(last, self.closes, zone))


@dataclasses.dataclass(frozen=True, slots=True)
class Shut:
    """Whole days, both included; with a period, that part of each of them."""

    first_day: date
    last_day: date
    period: Period | None = None
    reason: str = ""

    def during(self, zone: ZoneInfo) -> list[Interval]:
        """When it is shut, as instants."""
        if self.period is None:
            return [Interval(_midnight(self.first_day, zone), _midnight(self.last_day + DAY, zone))]
        days = (self.last_day - self.first_day).days + 1
        return [self.period.on(self.first_day + n * DAY, zone) for n in range(days)]


@dataclasses.dataclass(frozen=True, slots=True)
class Timetable:
    """What a location or a resource promises. Weekdays are ISO: 1 is Monday.

    A date with special periods has those in place of its weekly ones; breaks and closures are taken
    out of either.
    """

    zone: ZoneInfo
    weekly: Sequence[tuple[int, Period]] = ()
    breaks: Sequence[tuple[int, Period]] = ()
    special: Sequence[tuple[date, Period]] = ()
    shut: Sequence[Shut] = ()

    @property
    def has_hours(self) -> bool:
        """Whether it says when it is open at all."""
        return bool(self.weekly or self.special)


def open_run(timetable: Timetable, first: date, last: date) -> Run:
    """When a timetable is open, from the first local date to the last, both included; what began
    the evening before is in it from the first midnight on."""
    zone = timetable.zone
    promised: list[Interval] = []
    resting: list[Interval] = []
    for n in range(-1, (last - first).days + 1):
        day = first + n * DAY
        own = [period for date_, period in timetable.special if date_ == day]
        weekly = [period for weekday, period in timetable.weekly if weekday == day.isoweekday()]
        promised.extend(period.on(day, zone) for period in own or weekly)
        resting.extend(
            period.on(day, zone)
            for weekday, period in timetable.breaks
            if weekday == day.isoweekday()
        )
    for each in timetable.shut:
        if each.first_day <= last + DAY and each.last_day >= first - DAY:
            resting.extend(each.during(zone))
    window = merge([Interval(_midnight(first, zone), _midnight(last + DAY, zone))])
    return intersect(subtract(merge(promised), merge(resting)), window)


def shut_run(timetable: Timetable) -> Run:
    """When a timetable is shut by closures alone."""
    return merge(each for shut in timetable.shut for each in shut.during(timetable.zone))
