"""Reads the promises of a business into the plain timetables that the pure modules take."""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from datetime import date, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from accounts.models import Business
from availability.calendar import Period, Shut, Timetable, open_run, service_day, shut_run
from availability.intervals import Interval, covers, overlaps
from availability.models import Break, Closure, OpeningHours, SpecialDay

DAY = timedelta(days=1)

Row = TypeVar("Row", OpeningHours, Break, SpecialDay, Closure)


@dataclasses.dataclass(frozen=True, slots=True)
class Timetables:
    """What the locations of a business, and its resources in addition, promise; by id."""

    locations: dict[uuid.UUID, Timetable]
    resources: dict[uuid.UUID, Timetable]

    def closed(
        self,
        location_id: uuid.UUID,
        wanted: Interval,
        *,
        resource_id: uuid.UUID | None = None,
        hours: bool = True,
    ) -> str | None:
        """Why a location (or a resource of it) is closed for a stretch; None when it is open.

        Without `hours` only closures count. A location that promises nothing is closed; a resource
        without hours of its own has its location's.
        """
        own = self.resources.get(resource_id) if resource_id else None
        for timetable in filter(None, (self.locations[location_id], own)):
            if reason := _shut(timetable, wanted):
                return reason
            promises = timetable.has_hours or timetable is not own
            if hours and promises and not _is_open(timetable, wanted):
                return "Outside the opening hours."
        return None


def _shut(timetable: Timetable, wanted: Interval) -> str | None:
    if not any(overlaps(each, wanted) for each in shut_run(timetable)):
        return None
    for each in timetable.shut:
        if any(overlaps(stretch, wanted) for stretch in each.during(timetable.zone)):
            return f"Closed: {each.reason}" if each.reason else "Closed."
    return None


def _is_open(timetable: Timetable, wanted: Interval) -> bool:
    first = service_day(wanted.start, timetable.zone) - DAY
    last = service_day(wanted.end, timetable.zone)
    return covers(open_run(timetable, first, last), wanted)


def load(business: Business) -> Timetables:
    """All timetables of a business. Five queries, whatever it has."""
    zones = {
        each.pk: ZoneInfo(each.timezone or business.timezone)
        for each in business.locations.only("business", "timezone")
    }
    weekly: dict[uuid.UUID, list[tuple[int, Period]]] = defaultdict(list)
    breaks: dict[uuid.UUID, list[tuple[int, Period]]] = defaultdict(list)
    special: dict[uuid.UUID, list[tuple[date, Period]]] = defaultdict(list)
    shut: dict[uuid.UUID, list[Shut]] = defaultdict(list)
    at: dict[uuid.UUID, uuid.UUID] = {}  # where the resource of a row is

    def owner(row: OpeningHours | Break | SpecialDay | Closure) -> uuid.UUID:
        if row.resource:
            at[row.resource.pk] = row.resource.location_id
            return row.resource.pk
        assert row.location_id, "a database constraint gives every row one owner"  # noqa: S101
        return row.location_id

    for hours in _rows(OpeningHours.objects.all(), zones):
        weekly[owner(hours)].append((hours.weekday, Period(hours.opens, hours.closes)))
    for each in _rows(Break.objects.all(), zones):
        breaks[owner(each)].append((each.weekday, Period(each.starts, each.ends)))
    for day in _rows(SpecialDay.objects.all(), zones):
        special[owner(day)].append((day.day, Period(day.opens, day.closes)))
    for closure in _rows(Closure.objects.all(), zones):
        part = Period(closure.starts, closure.ends) if closure.starts and closure.ends else None
        shut[owner(closure)].append(Shut(closure.first_day, closure.last_day, part, closure.reason))

    def timetable(id_: uuid.UUID, zone: ZoneInfo) -> Timetable:
        return Timetable(
            zone,
            weekly=tuple(weekly[id_]),
            breaks=tuple(breaks[id_]),
            special=tuple(special[id_]),
            shut=tuple(shut[id_]),
        )

    return Timetables(
        locations={id_: timetable(id_, zone) for id_, zone in zones.items()},
        resources={id_: timetable(id_, zones[place]) for id_, place in at.items()},
    )


def _rows(rows: QuerySet[Row], zones: dict[uuid.UUID, ZoneInfo]) -> QuerySet[Row]:
    mine = Q(location__in=zones) | Q(resource__location__in=zones)
    return rows.filter(mine).select_related("resource")
