"""What became of a stretch of days at a place: counted in the database, by the clock on its wall.

What is only held, or lapsed before it was confirmed, is no booking. Several services in a row for
one guest are one booking; what takes resources is counted part by part. Numbers of queries and rows
read don't grow with the book, but for the one row a day that is shown.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from availability import timetables
from availability.calendar import local_day
from availability.intervals import Interval, Run
from bookings.lifecycle import State
from resources.models import Location, Resource, Service
from resources.services import PLACE

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LONGEST = 366  # days
COMES = (State.CONFIRMED.value, State.CHECKED_IN.value, State.COMPLETED.value)
CAME = (State.CHECKED_IN.value, State.COMPLETED.value)
# How long before its start a booking was made: up to so many minutes, and the rest.
LEADS = (15, 2 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60, 14 * 24 * 60, 30 * 24 * 60)

# A booking of a class costs its price for each place.
BASE = """
WITH base AS (
    SELECT (b.starts_at AT TIME ZONE %(zone)s)::date AS day, b.source, b.service_id, b.state,
           b.party_size, b.leader_id IS NULL AS leads,
           width_bucket(extract(epoch FROM b.starts_at - b.created_at)::float8 / 60,
                        %(leads)s::float8[]) AS lead,
           coalesce(b.price_cents,
                    s.price_cents * CASE WHEN b.session_id IS NULL THEN 1 ELSE b.party_size END,
                    0) AS price,
           CASE d.status WHEN 'captured' THEN d.amount_cents END AS kept
      FROM bookings_booking AS b
      LEFT JOIN resources_service AS s ON s.id = b.service_id
      LEFT JOIN billing_deposit AS d ON d.booking_id = b.id AND d.currency = %(currency)s
     WHERE b.business_id = %(business)s AND b.location_id = %(place)s
       AND b.starts_at >= %(from)s AND b.starts_at < %(until)s
       AND b.state NOT IN ('held', 'expired')
       AND NOT (b.state = 'pending' AND b.expires_at IS NOT NULL AND b.expires_at <= %(now)s)
)
"""
FIGURES = """
       count(*) FILTER (WHERE leads AND state <> 'cancelled') AS bookings,
       coalesce(sum(party_size) FILTER (WHERE leads AND state = ANY(%(comes)s)), 0) AS covers,
       count(*) FILTER (WHERE leads AND state = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE leads AND state = 'no_show') AS missed,
       count(*) FILTER (WHERE leads AND state = ANY(%(came)s)) AS came,
       count(*) FILTER (WHERE state <> 'cancelled') AS parts,
       coalesce(sum(price) FILTER (WHERE state = ANY(%(came)s)), 0) AS price,
       coalesce(sum(kept), 0) AS kept
  FROM base
"""
# Summed up once by all there is to know, which leaves few rows, and from these for each table.
GROUPED = f"""{BASE},
summed AS (SELECT day, source, service_id, lead, {FIGURES} GROUP BY day, source, service_id, lead)
SELECT grouping(day, source, service_id, lead), day, source, service_id, lead,
       sum(bookings), sum(covers), sum(cancelled), sum(missed), sum(came), sum(parts), sum(price),
       sum(kept)
  FROM summed
 GROUP BY GROUPING SETS ((day), (source), (service_id), (lead), ())
