"""Changing when: the weekly hours and the closures of a location."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from itertools import pairwise
from typing import NamedTuple

from django.db import transaction

from accounts.errors import Invalid, NotFound
from availability.models import Closure, OpeningHours
from resources.models import Location

WEEK = 7 * 24 * 60


class Period(NamedTuple):
    """One stretch of a weekday (ISO: 1 is Monday); `closes` at or before `opens` is next day's."""

    weekday: int
    opens: time
    closes: time

    @property
    def minutes(self) -> tuple[int, int]:
        """From when until when, in minutes from Monday midnight."""
        start = (self.weekday - 1) * 1440 + self.opens.hour * 60 + self.opens.minute
        end = (self.weekday - 1) * 1440 + self.closes.hour * 60 + self.closes.minute
        return start, end if end > start else end + 1440


def overlap(periods: Sequence[Period]) -> Period | None:
    """A period that starts before the one ahead of it has ended, week after week; None for none."""
    if not periods:
        return None
    week = sorted(periods, key=lambda each: each.minutes)
    for ahead, each in pairwise(week):
        if each.minutes[0] < ahead.minutes[1]:
            return each
    late = max(each.minutes[1] for each in week) - WEEK  # past the end of Sunday
    return week[0] if week[0].minutes[0] < late else None


@transaction.atomic
def set_hours(location: Location, periods: Sequence[Period]) -> None:
    """Replace a location's week: a weekday without a period is closed.

    Raises Invalid for periods that overlap.
    """
    Location.objects.select_for_update(no_key=True).get(pk=location.pk)  # one writer at a time
    if twice := overlap(periods):
        day = OpeningHours.Weekday(twice.weekday).label
        raise Invalid(
            fields={"hours": f"{day} {twice.opens:%H:%M}-{twice.closes:%H:%M} overlaps another."}
        )
    OpeningHours.objects.filter(location=location).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(location=location, **each._asdict()) for each in periods
    )


@transaction.atomic
def close(location: Location, *, first_day: date, last_day: date, reason: str = "") -> Closure:
    """Close a location for whole days, both included. Bookings there stay. Raises Invalid."""
    _in_order(first_day, last_day)
    return Closure.objects.create(
        location=location, first_day=first_day, last_day=last_day, reason=reason
    )


@transaction.atomic
def change_closure(
    closure: Closure,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    reason: str | None = None,
) -> Closure:
    """Change a closure; what isn't given stays. Raises Invalid, NotFound."""
    found = Closure.objects.select_for_update(no_key=True).filter(pk=closure.pk).first()
    if found is None:
        raise NotFound
    found.first_day = first_day or found.first_day
    found.last_day = last_day or found.last_day
    found.reason = found.reason if reason is None else reason
    _in_order(found.first_day, found.last_day)
    found.save(update_fields=["first_day", "last_day", "reason"])
    return found


@transaction.atomic
def reopen(closure: Closure) -> None:
    """Take a closure away."""
    closure.delete()


def _in_order(first_day: date, last_day: date) -> None:
    if last_day < first_day:
        raise Invalid(fields={"end_date": "Must not be before start_date."})
