"""Bookings that a change of the hours, a closure or a resource left where they can't be kept.

Nothing is ever cancelled for it: the booking stands, and staff are told, so that they can move it
or call. Whoever changes what can be booked looks before and after (`watching`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from accounts import clock
from accounts.models import Business
from availability import timetables
from availability.calendar import shut_run, start_run
from availability.intervals import Interval, Run, merge
from availability.timetables import Timetables
from bookings.lifecycle import TAKING
from bookings.models import Booking
from resources.models import Resource

DAY = timedelta(days=1)


class Stranded(NamedTuple):
    """A booking to come, and why it can't be kept as it is."""

    booking: Booking
    why: str


def stranded(business: Business, *, now: datetime | None = None) -> list[Stranded]:
    """The bookings to come that can't be kept as they are, soonest first. Four queries at most.

    Closed is closed for all; outside the opening hours only for what isn't a class, where the place
    has hours at all. A lapsed hold promises nothing.
    """
    moment = clock.read(now)
    live = Booking.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=moment),
        business=business,
        starts_at__gt=moment,
        state__in=[each.value for each in TAKING],
    )
    # Plain values: those that can be kept, nearly all, are only looked at.
    rows = [_Row._make(each) for each in live.order_by("starts_at", "pk").values_list(*_COLUMNS)]
    if not rows:
        return []
    days = (rows[0].starts_at.date() - DAY, max(each.ends_at for each in rows).date() + DAY)
    places = _Places(timetables.load(business, days=days), *days)
    gone = _gone({pk for each in rows for pk in each.resource_ids})
    found = {}
    for row in rows:
        lost = [gone[pk] for pk in row.resource_ids if pk in gone]
        if why := f"{' and '.join(lost)}: no longer offered." if lost else places.closed(row):
            found[row.pk] = why
    if not found:
        return []
    shown = Booking.objects.select_related("service", "guest", "location", "business")
    return [
        Stranded(each, found[each.pk])
        for each in shown.filter(pk__in=found).order_by("starts_at", "pk")
    ]


class _Row(NamedTuple):
    """What is looked at of a booking."""

    pk: uuid.UUID
    location_id: uuid.UUID
    session_id: uuid.UUID | None
    resource_ids: list[uuid.UUID]
    starts_at: datetime
    ends_at: datetime
    preparation: timedelta | None
    cleanup: timedelta | None

    @property
    def during(self) -> Interval:
        """When it has to be open: with preparation and cleanup, as when it was booked."""
        overhead = (self.preparation or timedelta()) + (self.cleanup or timedelta())
        return Interval(
            self.starts_at, self.ends_at + (timedelta() if self.session_id else overhead)
        )


_COLUMNS = (
    "pk", "location", "session", "resource_ids", "starts_at", "ends_at", "service__preparation",
    "service__cleanup",
)  # fmt: skip


def _gone(resource_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of those that are inactive or were removed. One query."""
    gone = Q(is_active=False) | Q(deleted_at__isnull=False)
    found = Resource.objects.filter(gone, pk__in=resource_ids)
    return dict(found.values_list("pk", "name"))


class _Stretches:
    """A run that is asked often."""

    def __init__(self, run: Run) -> None:
        self.starts, self.ends = [each.start for each in run], [each.end for each in run]

    def cover(self, wanted: Interval) -> bool:
        at = bisect_right(self.starts, wanted.start) - 1
        return at >= 0 and wanted.end <= self.ends[at]

    def touch(self, wanted: Interval) -> bool:
        at = bisect_left(self.starts, wanted.end) - 1
        return at >= 0 and self.ends[at] > wanted.start


class _Places:
    """The timetables of all days at once: whether a stretch is open without working out its day.

    `Timetables.closed` has the words, and the last word: it is asked where this says no.
    """

    def __init__(self, promises: Timetables, first: date, last: date) -> None:
        self.promises, self.first, self.last = promises, first, last
        self.shut = functools.cache(self._shut)
        self.starts = functools.cache(self._starts)
        self.open = functools.cache(self._open)

    def closed(self, row: _Row) -> str | None:
        """Why a booking can't be where it is then; None when it can."""
        during = row.during
        place = self.promises.locations[row.location_id]
        hours = row.session_id is None and bool(place.weekly or place.special)
        for resource in (None, *row.resource_ids):
            if not self.is_open(row.location_id, resource, during, hours) and (
                reason := self.promises.closed(
                    row.location_id, during, resource_id=resource, hours=hours
                )
            ):
                return reason
        return None

    def is_open(
        self, location: uuid.UUID, resource: uuid.UUID | None, wanted: Interval, hours: bool
    ) -> bool:
        if self.shut(location, resource).touch(wanted):
            return False
        if not hours:
            return True
        instant = Interval(wanted.start, wanted.start + timedelta.resolution)
        stay = wanted.end - wanted.start
        return self.starts(location).cover(instant) and self.open(location, resource, stay).cover(
            wanted
        )

    def _shut(self, location: uuid.UUID, resource: uuid.UUID | None) -> _Stretches:
        own = self.promises.resources.get(resource) if resource else None
        both = [shut_run(each) for each in (self.promises.locations[location], own) if each]
        return _Stretches(merge(stretch for run in both for stretch in run))

    def _starts(self, location: uuid.UUID) -> _Stretches:
        return _Stretches(start_run(self.promises.locations[location], self.first, self.last))

    def _open(self, location: uuid.UUID, resource: uuid.UUID | None, stay: timedelta) -> _Stretches:
        return _Stretches(self.promises.open_for(location, resource, self.first, self.last, stay))


@dataclasses.dataclass(slots=True)
class Change:
    """What a change stranded; filled in once it is made."""

    stranded: list[Stranded] = dataclasses.field(default_factory=list)


@contextlib.contextmanager
def watching(business: Business, *, now: datetime | None = None) -> Iterator[Change]:
    """Make a change within this, and `stranded` says afterwards which bookings it left behind."""
    before = {each.booking.pk for each in stranded(business, now=now)}
    change = Change()
    yield change
    change.stranded = [
        each for each in stranded(business, now=now) if each.booking.pk not in before
    ]
