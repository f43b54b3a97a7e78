"""Runs of classes and bookings of a time of their own, side by side: all that was promised.

Some doors know one kind of booking with any number of people in it. For them a run is one, with
those who come to it; and a booking outside of any class is another, with the one it was made for.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce
from django.db.models.query import QuerySet as AnyQuerySet

from accounts import clock
from accounts.models import Business
from bookings.lifecycle import State
from bookings.models import Allocation, Booking, Guest, Session

COMES = tuple(
    each.value for each in (State.CONFIRMED, State.CHECKED_IN, State.COMPLETED, State.NO_SHOW)
)
NEVER_PROMISED = (State.HELD.value, State.EXPIRED.value)
NONE = Value(timedelta())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which of them are wanted; empty means any. Bounds are included; what is taken around a
    booking counts as part of it. `statuses` are confirmed, pending and cancelled."""

    ids: Collection[tuple[uuid.UUID, uuid.UUID]] | None = None
    ends_by: datetime | None = None
    starts_from: datetime | None = None
    created: tuple[datetime | None, datetime | None] = (None, None)
    updated: tuple[datetime | None, datetime | None] = (None, None)
    service_ids: Collection[uuid.UUID] | None = None
    resource_ids: Collection[uuid.UUID] | None = None
    guest_ids: Collection[uuid.UUID] | None = None
    category_ids: Collection[uuid.UUID] | None = None
    statuses: Collection[str] = ()


def runs(business: Business) -> QuerySet[Session]:
    """The runs that are or were in the book, each with its service and who comes (`people`)."""
    return with_people(
        Session.objects.filter(
            business=business, state__in=(Session.State.SCHEDULED, Session.State.CANCELLED)
        )
    )


def with_people(rows: QuerySet[Session]) -> QuerySet[Session]:
    """These runs with their service and who comes, or would have (`people`)."""
    people = Prefetch(
        "bookings",
        Booking.objects.filter(state__in=(*COMES, State.CANCELLED.value), guest__isnull=False)
        .select_related("guest")
        .order_by("created_at", "pk"),
        to_attr="people",
    )
    return rows.select_related("service").prefetch_related(people)


def alone(business: Business) -> QuerySet[Booking]:
    """The bookings outside of any class that are or were promised to somebody."""
    return (
        Booking.objects.filter(business=business, session=None)
        .exclude(state__in=NEVER_PROMISED)
        .exclude(state=State.CANCELLED.value, guest=None)
        .select_related("service", "guest")
    )


def filtered_runs(rows: QuerySet[Session], wanted: Filters) -> QuerySet[Session]:
    """Those of the runs that are wanted."""
    rows = _filtered(rows, wanted)
    if wanted.guest_ids is not None:
        there = Booking.objects.filter(
            session=OuterRef("pk"), guest__in=wanted.guest_ids, state__in=COMES
        )
        rows = rows.filter(Exists(there))
    if wanted.statuses:
        states = {"confirmed": Session.State.SCHEDULED, "cancelled": Session.State.CANCELLED}
        rows = rows.filter(state__in=[states[each] for each in wanted.statuses if each in states])
    return rows


def filtered_alone(rows: QuerySet[Booking], wanted: Filters) -> QuerySet[Booking]:
    """Those of the bookings that are wanted."""
    rows = _filtered(rows, wanted)
    if wanted.guest_ids is not None:
        rows = rows.filter(guest__in=wanted.guest_ids)
    if wanted.statuses:
        states = {
            "confirmed": COMES,
            "pending": (State.PENDING.value,),
            "cancelled": (State.CANCELLED.value,),
        }
        rows = rows.filter(
            state__in=[state for each in wanted.statuses for state in states.get(each, ())]
        )
    return rows


def _filtered(rows: AnyQuerySet[Any], wanted: Filters) -> AnyQuerySet[Any]:
    if wanted.ids is not None:
        named = Q(pk__in=[])
        for span in wanted.ids:
            named |= Q(pk__range=span)
        rows = rows.filter(named)
    if wanted.starts_from is not None:
        rows = rows.alias(takes_from=_moved("starts_at", -1, "buffer_before")).filter(
            starts_at__gte=wanted.starts_from, takes_from__gte=wanted.starts_from
        )
    if wanted.ends_by is not None:
        rows = rows.alias(
            takes_until=_moved("ends_at", 1, "preparation", "cleanup", "buffer_after")
        ).filter(starts_at__lt=wanted.ends_by, takes_until__lte=wanted.ends_by)
    for name, (since, until) in (("created_at", wanted.created), ("updated_at", wanted.updated)):
        if since is not None:
            rows = rows.filter(**{f"{name}__gte": since})
        if until is not None:
            rows = rows.filter(**{f"{name}__lte": until})
    if wanted.service_ids is not None:
        rows = rows.filter(service__in=wanted.service_ids)
    if wanted.category_ids is not None:
        rows = rows.filter(service__category__in=wanted.category_ids)
    if wanted.resource_ids is not None:
        rows = rows.filter(resource_ids__overlap=list(wanted.resource_ids))
    return rows


def _moved(field: str, way: int, *lengths: str) -> ExpressionWrapper[Any]:
    """A time moved by what its service takes around it."""
    moved: Any = F(field)
    for each in lengths:
        length = Coalesce(F(f"service__{each}"), NONE)
        moved = moved + length if way > 0 else moved - length
    return ExpressionWrapper(moved, output_field=DateTimeField())


def holds(business: Business, *, now: datetime | None = None) -> QuerySet[Booking]:
    """What is held for somebody who makes up their mind, until its time is up."""
    return Booking.objects.filter(
        business=business, state=State.HELD.value, expires_at__gt=clock.moment(now)
    ).select_related("service", "session")


def places_taken(
    session_ids: Iterable[uuid.UUID | None], *, now: datetime | None = None
) -> dict[uuid.UUID, int]:
    """How many places are taken in these runs, by whoever comes or holds one. No query for none."""
    wanted = {each for each in session_ids if each}
    if not wanted:
        return {}
    waits = Q(expires_at__isnull=True) | Q(expires_at__gt=clock.moment(now))
    rows = (
        Allocation.objects.filter(waits, session__in=wanted, booking__isnull=False)
        .values("session")
        .annotate(places=Count("pk"))
        .values_list("session", "places")
    )
    return dict(rows)


def known_guests(business: Business) -> QuerySet[Guest]:
    """Everybody who came or will, but for those who were forgotten."""
    return Guest.objects.filter(business=business).exclude(
        first_name="", last_name="", phone="", email=""
    )


def ids_of(rows: QuerySet[Model], spans: Q) -> list[uuid.UUID]:
    """The keys of the rows that ids stand for."""
    return list(rows.filter(spans).values_list("pk", flat=True))
