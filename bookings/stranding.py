"""Bookings that a change of the hours, a closure or a resource left where they can't be kept.

Nothing is ever cancelled for it: the booking stands, and staff are told, so that they can move it
or call. Whoever changes what can be booked looks before and after (`watching`), at every booking to
come: those that are alike but for their start are read as one row and looked at together.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import uuid
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, overload

from django.db import connection
from django.db.models import Q

from accounts import clock
from accounts.models import Business
from availability import timetables
from availability.calendar import Timetable, open_run, start_run
from availability.intervals import Interval, Run, intersect, merge, subtract
from availability.timetables import Timetables
from bookings.lifecycle import TAKING
from bookings.models import Booking
from resources.models import Resource

DAY = timedelta(days=1)
AT_ONCE = 5_000  # bookings fetched by one query


class Stranded(NamedTuple):
    """A booking to come, and why it can't be kept as it is."""

    booking: Booking
    why: str


class LeftBehind(Sequence[Stranded]):
    """Bookings that can't be kept, soonest first; their rows are read when somebody looks."""

    def __init__(self, why: Mapping[uuid.UUID, str] | None = None) -> None:
        self.why = dict(why or {})
        self._ids = list(self.why)

    @property
    def ids(self) -> Sequence[uuid.UUID]:
        return self._ids

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, at: int) -> Stranded: ...
    @overload
    def __getitem__(self, at: slice) -> list[Stranded]: ...
    def __getitem__(self, at: int | slice) -> Stranded | list[Stranded]:
        return (
            self._shown(self._ids[at]) if isinstance(at, slice) else self._shown([self._ids[at]])[0]
        )

    def __iter__(self) -> Iterator[Stranded]:
        for first in range(0, len(self), AT_ONCE):
            yield from self._shown(self._ids[first : first + AT_ONCE])

    def _shown(self, ids: Sequence[uuid.UUID]) -> list[Stranded]:
        rows = Booking.objects.select_related("service", "guest", "location", "business")
        found = rows.in_bulk(ids)
        return [Stranded(found[pk], self.why[pk]) for pk in ids if pk in found]


def stranded(business: Business, *, now: datetime | None = None) -> list[Stranded]:
    """The bookings to come that can't be kept as they are, soonest first. Four queries at most, for
    thousands of them one more each."""
    return list(left_behind(business, now=now))


def left_behind(business: Business, *, now: datetime | None = None) -> LeftBehind:
    """The same without their rows. Three queries at most.

    Closed is closed for all; outside the opening hours only for what isn't a class, where the place
    has hours at all. A lapsed hold promises nothing.
    """
    alike = _read(business, clock.read(now))
    if not alike:
        return LeftBehind()
    starts = [start for each in alike for start in each.starts]
    first, last = (datetime.fromtimestamp(each(starts), UTC).date() for each in (min, max))
    days = (first - DAY, last + max(each.lasts for each in alike) + DAY)
    places = _Places(timetables.load(business, days=days), *days)
    gone = _gone({pk for each in alike for pk in each.resource_ids})
    found: list[tuple[float, str, str]] = []
    for each in alike:
        lost = [gone[pk] for pk in each.resource_ids if pk in gone]
        if lost:
            why = f"{' and '.join(lost)}: no longer offered."
            found += [(*one, why) for one in zip(each.starts, each.ids, strict=True)]
        else:
            found += places.closed(each)
    found.sort()
    return LeftBehind({uuid.UUID(id_): why for _, id_, why in found})


# --- what is booked ------------------------------------------------------------------------------

# Until when it has to be open: with preparation and cleanup, as when it was booked.
_ALIKE = """
SELECT b.location_id, b.session_id IS NOT NULL, b.resource_ids,
       b.ends_at - b.starts_at + CASE WHEN b.session_id IS NULL
           THEN coalesce(s.preparation + s.cleanup, interval '0') ELSE interval '0' END AS lasts,
       array_agg(extract(epoch FROM b.starts_at)::float8), array_agg(b.id::text)
  FROM bookings_booking AS b
  LEFT JOIN resources_service AS s ON s.id = b.service_id
 WHERE b.business_id = %(business)s AND b.starts_at > %(now)s AND b.state = ANY(%(states)s)
   AND (b.expires_at IS NULL OR b.expires_at > %(now)s)
 GROUP BY b.location_id, b.session_id IS NOT NULL, b.resource_ids, lasts
"""


class _Alike(NamedTuple):
    """Bookings that are alike but for when they start: seconds since 1970, with the ids."""

    location_id: uuid.UUID
    in_class: bool
    resource_ids: list[uuid.UUID]
    lasts: timedelta
    starts: list[float]
    ids: list[str]