"""  # noqa: S608 - put together of constants
TOTALS = f"{BASE} SELECT {FIGURES}"

# What is booked is cut at the whole hours of the wall, each piece counted at its own hour.
TAKEN = """
WITH taken AS (
    SELECT r.id, b.starts_at, b.ends_at,
           least(r.units, CASE r.units WHEN 1 THEN 1
                          ELSE ceil(b.party_size::float8 / r.covers_max) END) AS units
      FROM bookings_booking AS b
     CROSS JOIN unnest(b.resource_ids) AS one (id)
      JOIN resources_resource AS r ON r.id = one.id AND r.kind = ANY(%(kinds)s)
     WHERE b.business_id = %(business)s AND b.location_id = %(place)s AND b.session_id IS NULL
       AND b.starts_at >= %(from)s AND b.starts_at < %(until)s AND b.state = ANY(%(comes)s)
    UNION ALL
    SELECT r.id, s.starts_at, s.ends_at, r.units
      FROM bookings_session AS s
     CROSS JOIN unnest(s.resource_ids) AS one (id)
      JOIN resources_resource AS r ON r.id = one.id AND r.kind = ANY(%(kinds)s)
     WHERE s.business_id = %(business)s AND s.location_id = %(place)s
       AND s.starts_at >= %(from)s AND s.starts_at < %(until)s AND s.state = 'scheduled'
)
SELECT grouping(t.id), t.id,
       extract(isodow FROM hour AT TIME ZONE %(zone)s)::int,
       extract(hour FROM hour AT TIME ZONE %(zone)s)::int,
       sum(extract(epoch FROM least(t.ends_at, hour + interval '1 hour')
                              - greatest(t.starts_at, hour)) * t.units)::float8,
       count(*) FILTER (WHERE hour <= t.starts_at)
  FROM taken AS t
 CROSS JOIN generate_series(date_trunc('hour', t.starts_at, %(zone)s),
                            t.ends_at - interval '1 microsecond', interval '1 hour') AS hour
 GROUP BY GROUPING SETS (
       (extract(isodow FROM hour AT TIME ZONE %(zone)s)::int,
        extract(hour FROM hour AT TIME ZONE %(zone)s)::int),
       (t.id))
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """What some bookings came to. `bookings` are all but the cancelled; `covers` of who came or is
    expected; `parts` what was booked part by part; money in the business's currency."""

    bookings: int = 0
    covers: int = 0
    cancelled: int = 0
    missed: int = 0
    came: int = 0
    parts: int = 0
    value_cents: int = 0
    kept_cents: int = 0

    @property
    def made(self) -> int:
        return self.bookings + self.cancelled

    @property
    def cancelled_share(self) -> float | None:
        """Of all that were made."""
        return self.cancelled / self.made if self.made else None

    @property
    def missed_share(self) -> float | None:
        """Of those that came or should have."""
        due = self.missed + self.came
        return self.missed / due if due else None

    @property
    def party(self) -> float | None:
        """The guests of a booking that came or is expected."""
        expected = self.bookings - self.missed
        return self.covers / expected if expected else None

    def __add__(self, other: Figures) -> Figures:
        return Figures(*map(sum, zip(self.all, other.all, strict=True)))

    @property
    def all(self) -> tuple[int, ...]:
        return dataclasses.astuple(self)


@dataclasses.dataclass(frozen=True, slots=True)
class Use:
    """How long something was booked and on offer, in hours of one unit."""

    booked: float = 0.0
    offered: float = 0.0

    @property
    def share(self) -> float | None:
        return self.booked / self.offered if self.offered else None


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """Figures from the first day to the last, both included, and those of as many days before.

    `days` has every day; `leads` one for each of LEADS and the rest; `heat` is by ISO weekday and
    hour of the wall; the rest most first.
    """

    first: date
    last: date
    total: Figures
    before: Figures
    days: Sequence[tuple[date, Figures]]
    sources: Sequence[tuple[str, Figures]]
    services: Sequence[tuple[str, Figures]]
    leads: Sequence[Figures]
    heat: dict[tuple[int, int], Use]
    resources: Sequence[tuple[Resource, Use, int]]

    @property
    def use(self) -> Use:
        return Use(
            sum(each.booked for each in self.heat.values()),
            sum(each.offered for each in self.heat.values()),
        )

    @property
    def weeks(self) -> list[tuple[date, Figures]]:
        """The same by week, each known by its Monday."""
        found: dict[date, Figures] = defaultdict(Figures)
        for day, figures in self.days:
            found[day - timedelta(days=day.weekday())] += figures
        return sorted(found.items())


def report(
    place: Location, first: date, last: date, *, kinds: Sequence[str], moment: datetime
) -> Report:
    """All of it; how much is used is of the resources of these kinds. Six queries."""
    zone = ZoneInfo(place.timezone or place.business.timezone)
    length = (last - first).days + 1
    asked: dict[str, Any] = {
        "business": place.business_id,
        "place": place.pk,
        "zone": zone.key,
        "currency": place.business.currency,
        "leads": list(LEADS),
        "comes": list(COMES),
        "came": list(CAME),
        "kinds": list(kinds),
        "now": moment,
    }
    during = _during(first, last, zone)
    grouped = _rows(GROUPED, asked | during)
    (before,) = _rows(TOTALS, asked | _during(first - length * DAY, first - DAY, zone))
    by: dict[int, dict[Any, Figures]] = defaultdict(dict)
    for which, day, source, service, lead, *figures in grouped:
        # `grouping` has a bit for each column that isn't what the row is of.
        key = {7: day, 11: source, 13: service, 14: lead}.get(which)
        by[which][key] = _figures(figures)
    names = dict(Service.objects.filter(pk__in=filter(None, by[13])).values_list("pk", "name"))
    resources = _resources(place, kinds)
    heat, taken = _use(place, resources, first, last, zone, _rows(TAKEN, asked | during))
    return Report(
        first=first,
        last=last,
        total=by[15].get(None, Figures()),
        before=_figures(before),
        days=[(day, by[7].get(day, Figures())) for day in (first + n * DAY for n in range(length))],
        sources=_most((name, each) for name, each in by[11].items()),
        services=_most((names.get(pk, ""), each) for pk, each in by[13].items()),
        leads=[by[14].get(n, Figures()) for n in range(len(LEADS) + 1)],
        heat=heat,
        resources=taken,
    )


