"""Changing when: the weekly hours and the closures of a location, the roster of who works there."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext

from accounts.errors import Conflict, Invalid, NotFound
from availability.models import (
    Break,
    Closure,
    OpeningHours,
    RosterEntry,
    ServiceHours,
    SpecialDay,
)
from resources.models import Location, Resource, Service

WEEK = 7 * 24 * 60


class Period(NamedTuple):
    """One stretch of a weekday (ISO: 1 is Monday); `closes` at or before `opens` is next day's.
    With `last_start` stays start until then and may outlast closing."""

    weekday: int
    opens: time
    closes: time
    last_start: time | None = None

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


def _owner(of: Location | Resource) -> dict[str, Location | Resource]:
    """Whose rows they are."""
    return {"location" if isinstance(of, Location) else "resource": of}


def _one_writer(of: Location | Resource) -> None:
    """Two who change the same promise go one after the other. Raises NotFound."""
    if not type(of).objects.select_for_update(no_key=True).filter(pk=of.pk).exists():
        raise NotFound


@transaction.atomic
def set_hours(
    of: Location | Resource, periods: Sequence[Period], *, breaks: Sequence[Period] | None = None
) -> None:
    """Replace the week of a location or of a resource: a weekday without a period is closed, and a
    resource without any has its location's hours unless it is rostered. `breaks` that aren't given
    stay.

    Raises Invalid for periods that overlap.
    """
    _one_writer(of)
    _refuse_twice("hours", periods)
    OpeningHours.objects.filter(**_owner(of)).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(**_owner(of), **each._asdict()) for each in periods
    )
    if breaks is None:
        return
    _refuse_twice("breaks", breaks)
    Break.objects.filter(**_owner(of)).delete()
    Break.objects.bulk_create(
        Break(**_owner(of), weekday=each.weekday, starts=each.opens, ends=each.closes)
        for each in breaks
    )


def _refuse_twice(field: str, periods: Sequence[Period]) -> None:
    if twice := overlap(periods):
        day = OpeningHours.Weekday(twice.weekday).label
        raise Invalid(
            fields={field: f"{day} {twice.opens:%H:%M}-{twice.closes:%H:%M} overlaps another."}
        )


@transaction.atomic
def set_special_day(
    of: Location | Resource, day: date, spans: Sequence[tuple[time, time]], *, note: str = ""
) -> None:
    """Give a date hours of its own, in place of the weekly ones and of those it had; without any
    spans it is a day like others again. Raises Invalid for spans that overlap."""
    _one_writer(of)
    within = sorted(Period(1, *each).minutes for each in spans)
    if any(later[0] < earlier[1] for earlier, later in pairwise(within)):
        raise Invalid(fields={"hours": gettext("These hours overlap.")})
    SpecialDay.objects.filter(**_owner(of), day=day).delete()
    SpecialDay.objects.bulk_create(
        SpecialDay(**_owner(of), day=day, opens=opens, closes=closes, note=note)
        for opens, closes in spans
    )


@transaction.atomic
def set_service_hours(
    service: Service,
    weekdays: Collection[int],
    *,
    opens: time,
    closes: time,
    starts: Sequence[time] = (),
) -> None:
    """Let a service start on these weekdays alone (ISO: 1 is Monday), from `opens` up to and
    without `closes`, or only at `starts`; no weekday: whenever its locations are open."""
    Service.objects.select_for_update(no_key=True).get(pk=service.pk)  # one writer at a time
    ServiceHours.objects.filter(service=service).delete()
    ServiceHours.objects.bulk_create(
        ServiceHours(
            service=service, weekday=each, opens=opens, closes=closes, starts=sorted(set(starts))
        )
        for each in sorted(set(weekdays))
    )


class Start(NamedTuple):
    """When a service may start on a weekday (ISO): from `opens` up to and without `closes`, or at
    `starts` alone."""

    weekday: int
    opens: time
    closes: time
    starts: tuple[time, ...] = ()


@transaction.atomic
def set_service_week(service: Service, week: Sequence[Start]) -> None:
    """Let a service start at these times alone; none at all: whenever its locations are open.
    Raises Invalid for a time that isn't within the stretch it is named for."""
    Service.objects.select_for_update(no_key=True).get(pk=service.pk)  # one writer at a time
    for each in week:
        if each.opens < each.closes and not all(
            each.opens <= at < each.closes for at in each.starts
        ):
            raise Invalid(fields={"starts": gettext("These times aren’t within the hours.")})
    ServiceHours.objects.filter(service=service).delete()
    ServiceHours.objects.bulk_create(
        ServiceHours(
            service=service,
            weekday=each.weekday,
            opens=each.opens,
            closes=each.closes,
            starts=sorted(set(each.starts)),
        )
        for each in week
    )


