"""Changing a booking: its time, its place, its party, or what is written about it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from accounts import clock
from accounts.errors import Conflict
from accounts.transactions import LostRace, lock, written
from bookings import allocations, lifecycle, rules, selectors
from bookings.assignment import STAFF
from bookings.errors import HoldExpired, SlotTaken, WrongState
from bookings.lifecycle import State
from bookings.models import Allocation, Booking, Event
from bookings.services.classes import resize
from bookings.services.making import clear_the_way, refuse_past
from bookings.services.recording import is_lapsed, locked, record, snapshot
from bookings.services.sessions import locked_session, touch
from bookings.wishes import Actor, GuestDetails, Wish, days
from resources.models import Resource, Service


@written
def reschedule(
    booking: Booking,
    *,
    by: Actor,
    starts_at: datetime | None = None,
    duration: timedelta | None = None,
    party_size: int | None = None,
    resource_id: uuid.UUID | None = None,
    service: Service | None = None,
    keeps_hours: bool = False,
    keeps_notice: bool = True,
    keeps_windows: bool = True,
    joinable: bool = True,
    any_resource: bool = False,
    keeps_people: bool = False,
    location_id: uuid.UUID | None = None,
    step: timedelta | None = None,
    by_guest: bool = False,
    among: frozenset[uuid.UUID] | None = None,
    together: tuple[uuid.UUID, ...] = (),
    now: datetime | None = None,
) -> Booking:
    """Move a booking in time, to another resource, service or size of party: all or nothing.

    What isn't given stays. It keeps its resource when that still fits, else gets the best fit; with
    `keeps_people` so does what is booked of a service, and it stays at its location. With
    `resource_id` that one or none, with `any_resource` also one that the service doesn't name; with
    a `step` only to a start on the grid; `location_id`, `by_guest`, `among` and `together` as in a
    Wish. What was overbooked has a place from then on. Raises SlotTaken, NotOffered, WrongState for
    what is over, HoldExpired; the booking then is as it was.
    """
    before = Booking.objects.select_related("business", "service").get(pk=booking.pk)

    # Nobody is sent to another place unless what was asked for is there.
    elsewhere = location_id or resource_id or together or among is not None
    stays = keeps_people or not elsewhere

    def moved(booking: Booking) -> Wish:
        wish = _moved(booking, starts_at, duration, party_size, resource_id, keeps_hours, joinable)
        return dataclasses.replace(
            wish,
            keeps_notice=keeps_notice,
            location_id=booking.location_id if stays else location_id,
            moving=booking.pk,
            step=step,
            by_guest=by_guest,
            among=among,
            together=together,
            **(_taking(service) if service else {}),
        )

    wish = moved(before)
    if wish.starts_at != before.starts_at:  # a party that is here may stay longer
        refuse_past(wish, now)
    promises = rules.promises_for(wish)
    allowed = rules.refuse_outside(wish, now=now, promises=promises)
    # Days first, then the booking's row: the order everybody takes them in.
    locations = set(
        Resource.objects.filter(business_id=before.business_id, deleted_at=None).values_list(
            "location_id", flat=True
        )
    )
    old = (
        before.starts_at - wish.buffer_before,
        before.ends_at + wish.overhead + wish.buffer_after,
    )
    lock(
        f"day:{location}:{day}"
        for location in locations
        for start, end in (old, (wish.takes_from, wish.takes_until))
        for day in days(start, end)
    )
    locked_session(before)
    booking = locked(booking)
    if _where(booking) != _where(before):
        raise LostRace  # moved meanwhile: other days, other hours
    state = State(booking.state)
    if is_lapsed(booking, now=now):
        raise HoldExpired
    if state not in lifecycle.TAKING:
        raise WrongState(state.value, "moved")
    if booking.session_id:
        return resize(booking, wish, by=by, now=now)
    if promises and allowed:
        allowed = rules.uncrowded(wish, promises, allowed, now=now)
    Allocation.objects.filter(booking=booking).delete()
    look = None
    keeps = booking.service_id is None or keeps_people
    asked = resource_id or together or among is not None
    if not asked and len(booking.resource_ids) == 1 and keeps:
        same = dataclasses.replace(wish, resource_id=booking.resource_ids[0])
        look = selectors.look(same, now=now, places=allowed)
    if look is None or look.plan is None:
        needs = () if any_resource else None
        look = selectors.look(wish, now=now, needs=needs, places=allowed)
    if look.plan is None:
        raise SlotTaken
    place = look.at(look.plan.resource_ids[0]).location_id
    during = (wish.takes_from, wish.takes_until)
    clear_the_way(booking.business_id, look, during, now=now)
    allocations.take(
        look.plan.takes,
        business_id=booking.business_id,
        booking_id=booking.pk,
        during=during,
        expires_at=booking.expires_at,
    )
    was = snapshot(booking)
    booking.starts_at, booking.ends_at = wish.starts_at, wish.ends_at
    booking.party_size = wish.party_size
    booking.resource_ids = list(look.plan.resource_ids)
    booking.location_id = place
    booking.overbooked = ""
    is_other = wish.service not in (None, booking.service)
    booking.service = wish.service
    booking.updated_at = clock.read(now)
    if snapshot(booking) != was or is_other:
        booking.save(
            update_fields=[
                "starts_at", "ends_at", "party_size", "resource_ids", "location", "service",
                "overbooked", "updated_at",
            ]
        )  # fmt: skip
        record(booking, Event.Kind.UPDATED, by=by, now=now, was=was)
    return booking


def _where(booking: Booking) -> tuple[object, ...]:
    """What of a booking says which days and classes are locked to move it, and what it keeps."""
    return (
        booking.starts_at,
        booking.ends_at,
        booking.location_id,
        booking.service_id,
        booking.session_id,
    )


def _taking(service: Service) -> dict[str, Any]:
    """What another service makes of a wish."""
    return {
        "service": service,
        "buffer_before": service.buffer_before,
        "buffer_after": service.buffer_after,
        "overhead": service.preparation + service.cleanup,
    }


@written
def drag(
    booking: Booking,
    *,
    by: Actor,
    starts_at: datetime | None = None,
    duration: timedelta | None = None,
    instead_of: uuid.UUID | None = None,
    resource_id: uuid.UUID | None = None,
    now: datetime | None = None,
) -> Booking:
    """Move a booking as it is drawn: to another time or end, or to a resource `instead_of` one that
    it has. What else it has stays with it; where that isn't free then, another like it does, but
    for people. Only another start is held to the hours. Raises Conflict for a part of a visit that
    would leave the others, and as `reschedule`; the booking then is as it was.
    """
    before = Booking.objects.select_related("service").get(pk=booking.pk)
    is_later = starts_at not in (None, before.starts_at)
    if (is_later or duration) and _is_of_a_visit(before):
        raise Conflict("This is part of a visit: move the visit as a whole.")
    moves: dict[str, Any] = {
        "by": by,
        "starts_at": starts_at,
        "duration": duration,
        "keeps_hours": is_later,
        "keeps_notice": False,
        "now": now,
    }
    wanted = [resource_id if resource_id and each == instead_of else each
              for each in before.resource_ids]  # fmt: skip
    needs = selectors.requirements(before.service) if before.service else ()
    if not needs:
        if resource_id or len(wanted) < 2:
            return reschedule(before, resource_id=resource_id or next(iter(wanted), None), **moves)
        return reschedule(before, together=tuple(wanted), **moves)
    kinds = dict(Resource.objects.filter(pk__in=[*before.resource_ids, *wanted]).values_list(
        "pk", "kind"))  # fmt: skip
    if resource_id and kinds.get(resource_id) != kinds.get(instead_of or resource_id):
        raise Conflict("One kind of resource can't take the place of another.")
    fixed = {resource_id} if resource_id else {id_ for id_ in wanted if kinds.get(id_) == STAFF}
    try:
        with transaction.atomic():
            return reschedule(before, among=frozenset(wanted), **moves)
    except SlotTaken:
        if not fixed or fixed == set(wanted):
            raise
    return reschedule(before, among=frozenset(fixed), **moves)


def _is_of_a_visit(booking: Booking) -> bool:
    return booking.leader_id is not None or booking.followers.exists()


def change_party_size(
    booking: Booking, *, party_size: int, by: Actor, now: datetime | None = None
) -> Booking:
    """More guests or fewer: the same place if they fit it, else the best fit at the same time."""
    return reschedule(booking, party_size=party_size, by=by, now=now)


def _moved(
    booking: Booking,
    starts_at: datetime | None,
    duration: timedelta | None,
    party_size: int | None,
    resource_id: uuid.UUID | None,
    keeps_hours: bool,
    joinable: bool,
) -> Wish:
    service = booking.service
    buffer_before, buffer_after = _buffers(booking)
    return Wish(
        business=booking.business,
        service=service,
        starts_at=starts_at or booking.starts_at,
        duration=duration or booking.ends_at - booking.starts_at,
        party_size=party_size or booking.party_size,
        resource_id=resource_id,
        keeps_hours=keeps_hours,
        joinable=joinable,
        buffer_before=buffer_before,
        buffer_after=buffer_after,
        overhead=_overhead(service),
    )


def _overhead(service: Service | None) -> timedelta:
    return service.preparation + service.cleanup if service else timedelta()


def _buffers(booking: Booking) -> tuple[timedelta, timedelta]:
    """What is kept free around a booking: its service's buffers, else what it was booked with, as
    some doors keep a gap of the business's."""
    service = booking.service
    if service and (service.buffer_before or service.buffer_after):
        return service.buffer_before, service.buffer_after
    taken = Allocation.objects.filter(booking=booking, session=None).aggregate(
        since=Min("starts_at"), until=Max("ends_at")
    )
    if taken["since"] is None:
        return timedelta(), timedelta()
    shown_until = booking.ends_at + _overhead(service)
    return (
        max(booking.starts_at - taken["since"], timedelta()),
        max(taken["until"] - shown_until, timedelta()),
    )


@written
def amend(
    booking: Booking,
    *,
    by: Actor,
    notes: str | None = None,
    guest: GuestDetails | None = None,
    details: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Booking:
    """Change what is written about a booking, not what it takes; `details` is added."""
    session = locked_session(booking)
    booking = locked(booking)
    if notes is not None:
        booking.notes = notes
    if guest is not None:
        booking.guest_id = allocations.guest(booking.business_id, guest, now=now)
    if details is not None:
        booking.details = booking.details | dict(details)
    booking.updated_at = clock.read(now)
    booking.save(update_fields=["notes", "guest", "details", "updated_at"])
    touch(session, booking.updated_at)
    record(booking, Event.Kind.UPDATED, by=by, now=now)
    return locked(booking)
