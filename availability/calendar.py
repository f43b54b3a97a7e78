"""Wall-clock promises in a zone, as UTC instants. Pure; nothing else turns one into the other.

A promise is about what the clock on the wall shows: open from 00:30 to 06:00 means every instant at
which it shows one of these times, no other, whatever was done to the clock that night. So a night
with a change is as much shorter or longer, nothing is lost or made up, and where the clock is put
back over an end of the promise, the promise holds, pauses and holds again. A single time means the
first instant that shows it or, if the clock skips it, the instant that it would have shown it at
had it not been changed (RFC 5545, 3.3.5): 02:30 is then 03:30.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from availability.intervals import Interval, Run, intersect, merge, subtract

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
UTC_MIN = datetime.min.replace(tzinfo=UTC)
# How far a wall's clock may be ahead of UTC and behind it.
EASTERNMOST, WESTERNMOST = 15 * HOUR, 13 * HOUR
KEPT = 128  # answers about timetables that are kept: guests look at the same weeks


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


@functools.lru_cache(maxsize=4096)
def _changes(zone: ZoneInfo, year: int, month: int) -> tuple[datetime, ...]:
    """The instants of a UTC month at which the offset changes. No zone changes twice in six hours,
    so that is how often it is looked at."""
    found = []
    low = datetime(year, month, 1, tzinfo=UTC)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    before = low.astimezone(zone).utcoffset()
    while low < end:
        high = low + 6 * HOUR
        after = high.astimezone(zone).utcoffset()
        if after != before:
            found.append(_change_between(low, high, zone))
        low, before = high, after
    return tuple(each for each in found if each < end)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    before = low.astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def _offsets(
    zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[Interval, timedelta]]:
    """A stretch cut where the offset changes, each piece with its offset."""
    at = start
    year, month = start.year, start.month
    while (year, month) <= (end.year, end.month):
        for change in _changes(zone, year, month):
            if at < change < end:
                yield Interval(at, change), _offset(zone, at)
                at = change
        year, month = year + month // 12, month % 12 + 1
    if at < end:
        yield Interval(at, end), _offset(zone, at)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo always has one
    return offset


@functools.lru_cache(maxsize=65_536)
def _steady(zone: ZoneInfo, day: date) -> timedelta | None:
    """The offset of all that a clock could show on a date and the next; None around a change."""
    shown = datetime.combine(day, time(), UTC)
    offsets = {
        each for _, each in _offsets(zone, shown - EASTERNMOST, shown + 2 * DAY + WESTERNMOST)
    }
    return offsets.pop() if len(offsets) == 1 else None


def showing(
    zone: ZoneInfo, first: datetime, last: datetime
) -> Iterable[tuple[Interval, timedelta]]:
    """When the clock shows a time from `first` up to and without `last` (both naive): one stretch
    or, around a change, several or none, each with its offset."""
    if last - first <= DAY and (offset := _steady(zone, first.date())) is not None:
        if first >= last:
            return ()
        start, end = first - offset, last - offset
        return ((Interval(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)), offset),)
    return _showing(zone, first, last)


def _showing(
    zone: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[Interval, timedelta]]:
    around = Interval(
        first.replace(tzinfo=UTC) - EASTERNMOST, last.replace(tzinfo=UTC) + WESTERNMOST
    )
    for piece, offset in _offsets(zone, *around):
        start = max(piece.start, (first - offset).replace(tzinfo=UTC))
        end = min(piece.end, (last - offset).replace(tzinfo=UTC))
        if start < end:
            yield Interval(start, end), offset


@dataclasses.dataclass(frozen=True, slots=True)
class Period:
    """A stretch of one kind of day by the clock; `closes` at or before `opens` is on the next.

    With `last_start` a stay may start up to and with that time, and outlast closing.
    """

    opens: time
    closes: time
    last_start: time | None = None

    def _wall(self, day: date) -> tuple[datetime, datetime]:
        opens = datetime.combine(day, self.opens)
        return opens, _after(opens, self.closes)

    def on(self, day: date, zone: ZoneInfo, stay: timedelta = timedelta()) -> Run:
        """This period of that date, for a stay so long, as instants."""
        opens, closes = self._wall(day)
        run = tuple(piece for piece, _ in showing(zone, opens, closes))
        if self.last_start is None:
            return run
        last = resolve(*_parts(_at_or_after(opens, self.last_start)), zone)
        return merge([*run, Interval(last, last + stay)])

    def starts_on(self, day: date, zone: ZoneInfo) -> Run:
        """When a stay of that date may start, as instants."""
        opens, closes = self._wall(day)
        if self.last_start is not None:
            closes = _at_or_after(opens, self.last_start) + SECOND
        return merge(piece for piece, _ in showing(zone, opens, closes))

    def grid(self, day: date, zone: ZoneInfo, step: timedelta) -> list[datetime]:
        """The starts of that date: what the clock shows is `opens`, or whole steps after it."""
        opens, closes = self._wall(day)
        if self.last_start is not None:
            closes = _at_or_after(opens, self.last_start) + SECOND
        found: list[datetime] = []
        for piece, offset in showing(zone, opens, closes):
            shown = (piece.start + offset).replace(tzinfo=None) - opens
            at = piece.start + (-shown % step)
            while at < piece.end:
                found.append(at)
                at += step
        return found


def _after(start: datetime, at: time) -> datetime:
    """The next time after a naive one that the clock shows this."""
    end = datetime.combine(start.date(), at)
    return end if end > start else end + DAY


def _at_or_after(start: datetime, at: time) -> datetime:
    return start if start.time() == at else _after(start, at)


def _parts(at: datetime) -> tuple[date, time]:
    return at.date(), at.time()


@dataclasses.dataclass(frozen=True, slots=True)
class Shut:
    """Whole days, both included; with a period, that part of each of them."""

    first_day: date
    last_day: date
    period: Period | None = None
    reason: str = ""

    def during(
        self, zone: ZoneInfo, around: tuple[date, date] = (date.min, date.max)
    ) -> list[Interval]:
        """When it is shut, as instants; all of it that touches the days asked about, as a part of
        each day of some years is long to say."""
        first, last = self.first_day, self.last_day
        if self.period is None:
            return [Interval(_midnight(first, zone), _midnight(last + DAY, zone))]
        if around[0] > first:
            first = max(first, around[0] - DAY)  # what began the evening before
        days = (min(last, around[1]) - first).days + 1
        return [each for n in range(days) for each in self.period.on(first + n * DAY, zone)]


@dataclasses.dataclass(frozen=True, slots=True)
class Timetable:
    """What a location or a resource promises. Weekdays are ISO: 1 is Monday.

    A date with special periods has those in place of its weekly ones, and one with None has no
    hours; breaks and closures are taken out of either. Who is `rostered` is never there without a
    promise.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[int, Period], ...] = ()
    breaks: tuple[tuple[int, Period], ...] = ()
    special: tuple[tuple[date, Period | None], ...] = ()
    shut: tuple[Shut, ...] = ()
    rostered: bool = False

    @property
    def keeps_hours(self) -> bool:
        """Whether it says by itself when it is open, on every date."""
        return bool(self.weekly) or self.rostered

    def periods(self, first: date, last: date) -> Iterator[tuple[date, Period]]:
        """Each period from the first date to the last, both included, with its date."""
        weekly: dict[int, list[Period]] = {}
        for weekday, period in self.weekly:
            weekly.setdefault(weekday, []).append(period)
        special: dict[date, list[Period]] = {}
        for each, instead in self.special:
            special.setdefault(each, []).extend([instead] if instead else [])
        for n in range((last - first).days + 1):
            day = first + n * DAY
            for period in special[day] if day in special else weekly.get(day.isoweekday(), ()):
                yield day, period