Part = tuple[time, time]  # of each day of a closure, by the clock


@transaction.atomic
def close(
    of: Location | Resource,
    *,
    first_day: date,
    last_day: date,
    part: Part | None = None,
    reason: str = "",
) -> Closure:
    """Close a location, or take a resource off, for whole days, both included, or for a part of
    each. Bookings then stay. Raises Invalid."""
    _in_order(first_day, last_day, part)
    starts, ends = part or (None, None)
    return Closure.objects.create(
        **_owner(of),
        first_day=first_day,
        last_day=last_day,
        starts=starts,
        ends=ends,
        reason=reason,
    )


@transaction.atomic
def change_closure(
    closure: Closure,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    part: Part | tuple[()] | None = None,
    reason: str | None = None,
) -> Closure:
    """Change a closure; what isn't given stays, and an empty `part` makes it one of whole days.
    Raises Invalid, NotFound."""
    found = Closure.objects.select_for_update(no_key=True).filter(pk=closure.pk).first()
    if found is None:
        raise NotFound
    found.first_day = first_day or found.first_day
    found.last_day = last_day or found.last_day
    found.reason = found.reason if reason is None else reason
    if part is not None:
        found.starts, found.ends = part or (None, None)
    both = (found.starts, found.ends) if found.starts and found.ends else None
    _in_order(found.first_day, found.last_day, both)
    found.save(update_fields=["first_day", "last_day", "starts", "ends", "reason"])
    return found


@transaction.atomic
def reopen(closure: Closure) -> None:
    """Take a closure away."""
    Closure.objects.filter(pk=closure.pk).delete()


def _in_order(first_day: date, last_day: date, part: Part | None = None) -> None:
    if last_day < first_day:
        raise Invalid(fields={"end_date": "Must not be before start_date."})
    if part and part[0] == part[1]:
        raise Invalid(fields={"end_time": "Must not be the same as start_time."})


# --- rosters -------------------------------------------------------------------------------------

Kind = RosterEntry.Kind
MOST_ENTRIES = 365  # one recurrence makes no more


