"""What guests do by themselves, with the link to their booking."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from accounts import clock
from accounts.errors import Conflict
from accounts.transactions import written
from bookings import policies
from bookings.models import Booking
from bookings.services.moving import reschedule
from bookings.services.progress import cancel
from bookings.services.recording import locked
from bookings.wishes import GUEST


@written
def move_own(booking: Booking, *, starts_at: datetime, now: datetime | None = None) -> Booking:
    """Move a guest's booking to another time that is offered, as long as it was.

    Raises TooLate or NotByGuest where the policy is against it, and what reschedule raises.
    """
    before = Booking.objects.select_related("business").get(pk=booking.pk)
    if refused := policies.against_moving(before, clock.read(now)):
        raise refused
    if starts_at == before.starts_at:
        return before
    moved = reschedule(before, starts_at=starts_at, keeps_hours=True, by=GUEST, now=now)
    # It is locked only now. What it was moved from must be what the policy looked at.
    event = moved.events.order_by("-id")[0]
    if event.data["was"]["starts_at"] != before.starts_at.isoformat():
        raise Conflict("This booking has just been changed. Please look again.")
    return moved


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