def _read(business: Business, moment: datetime) -> list[_Alike]:
    """What is booked from a moment on. One query, and plain values by the list."""
    states = [each.value for each in TAKING]
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, {"business": business.pk, "now": moment, "states": states})
        return [_Alike._make(row) for row in cursor.fetchall()]


def _gone(resource_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of those that are inactive, at a place that is, or were removed. One query."""
    gone = Q(is_active=False) | Q(deleted_at__isnull=False) | Q(location__is_active=False)
    found = Resource.objects.filter(gone, pk__in=resource_ids)
    return dict(found.values_list("pk", "name"))


# --- when it is open -----------------------------------------------------------------------------


class _Starts:
    """When a stay may start, of a length that was asked about."""

    def __init__(self, run: Run) -> None:
        self.opens = [each.start.timestamp() for each in run]
        self.closes = [each.end.timestamp() for each in run]

    def __contains__(self, start: float) -> bool:
        at = bisect_right(self.opens, start) - 1
        return at >= 0 and start < self.closes[at]


class _Rule(NamedTuple):
    """The starts that a timetable allows, and why it is shut at others, if that is why."""

    allowed: _Starts
    shut: Sequence[tuple[float, float, str]]

    def why(self, start: float) -> str | None:
        if start in self.allowed:
            return None
        shut = (why for first, last, why in self.shut if first <= start < last)
        return next(shut, timetables.OUTSIDE)


class _Places:
    """The timetables of all days at once: whether a stay is open by `Timetables.closed`, without
    working out its day."""

    def __init__(self, promises: Timetables, first: date, last: date) -> None:
        self.promises, self.first, self.last = promises, first, last
        self.everywhere = Interval(
            *(datetime.combine(day, datetime.min.time(), UTC) for day in (first - DAY, last + DAY))
        )
        # Many resources keep the same hours, so these go by timetable.
        self.open_run = functools.cache(self._open_run)
        self.rule = functools.cache(self._rule)

    def closed(self, each: _Alike) -> Iterator[tuple[float, str, str]]:
        """Those that can't be where they are then, as (start, id, why)."""
        place = self.promises.locations[each.location_id]
        hours = not each.in_class and bool(place.weekly or place.special)
        owners = [None, *(self.promises.resources.get(pk) for pk in each.resource_ids)]
        rules = [
            self.rule(each.location_id, own, each.lasts, hours) for own in dict.fromkeys(owners)
        ]
        for start, id_ in zip(each.starts, each.ids, strict=True):
            for rule in rules:
                if why := rule.why(start):
                    yield start, id_, why
                    break

    def _rule(
        self, location_id: uuid.UUID, own: Timetable | None, stay: timedelta, hours: bool
    ) -> _Rule:
        place = self.promises.locations[location_id]
        # It may not touch what is shut, so may not start within its length before that either.
        shut = [
            (Interval(stretch.start - stay + timedelta.resolution, stretch.end), why)
            for each in (place, own)
            if each
            for stretch, why in timetables.shut_stretches(each)
        ]
        allowed: Run = (self.everywhere,)
        if hours:
            room = (
                Interval(each.start, each.end - stay + timedelta.resolution)
                for each in self.open_run(location_id, own, stay)
            )
            allowed = intersect(merge(room), start_run(place, self.first, self.last))
        return _Rule(
            _Starts(subtract(allowed, merge(stretch for stretch, _ in shut))),
            [(each.start.timestamp(), each.end.timestamp(), why) for each, why in shut],
        )

    def _open_run(self, location_id: uuid.UUID, own: Timetable | None, stay: timedelta) -> Run:
        if own is None:
            return open_run(self.promises.locations[location_id], self.first, self.last, stay)
        place = self.open_run(location_id, None, stay)
        return timetables.open_by(place, own, self.first, self.last, stay)


# --- before and after ----------------------------------------------------------------------------


@dataclasses.dataclass(slots=True)
class Change:
    """What a change stranded; filled in once it is made."""

    stranded: LeftBehind = dataclasses.field(default_factory=LeftBehind)


@contextlib.contextmanager
def watching(business: Business, *, now: datetime | None = None) -> Iterator[Change]:
    """Make a change within this, and `stranded` says afterwards which bookings it left behind."""
    before = left_behind(business, now=now).why
    change = Change()
    yield change
    after = left_behind(business, now=now).why
    change.stranded = LeftBehind({pk: why for pk, why in after.items() if pk not in before})
