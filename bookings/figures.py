"""What became of a stretch of days: counts, rates, and how much of the offer was used."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Sum

from accounts.models import Business
from availability import selectors as availability
from availability.models import OpeningHours
from bookings.lifecycle import State
from bookings.models import Booking
from resources.models import Resource

CAME = (State.CHECKED_IN.value, State.COMPLETED.value)
USED = (State.CONFIRMED.value, *CAME)

BOOKED = """
SELECT coalesce(sum(each.lasts), interval '0') FROM (
    SELECT (b.ends_at - b.starts_at) * least(
               r.units,
               CASE r.units WHEN 1 THEN 1 ELSE ceil(b.party_size::float8 / r.covers_max) END
           ) AS lasts
      FROM bookings_booking AS b
     CROSS JOIN unnest(b.resource_ids) AS taken (id)
      JOIN resources_resource AS r ON r.id = taken.id
     WHERE b.business_id = %(business)s AND b.starts_at >= %(from)s AND b.starts_at < %(until)s
       AND b.state = ANY(%(states)s) AND b.session_id IS NULL
    UNION ALL
    SELECT (s.ends_at - s.starts_at) * r.units
      FROM bookings_session AS s
     CROSS JOIN unnest(s.resource_ids) AS taken (id)
      JOIN resources_resource AS r ON r.id = taken.id
     WHERE s.business_id = %(business)s AND s.starts_at >= %(from)s AND s.starts_at < %(until)s
       AND s.state = 'scheduled'
) AS each
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """Figures of the bookings that start in a stretch of days.

    `no_show_rate` is of those that came or should have; `utilisation` the resource time booked, of
    the resource time on offer in opening hours (of the whole day where there are none). Both None
    when there was nothing to take a share of.
    """

    counts: dict[str, int]
    covers: int
    booked: timedelta
    offered: timedelta

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def no_show_rate(self) -> float | None:
        missed = self.counts[State.NO_SHOW.value]
        due = missed + sum(self.counts[state] for state in CAME)
        return round(missed / due, 4) if due else None

    @property
    def utilisation(self) -> float | None:
        return round(self.booked / self.offered, 4) if self.offered else None


def summary(business: Business, first: date, last: date) -> Summary:
    """The figures from the first day to the last, both included. Five queries."""
    zone = ZoneInfo(business.timezone)
    start, end = (
        datetime.combine(day, time(), zone).astimezone(UTC)
        for day in (first, last + timedelta(days=1))
    )
    rows = (
        Booking.objects.filter(business=business, starts_at__gte=start, starts_at__lt=end)
        .values("state")
        .annotate(n=Count("pk"), covers=Sum("party_size"))
        .order_by()
    )
    counts = {state.value: 0 for state in State}
    covers = 0
    for row in rows:
        counts[row["state"]] = row["n"]
        covers += row["covers"] if row["state"] in USED else 0
    units = Resource.objects.filter(business=business, is_active=True, deleted_at=None).aggregate(
        units=Sum("units", default=0)
    )["units"]
    offered = open_time(business, first, last) * units
    return Summary(counts, covers, booked_time(business, start, end), offered)


def booked_time(business: Business, start: datetime, end: datetime) -> timedelta:
    """The time booked of every unit by what starts in [start, end), classes by their run. One
    query. Counted from the bookings, as what is over no longer takes time."""
    with connection.cursor() as cursor:
        cursor.execute(
            BOOKED,
            {"business": business.pk, "from": start, "until": end, "states": list(USED)},
        )
        row: tuple[timedelta] = cursor.fetchone()
        return row[0]


def open_time(business: Business, first: date, last: date) -> timedelta:
    """How long a business is open from the first day to the last. Two queries."""
    lengths = _lengths(availability.hours(business))
    off = {
        closure.first_day + timedelta(days=n)
        for closure in availability.closures(business).filter(
            starts=None, last_day__gte=first, first_day__lte=last
        )
        for n in range(
            max(0, (first - closure.first_day).days),
            (min(last, closure.last_day) - closure.first_day).days + 1,
        )
    }
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return sum((lengths[day.isoweekday()] for day in days if day not in off), timedelta())


def _lengths(week: Sequence[OpeningHours]) -> dict[int, timedelta]:
    """How long each ISO weekday is open; all day, every day, where nothing is said."""
    if not week:
        return dict.fromkeys(range(1, 8), timedelta(days=1))
    found = dict.fromkeys(range(1, 8), timedelta())
    for each in week:
        opens, closes = (
            timedelta(hours=at.hour, minutes=at.minute) for at in (each.opens, each.closes)
        )
        found[each.weekday] += closes - opens + timedelta(days=closes <= opens)
    return found
