"""What guests do by themselves, with the link to their booking."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import F

from accounts import clock
from accounts.errors import Conflict
from accounts.transactions import written
from bookings import policies, rules
from bookings.errors import SlotTaken
from bookings.models import Booking
from bookings.services.moving import reschedule
from bookings.services.progress import cancel
from bookings.services.recording import locked
from bookings.wishes import GUEST
from resources.models import Resource


@written
def move_own(booking: Booking, *, starts_at: datetime, now: datetime | None = None) -> Booking:
    """Move a guest's booking to another start that is offered at its location.

    It stays with who was to serve the guest when they are free then, else others do. Raises TooLate
    or NotByGuest where the policy is against it, and what reschedule raises.
    """
    before = Booking.objects.select_related("business", "service").get(pk=booking.pk)
    if refused := policies.against_moving(before, clock.read(now)):
        raise refused
    if starts_at == before.starts_at:
        return before
    staff = Resource.objects.filter(pk__in=before.resource_ids, kind="staff").first()
    try:
        moved = _move(before, starts_at, staff.pk if staff else None, now)
    except SlotTaken:
        if staff is None:
            raise
        moved = _move(before, starts_at, None, now)
    # It is locked only now. What it was moved from must be what the policy looked at.
    event = moved.events.order_by("-id")[0]
    if event.data["was"]["starts_at"] != before.starts_at.isoformat():
        raise Conflict("This booking has just been changed. Please look again.")
    return moved


def _move(
    booking: Booking, starts_at: datetime, resource_id: uuid.UUID | None, now: datetime | None
) -> Booking:
    return reschedule(
        booking,
        starts_at=starts_at,
        resource_id=resource_id,
        step=rules.step_of(booking.business, booking.service),
        keeps_hours=True,
        keeps_people=True,
        by_guest=True,
        by=GUEST,
        now=now,
    )


@written
def cancel_own(booking: Booking, *, now: datetime | None = None) -> Booking:
    """Cancel a guest's booking. Too late for the deposit, it is kept.

    Raises TooLate or NotByGuest where the policy is against it.
    """
    current = locked(booking)
    if refused := policies.against_cancelling(current, clock.read(now)):
        raise refused
    return cancel(current, by=GUEST, now=now)


def renew_link(booking: Booking) -> Booking:
    """Revoke the links to a booking that were given out; the next one is new."""
    Booking.objects.filter(pk=booking.pk).update(link_version=F("link_version") + 1)
    booking.refresh_from_db(fields=["link_version"])
    return booking