class RosterConflict(Conflict):
    """A new row of a roster overlaps one that is there, of a kind that it may not."""

    def __init__(self, entry: Entry | RosterEntry) -> None:
        super().__init__(
            "Time conflicts with existing availability: "
            f"{entry.day} {entry.starts:%H:%M}-{entry.ends:%H:%M} ({entry.kind})"
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One row of a roster to be. Wall-clock times of one day; no services named means all."""

    kind: str
    day: date
    starts: time
    ends: time
    service_ids: frozenset[uuid.UUID] = frozenset()
    notes: str = ""
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def occurrences(
    first: date, until: date, *, every: str, weekdays: Collection[int] = ()
) -> list[date]:
    """The days of a recurrence, both ends included: daily; weekly, on these weekdays (0 is Monday)
    or on all; monthly, on the day of the month of the first, left out where a month has none."""
    span = [first + timedelta(n) for n in range((until - first).days + 1)]
    if every == "weekly" and weekdays:
        return [each for each in span if each.weekday() in weekdays]
    if every == "monthly":
        return [each for each in span if each.day == first.day]
    return span


@transaction.atomic
def add_entries(resource: Resource, entries: Sequence[Entry]) -> list[RosterEntry]:
    """Add rows to somebody's roster: all, or none.

    Working hours may not overlap each other, nor breaks, which lie within working hours. Blocked
    time and vacation go before both and may overlap anything. Several rows at once are known as
    one series. Raises RosterConflict, Invalid.
    """
    _lock_roster(resource)
    for each in entries:
        _in_one_day(each)
    _known_services(resource, {id_ for each in entries for id_ in each.service_ids})
    days = {each.day for each in entries}
    there: list[Entry | RosterEntry] = list(
        RosterEntry.objects.filter(resource=resource, day__in=days)
    )
    _refuse_overlaps(entries, there)
    _refuse_stray_breaks(entries, [*there, *entries])
    series = uuid.uuid4() if len(entries) > 1 else None
    made = RosterEntry.objects.bulk_create(
        RosterEntry(
            resource=resource,
            kind=each.kind,
            day=each.day,
            starts=each.starts,
            ends=each.ends,
            notes=each.notes,
            details=dict(each.details),
            series=series,
        )
        for each in entries
    )
    through = RosterEntry.services.through
    through.objects.bulk_create(
        through(rosterentry_id=row.pk, service_id=id_)
        for row, each in zip(made, entries, strict=True)
        for id_ in each.service_ids
    )
    return made


@transaction.atomic
def change_entry(
    entry: RosterEntry, *, service_ids: Collection[uuid.UUID] | None = None, **values: Any
) -> RosterEntry:
    """Change a row of a roster; what isn't given stays. Raises as `add_entries`, and NotFound."""
    _lock_roster(entry.resource)
    found = RosterEntry.objects.select_related("resource").filter(pk=entry.pk).first()
    if found is None:
        raise NotFound
    for name, value in values.items():
        setattr(found, name, value)
    wanted = Entry(found.kind, found.day, found.starts, found.ends)
    _in_one_day(wanted)
    there: list[Entry | RosterEntry] = list(
        RosterEntry.objects.filter(resource=found.resource, day=found.day).exclude(pk=found.pk)
    )
    _refuse_overlaps([wanted], there)
    _refuse_stray_breaks([wanted], [*there, wanted])
    found.save()
    if service_ids is not None:
        _known_services(found.resource, service_ids)
        found.services.set(Service.objects.filter(pk__in=service_ids))
    return found


@transaction.atomic
def remove_entry(entry: RosterEntry) -> None:
    """Take a row out of a roster. Bookings at that time stay, for staff to move."""
    _lock_roster(entry.resource)
    RosterEntry.objects.filter(pk=entry.pk).delete()


def _lock_roster(resource: Resource) -> None:
    """One writer at a time."""
    Resource.objects.select_for_update(no_key=True).get(pk=resource.pk)


def _in_one_day(entry: Entry) -> None:
    if entry.ends <= entry.starts:
        raise Invalid(fields={"end_time": "end_time must be after start_time"})


def _known_services(resource: Resource, service_ids: Collection[uuid.UUID]) -> None:
    found = Service.objects.filter(business_id=resource.business_id, pk__in=service_ids).count()
    if found < len(set(service_ids)):
        raise NotFound("Service not found")


def _refuse_overlaps(entries: Sequence[Entry], there: Iterable[Entry | RosterEntry]) -> None:
    seen = list(there)
    for each in entries:
        for other in seen:
            if (
                each.kind in (Kind.WORKING_HOURS, Kind.BREAK)
                and (each.kind, each.day) == (other.kind, other.day)
                and each.starts < other.ends
                and other.starts < each.ends
            ):
                raise RosterConflict(other)
        seen.append(each)


def _refuse_stray_breaks(entries: Sequence[Entry], there: Sequence[Entry | RosterEntry]) -> None:
    for each in entries:
        if each.kind == Kind.BREAK and not any(
            other.kind == Kind.WORKING_HOURS
            and other.day == each.day
            and other.starts <= each.starts
            and each.ends <= other.ends
            for other in there
        ):
            raise Invalid(fields={"start_time": "A break must lie within working hours"})
