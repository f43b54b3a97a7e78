"""Bookings that a change of the hours, a closure or a resource left where they can't be kept.

Nothing is ever cancelled for it: the booking stands, and staff are told, so that they can move it
or call. Whoever changes what can be booked looks before and after (`watching`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from accounts import clock
from accounts.models import Business
from availability import timetables
from availability.calendar import Timetable
from availability.intervals import Interval
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
    """The bookings to come that can't be kept as they are, soonest first. Three queries.

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
    rows = list(
        live.select_related("service", "guest", "location", "business").order_by("starts_at", "pk")
    )
    if not rows:
        return []
    days = (rows[0].starts_at.date() - DAY, max(each.ends_at for each in rows).date() + DAY)
    promises = timetables.load(business, days=days)
    wanted = {pk for each in rows for pk in each.resource_ids}
    gone = {
        pk: name
        for pk, name, is_active, deleted_at in Resource.objects.filter(pk__in=wanted).values_list(
            "pk", "name", "is_active", "deleted_at"
        )
        if deleted_at or not is_active
    }
    closed = _Closed(promises)
    found = []
    for booking in rows:
        lost = [gone[pk] for pk in booking.resource_ids if pk in gone]
        why = f"{' and '.join(lost)}: no longer offered." if lost else closed.why(booking)
        if why:
            found.append(Stranded(booking, why))
    return found


@dataclasses.dataclass(slots=True)
class _Closed:
    """Asks the timetables once for each stretch, however many are booked then."""

    promises: Timetables
    known: dict[tuple[uuid.UUID, uuid.UUID | None, Interval, bool], str | None] = dataclasses.field(
        default_factory=dict
    )

    def why(self, booking: Booking) -> str | None:
        place = self.promises.locations[booking.location_id]
        hours = booking.session_id is None and _has_hours(place)
        overhead = timedelta()
        if booking.service and not booking.session_id:
            overhead = booking.service.preparation + booking.service.cleanup
        during = Interval(booking.starts_at, booking.ends_at + overhead)
        reasons = (
            self._ask((booking.location_id, resource, during, hours))
            for resource in (None, *booking.resource_ids)
        )
        return next(filter(None, reasons), None)

    def _ask(self, asked: tuple[uuid.UUID, uuid.UUID | None, Interval, bool]) -> str | None:
        if asked not in self.known:
            location, resource, during, hours = asked
            self.known[asked] = self.promises.closed(
                location, during, resource_id=resource, hours=hours
            )
        return self.known[asked]


def _has_hours(place: Timetable) -> bool:
    return bool(place.weekly or place.special)


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
