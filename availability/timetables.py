"""Reads the promises of a business into the plain timetables that the pure modules take."""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.models import Business
from availability.calendar import (
    Period,
    Shut,
    Timetable,
    grid,
    local_day,
    open_run,
    resting_run,
    service_day,
    start_run,
)
from availability.intervals import (
    Interval,
    Run,
    covers,
    intersect,
    merge,
    overlaps,
    subtract,
)

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
OUTSIDE = "Outside the opening hours."


class Pacing(NamedTuple):
    """No more than so many guests, and so many parties, begin in each stretch of these minutes."""

    minutes: int
    covers: int | None
    parties: int | None

    @property
    def is_set(self) -> bool:
        return self.covers is not None or self.parties is not None


class Window(NamedTuple):
    """When a service may start on a weekday: within the period or, if any are named, at these."""

    weekday: int
    period: Period
    starts: tuple[time, ...] = ()

    @property
    def named(self) -> list[tuple[int, Period]]:
        """Its starts, each as a period of a minute."""
        return [
            (self.weekday, Period(each, (datetime.combine(date.min, each) + MINUTE).time()))
            for each in self.starts
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class Timetables:
    """What the locations of a business, and its resources in addition, promise; by id.

    `windows` are those of the service it was loaded for; none means whenever a location is open.
    """

    locations: dict[uuid.UUID, Timetable]
    resources: dict[uuid.UUID, Timetable]
    pacing: dict[uuid.UUID, Pacing]
    windows: tuple[Window, ...] = ()

    def grid(
        self, location_id: uuid.UUID, first: date, last: date, step: timedelta
    ) -> Sequence[datetime]:
        """The starts at a location on these local dates: of the service's windows if it has any,
        else whole steps after each opening. In order, each once."""
        place = self.locations[location_id]
        if not self.windows:
            return grid(place, first, last, step)
        by_step = tuple((each.weekday, each.period) for each in self.windows if not each.starts)
        by_name = tuple(named for each in self.windows for named in each.named)
        found = {
            *grid(Timetable(place.zone, weekly=by_step), first, last, step),
            *grid(Timetable(place.zone, weekly=by_name), first, last, DAY),
        }
        return sorted(found)

    def in_window(self, location_id: uuid.UUID, start: datetime) -> bool:
        """Whether the service may start then, at a minute that it names or not."""
        if not self.windows:
            return True
        zone = self.locations[location_id].zone
        weekly = Timetable(zone, weekly=tuple((each.weekday, each.period) for each in self.windows))
        day = service_day(start, zone)
        return covers(
            start_run(weekly, day - DAY, day), Interval(start, start + timedelta.resolution)
        )

    def open_for(
        self,
        location_id: uuid.UUID,
        resource_id: uuid.UUID | None,
        first: date,
        last: date,
        stay: timedelta,
    ) -> Run:
        """When a location, or a resource of it, is open to a stay so long that starts on these
        local dates. A location that promises nothing is closed; a resource has its location's
        hours, less its own breaks and closures, unless it has hours of its own."""
        return self.open_within(
            open_run(self.locations[location_id], first, last, stay), resource_id, first, last, stay
        )

    def open_within(
        self, place: Run, resource_id: uuid.UUID | None, first: date, last: date, stay: timedelta
    ) -> Run:
        """The same of a resource, when that of its location is at hand."""
        own = self.resources.get(resource_id) if resource_id else None
        return open_by(place, own, first, last, stay) if own else place

    def resting(
        self, location_id: uuid.UUID, resource_id: uuid.UUID | None, first: date, last: date
    ) -> Run:
        """When a location, or a resource of it, is in a break or closed around these dates."""
        own = self.resources.get(resource_id) if resource_id else None
        found = resting_run(self.locations[location_id], first, last)
        return merge([*found, *resting_run(own, first, last)]) if own else found

    def may_start(self, location_id: uuid.UUID, wanted: Interval) -> bool:
        """Whether a stay may start then, by the last seating."""
        timetable = self.locations[location_id]
        day = service_day(wanted.start, timetable.zone)
        instant = Interval(wanted.start, wanted.start + timedelta.resolution)
        return covers(start_run(timetable, day - DAY, day), instant)

    def closed(
        self,
        location_id: uuid.UUID,
        wanted: Interval,
        *,
        resource_id: uuid.UUID | None = None,
        hours: bool = True,
    ) -> str | None:
        """Why a location (or a resource of it) is closed for a stretch; None when it is open.

        Without `hours` only closures count.
        """
        own = self.resources.get(resource_id) if resource_id else None
        place = self.locations[location_id]
        for timetable in filter(None, (place, own)):
            if reason := _shut(timetable, wanted):
                return reason
        if not hours:
            return None
        first = service_day(wanted.start, place.zone) - DAY
        last = service_day(wanted.end, place.zone)
        stay = wanted.end - wanted.start
        if not self.may_start(location_id, wanted):
            return OUTSIDE
        if not self.in_window(location_id, wanted.start):
            return "Outside the hours of this service."
        if not covers(self.open_for(location_id, resource_id, first, last, stay), wanted):
            return OUTSIDE
        return None


def open_by(place: Run, own: Timetable, first: date, last: date, stay: timedelta) -> Run:
    """When a resource with a timetable of its own is open, where its location is."""
    if own.keeps_hours:
        return intersect(place, open_run(own, first, last, stay))
    there = subtract(place, resting_run(own, first, last + DAY))
    if not own.special:
        return there
    dated = merge(local_day(day, own.zone) for day, _ in own.special)
    return merge([*subtract(there, dated), *intersect(place, open_run(own, first, last, stay))])


EVER = (date.min, date.max)


def shut_stretches(
    timetable: Timetable, around: tuple[date, date] = EVER
) -> list[tuple[Interval, str]]:
    """When a timetable is shut by closures, on these days at least, and the words for it; of
    several the first is told."""
    return [
        (stretch, f"Closed: {each.reason}" if each.reason else "Closed.")
        for each in timetable.shut
        for stretch in each.during(timetable.zone, around)
    ]


def _shut(timetable: Timetable, wanted: Interval) -> str | None:
    days = service_day(wanted.start, timetable.zone), service_day(wanted.end, timetable.zone)
    there = shut_stretches(timetable, days)
    return next((why for stretch, why in there if overlaps(stretch, wanted)), None)


# One statement, whatever there is: kind, location, resource, weekday, first and last day, three
# times, words, services, three numbers. Each branch starts from the business and goes by an index.
_OWNED = """
SELECT '{kind}', l.id, NULL::uuid, {columns} FROM {table} AS t
  JOIN resources_location AS l ON l.id = t.location_id
 WHERE l.business_id = %(business)s {and_}
UNION ALL
SELECT '{kind}', r.location_id, r.id, {columns} FROM {table} AS t
  JOIN resources_resource AS r ON r.id = t.resource_id
 WHERE r.business_id = %(business)s {and_} AND (%(all)s OR r.id = ANY(%(resources)s))
"""
_NONE = "NULL::uuid[], NULL::int, NULL::int, NULL::int"
_DATED = "AND t.day BETWEEN %(first)s AND %(last)s"
_SQL = "UNION ALL".join(  # put together of constants
    [
        """
SELECT 'location', l.id, NULL::uuid, NULL::int, NULL::date, NULL::date, NULL::time, NULL::time,
       NULL::time, l.timezone::text, NULL::uuid[], l.pacing_minutes::int, l.pacing_covers::int,
       l.pacing_parties::int
  FROM resources_location AS l WHERE l.business_id = %(business)s
""",
        f"""
SELECT 'rostered', r.location_id, r.id, NULL, NULL, NULL, NULL, NULL, NULL, '', {_NONE}
  FROM resources_resource AS r WHERE r.business_id = %(business)s AND r.is_rostered
   AND (%(all)s OR r.id = ANY(%(resources)s))
""",  # noqa: S608
        _OWNED.format(
            kind="hours",
            table="availability_openinghours",
            columns=f"t.weekday, NULL, NULL, t.opens, t.closes, t.last_start, '', {_NONE}",
            and_="",
        ),
        _OWNED.format(
            kind="break",
            table="availability_break",
            columns=f"t.weekday, NULL, NULL, t.starts, t.ends, NULL, '', {_NONE}",
            and_="",
        ),
        _OWNED.format(
            kind="special",
            table="availability_specialday",
            columns=f"NULL, t.day, t.day, t.opens, t.closes, NULL, '', {_NONE}",
            and_=_DATED,
        ),
        _OWNED.format(
            kind="closure",
            table="availability_closure",
            columns=f"NULL, t.first_day, t.last_day, t.starts, t.ends, NULL, t.reason, {_NONE}",
            and_="AND t.first_day <= %(last)s AND t.last_day >= %(first)s",
        ),
        f"""
SELECT 'roster', r.location_id, r.id, NULL, t.day, t.day, t.starts, t.ends, NULL, t.kind,
       (SELECT array_agg(s.service_id) FROM availability_rosterentry_services AS s
         WHERE s.rosterentry_id = t.id), NULL, NULL, NULL
  FROM availability_rosterentry AS t JOIN resources_resource AS r ON r.id = t.resource_id
 WHERE r.business_id = %(business)s {_DATED}
   AND (%(all)s OR r.id = ANY(%(resources)s))
""",  # noqa: S608
        """
SELECT 'window', NULL, NULL, t.weekday, NULL, NULL, t.opens, t.closes, NULL,
       array_to_string(t.starts, ','), NULL, NULL, NULL, NULL
  FROM availability_servicehours AS t WHERE t.service_id = %(service)s
""",
    ]
)


class _Row(NamedTuple):
    kind: str
    location_id: uuid.UUID
    resource_id: uuid.UUID | None
    weekday: int
    first_day: date
    last_day: date
    starts: time
    ends: time
    last_start: time | None
    words: str
    services: list[uuid.UUID] | None
    number_1: int
    number_2: int | None
    number_3: int | None


@dataclasses.dataclass(slots=True)
class _Draft:
    weekly: list[tuple[int, Period]] = dataclasses.field(default_factory=list)
    breaks: list[tuple[int, Period]] = dataclasses.field(default_factory=list)
    special: list[tuple[date, Period | None]] = dataclasses.field(default_factory=list)
    shut: list[Shut] = dataclasses.field(default_factory=list)
    rostered: bool = False

    def add(self, row: _Row, service_id: uuid.UUID | None) -> None:
        match row.kind:
            case "hours":
                self.weekly.append((row.weekday, Period(row.starts, row.ends, row.last_start)))
            case "break":
                self.breaks.append((row.weekday, Period(row.starts, row.ends)))
            case "special":
                self.special.append((row.first_day, Period(row.starts, row.ends)))
            case "closure":
                part = Period(row.starts, row.ends) if row.starts and row.ends else None
                self.shut.append(Shut(row.first_day, row.last_day, part, row.words))
            case "rostered":
                self.rostered = True
            case "roster" if row.words == "working_hours":
                if not row.services or service_id is None or service_id in row.services:
                    self.special.append((row.first_day, Period(row.starts, row.ends)))
                else:  # there that day, but not for this service
                    self.special.append((row.first_day, None))
            case "roster":
                self.shut.append(Shut(row.first_day, row.last_day, Period(row.starts, row.ends)))

    def done(self, zone: ZoneInfo) -> Timetable:
        return Timetable(
            zone,
            weekly=tuple(self.weekly),
            breaks=tuple(self.breaks),
            special=tuple(self.special),
            shut=tuple(self.shut),
            rostered=self.rostered,
        )


def load(
    business: Business,
    *,
    days: tuple[date, date] | None = None,
    service_id: uuid.UUID | None = None,
    resource_ids: Collection[uuid.UUID] | None = None,
    closures: bool = True,
    own_hours: bool = True,
) -> Timetables:
    """All timetables of a business, in one query.

    With `days` what is dated is read for these and the days next to them alone; with `service_id`
    hours that are for other services are left out, and its own windows read, unless `own_hours`
    says not to; with `resource_ids` those of other resources are left out. Without `closures` as if
    nothing were ever closed but by its hours.
    """
    first, last = days or (date.min + 2 * DAY, date.max - 2 * DAY)
    zones: dict[uuid.UUID, ZoneInfo] = {}
    pacing: dict[uuid.UUID, Pacing] = {}
    drafts: dict[uuid.UUID, _Draft] = defaultdict(_Draft)
    at: dict[uuid.UUID, uuid.UUID] = {}  # where a resource is
    windows: list[Window] = []
    asked: dict[str, Any] = {
        "business": business.pk,
        "service": service_id if own_hours else None,
        "first": first - 2 * DAY,
        "last": last + 2 * DAY,
        "all": resource_ids is None,
        "resources": list(resource_ids or ()),
    }
    for row in _rows(asked):
        if row.kind == "window":
            starts = map(time.fromisoformat, filter(None, row.words.split(",")))
            windows.append(Window(row.weekday, Period(row.starts, row.ends), tuple(starts)))
            continue
        if row.kind == "closure" and not closures:
            continue
        if row.kind == "location":
            zones[row.location_id] = ZoneInfo(row.words or business.timezone)
            pacing[row.location_id] = Pacing(row.number_1, row.number_2, row.number_3)
            continue
        if row.resource_id:
            at[row.resource_id] = row.location_id
        drafts[row.resource_id or row.location_id].add(row, service_id)
    return Timetables(
        locations={id_: drafts[id_].done(zone) for id_, zone in zones.items()},
        resources={id_: drafts[id_].done(zones[place]) for id_, place in at.items()},
        pacing=pacing,
        windows=tuple(windows),
    )


def _rows(asked: dict[str, Any]) -> Iterator[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, asked)
        yield from map(_Row._make, cursor.fetchall())
