"""At the door: who walks in and sits down, who has waited for it, and who is squeezed in."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.transactions import written
from bookings import allocations, doorbell
from bookings.lifecycle import State
from bookings.models import Booking, Event, WaitlistEntry
from bookings.references import new_reference
from bookings.services.making import make, refuse_past, respect_quota
from bookings.services.moving import reschedule
from bookings.services.progress import check_in
from bookings.services.recording import snapshot
from bookings.wishes import Actor, GuestDetails, Wish
from resources.models import Location

AT_THE_DOOR = "walk-in"


@written
def seat_walk_in(
    wish: Wish,
    *,
    by: Actor,
    guest: GuestDetails | uuid.UUID | None = None,
    notes: str = "",
    source: str = AT_THE_DOOR,
    now: datetime | None = None,
) -> Booking:
    """Somebody is here and sits down: booked and checked in, or neither. Raises as `book` does."""
    booking = make(wish, guest=guest, by=by, source=source, notes=notes, now=now)
    return check_in(booking, by=by, now=now)


@written
def seat_waiting(
    entry: WaitlistEntry, wish: Wish, *, by: Actor, now: datetime | None = None
) -> Booking:
    """Somebody who waits sits down, and waits no more. Raises as `book` does, Conflict when they
    were seated or have left meanwhile."""
    found = (
        WaitlistEntry.objects.select_for_update(no_key=True)
        .filter(pk=entry.pk, business_id=wish.business.pk, state=WaitlistEntry.State.WAITING)
        .first()
    )
    if found is None:
        raise Conflict("They don't wait any more.")
    found.booking = seat_walk_in(wish, guest=found.guest_id, notes=found.notes, by=by, now=now)
    found.state = WaitlistEntry.State.ACCEPTED
    found.save(update_fields=["state", "booking"])
    return found.booking


@written
def seat(
    booking: Booking,
    *,
    by: Actor,
    resource_id: uuid.UUID | None = None,
    now: datetime | None = None,
) -> Booking:
    """The party is here and sits down, where it was given or at this resource instead: moved and
    checked in, or neither. Raises as `reschedule` and `check_in` do."""
    if resource_id and [resource_id] != booking.resource_ids:
        booking = reschedule(booking, resource_id=resource_id, by=by, now=now)
    return check_in(booking, by=by, is_unasked=True, now=now)


@written
def overbook(
    wish: Wish,
    location: Location,
    *,
    reason: str,
    by: Actor,
    guest: GuestDetails | None = None,
    source: str = "desk",
    notes: str = "",
    now: datetime | None = None,
) -> Booking:
    """Promise a party a time although nothing is free for it; only a person may, and says why.

    Nothing is taken, so nobody else loses anything by it: the booking stands beside the plan until
    somebody gives it a place (`reschedule`, `seat`). Raises Invalid without a reason, NotAllowed
    for a program, NotOffered for what has gone by, QuotaUsedUp.
    """
    if by.kind != "user":
        raise NotAllowed("Only somebody of the business may overbook.")
    if not reason.strip():
        raise Invalid(fields={"reason": "Say why."})
    if location.business_id != wish.business.pk:
        raise Invalid(fields={"location": "There is no such location."})
    refuse_past(wish, now)
    respect_quota(wish.business, now)
    booking = Booking(
        business=wish.business,
        location=location,
        service=wish.service,
        source=source,
        reference=new_reference(),
        state=State.CONFIRMED.value,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        party_size=wish.party_size,
        notes=notes,
        overbooked=reason.strip()[:200],
    )
    allocations.book(
        booking,
        takes=(),
        during=(wish.takes_from, wish.takes_until),
        guest=guest,
        kind=Event.Kind.CREATED,
        by=by,
        data=snapshot(booking) | {"overbooked": booking.overbooked},
        waits=None,
        now=now,
    )
    transaction.on_commit(doorbell.ring)
    return booking