def _during(first: date, last: date, zone: ZoneInfo) -> dict[str, datetime]:
    return {"from": local_day(first, zone).start, "until": local_day(last, zone).end}


def _rows(query: str, asked: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        return list(cursor.fetchall())


def _figures(row: Iterable[Any]) -> Figures:
    return Figures(*(int(each or 0) for each in row))


def _most(rows: Iterable[tuple[str, Figures]]) -> list[tuple[str, Figures]]:
    return sorted(rows, key=lambda each: (-each[1].parts, -each[1].made, each[0]))


def kinds_at(place: Location) -> list[str]:
    """What kinds of resources a place has, staff first. One query."""
    found = (
        Resource.objects.filter(location=place, is_active=True, deleted_at=None)
        .exclude(kind__startswith=f"{PLACE} ")
        .order_by("kind")
        .values_list("kind", flat=True)
        .distinct()
    )
    return sorted(found, key=lambda each: (each != "staff", each))


def _resources(place: Location, kinds: Sequence[str]) -> list[Resource]:
    return list(Resource.objects.filter(location=place, kind__in=kinds))


def _use(
    place: Location,
    resources: Sequence[Resource],
    first: date,
    last: date,
    zone: ZoneInfo,
    rows: Sequence[Any],
) -> tuple[dict[tuple[int, int], Use], list[tuple[Resource, Use, int]]]:
    """What was booked beside what was on offer: by weekday and hour, and by resource. What is no
    longer offered counts as booked where it was, and as nothing on offer. One query."""
    booked: dict[tuple[int, int], float] = defaultdict(float)
    of_each: dict[uuid.UUID, tuple[float, int]] = {}
    for of_hour, pk, weekday, hour, seconds, times in rows:
        if of_hour:
            booked[weekday, hour] = seconds / 3600
        else:
            of_each[pk] = (seconds / 3600, times)
    promises = timetables.load(place.business, days=(first, last))
    usual = promises.open_for(place.pk, None, first, last, timedelta())
    keeps_hours = promises.locations[place.pk].keeps_hours
    usual = usual if keeps_hours else (_whole(first, last, zone),)
    offered: dict[tuple[int, int], float] = defaultdict(float)
    lengths: dict[uuid.UUID, float] = {}
    shared = 0
    for each in resources:
        if not each.is_active or each.deleted_at:
            continue
        if each.pk in promises.resources:
            own = promises.open_within(usual, each.pk, first, last, timedelta())
            lengths[each.pk] = each.units * _hours(own)
            _spread(offered, own, zone, each.units)
        else:
            lengths[each.pk] = each.units * _hours(usual)
            shared += each.units
    _spread(offered, usual, zone, shared)
    heat = {key: Use(booked.get(key, 0.0), offered.get(key, 0.0)) for key in {*booked, *offered}}
    used = [
        (each, Use(of_each.get(each.pk, (0.0, 0))[0], lengths.get(each.pk, 0.0)),
         of_each.get(each.pk, (0.0, 0))[1])
        for each in resources
        if each.pk in of_each or each.pk in lengths
    ]  # fmt: skip
    return heat, sorted(used, key=lambda row: (-row[1].booked, row[0].name))


def _whole(first: date, last: date, zone: ZoneInfo) -> Interval:
    return Interval(local_day(first, zone).start, local_day(last, zone).end)


def _hours(run: Run) -> float:
    return sum((each.end - each.start).total_seconds() for each in run) / 3600


def _spread(offered: dict[tuple[int, int], float], run: Run, zone: ZoneInfo, units: int) -> None:
    """Add a run to the hours of the wall that it lies in."""
    if not units:
        return
    for start, end in run:
        at = start
        while at < end:
            shown = at.astimezone(zone)
            past = timedelta(
                minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond
            )
            until = min(end, at + HOUR - past)
            offered[shown.isoweekday(), shown.hour] += units * (until - at).total_seconds() / 3600
            at = until