def _window(zone: ZoneInfo, first: date, last: date) -> Run:
    return merge([Interval(_midnight(first, zone), _midnight(last + DAY, zone))])


@functools.lru_cache(KEPT)
def open_run(timetable: Timetable, first: date, last: date, stay: timedelta = timedelta()) -> Run:
    """When a timetable is open to a stay so long that starts from the first local date to the last,
    both included; what began the evening before is in it from the first midnight on."""
    zone = timetable.zone
    until = last + stay + DAY  # whoever starts late stays into the next day, if that is open too
    promised = merge(
        each
        for day, period in timetable.periods(first - DAY, until)
        for each in period.on(day, zone, stay)
    )
    window = merge([Interval(_midnight(first, zone), _midnight(last + DAY, zone) + stay)])
    return intersect(subtract(promised, resting_run(timetable, first, until)), window)


def resting_run(timetable: Timetable, first: date, last: date) -> Run:
    """When a timetable is in a break or closed, around these dates, whether or not it is open."""
    zone = timetable.zone
    resting: list[Interval] = []
    if timetable.breaks:
        for n in range(-1, (last - first).days + 1):
            day = first + n * DAY
            for weekday, period in timetable.breaks:
                if weekday == day.isoweekday():
                    resting.extend(period.on(day, zone))
    for each in timetable.shut:
        if each.first_day <= last + DAY and each.last_day >= first - DAY:
            resting.extend(each.during(zone, (first - DAY, last + DAY)))
    return merge(resting)


def start_run(timetable: Timetable, first: date, last: date) -> Run:
    """When a stay may start, by the periods alone."""
    zone = timetable.zone
    promised = merge(
        each
        for day, period in timetable.periods(first - DAY, last)
        for each in period.starts_on(day, zone)
    )
    return intersect(promised, _window(zone, first, last))


@functools.lru_cache(KEPT)
def grid(timetable: Timetable, first: date, last: date, step: timedelta) -> tuple[datetime, ...]:
    """The starts from the first local date to the last, both included: by the clock, whole steps
    after the opening of their period. In order, each once, breaks and closures not minded."""
    zone = timetable.zone
    found = {
        start
        for day, period in timetable.periods(first - DAY, last)
        for start in period.grid(day, zone, step)
    }
    ((start, end),) = _window(zone, first, last) or ((UTC_MIN, UTC_MIN),)
    return tuple(sorted(each for each in found if start <= each < end))


def shut_run(timetable: Timetable) -> Run:
    """When a timetable is shut by closures alone."""
    return merge(each for shut in timetable.shut for each in shut.during(timetable.zone))
